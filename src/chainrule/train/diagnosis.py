"""Finding where a number stopped being finite.

The batch that broke is run again, with the random numbers it had, and looked at operation by operation: first forward,
then backward. What is named is the first operation whose inputs were all finite and whose result is not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import numpy as np

from chainrule._tensor import Tensor
from chainrule.autodiff.walk import topological
from chainrule.core.modes import enable_grad
from chainrule.core.node import Node
from chainrule.errors import NonFiniteError
from chainrule.nn.module import Module
from chainrule.ops.random import default_generator

REMEDY = "a lower learning rate, clipping (clip_norm=1.0), scaled inputs, or a loss from logits"


class RandomState:
    """The default generator's state, to be put back later."""

    def __init__(self) -> None:
        self._node = default_generator().state.node

    def restore(self) -> None:
        """Let the generator go on from here again."""
        self._node.stale = False
        default_generator().state.node = self._node


def raise_non_finite(model: Module, loss_again: Callable[[], Tensor], before: RandomState, place: str) -> NoReturn:
    """Raise the `NonFiniteError` that names the first layer whose value or gradient broke."""
    before.restore()
    model.zero_grad()
    with enable_grad():
        loss = loss_again()
    names = {id(parameter.node): name for name, parameter in model.named_parameters()}
    order = topological([loss.node])
    for node in order:
        if not _finite(node.read()):
            raise _broken_value(node, names, place)
    raise _broken_gradient(loss, order, names, place)


def _finite(value: np.ndarray) -> bool:
    return bool(np.isfinite(value).all())


def _broken_value(node: Node, names: dict[int, str], place: str) -> NonFiniteError:
    wrong = ~np.isfinite(node.read())
    got = f"{_count(wrong)} NaN or infinite, such as {node.read()[wrong].flat[0]}"
    if node.origin is None:
        name = names.get(id(node))
        what = f"the weight {name!r}" if name else "an input"
        return NonFiniteError(
            f"{what} is no longer finite, in {place}.", expected="finite numbers", got=got, remedy=REMEDY
        )
    return NonFiniteError(
        f"the value of `{node.origin.primitive.name}` is no longer finite, in {place}.",
        where=_label(node),
        expected="finite numbers",
        got=f"{got}, from inputs {_ranges(node)}",
        remedy=REMEDY,
    )


def _broken_gradient(loss: Tensor, order: list[Node], names: dict[int, str], place: str) -> NonFiniteError:
    """The walk goes from the loss back: the first gradient that is not finite is where it broke."""
    found: list[tuple[Node, np.ndarray]] = []

    def watch(node: Node) -> Callable[[Tensor], None]:
        def look(gradient: Tensor) -> None:
            value = gradient.detach().numpy()
            if not found and not _finite(value):
                found.append((node, value))

        return look

    for node in order:
        node.hooks = [*node.hooks, watch(node)]
    loss.backward()
    if not found:
        return NonFiniteError(f"the sum of the gradients overflowed, in {place}.", remedy=REMEDY)
    node, value = found[0]
    wrong = ~np.isfinite(value)
    what = f"of the weight {names[id(node)]!r}" if id(node) in names else "that reaches it"
    return NonFiniteError(
        f"the gradient {what} is no longer finite, though all values are, in {place}.",
        where=_label(node),
        expected="finite numbers",
        got=f"{_count(wrong)} NaN or infinite, such as {value[wrong].flat[0]}",
        remedy=REMEDY,
    )


def _label(node: Node) -> str:
    return node.scope.label() if node.scope else "the loss"


def _count(wrong: np.ndarray) -> str:
    return f"{int(wrong.sum()):,} of {wrong.size:,} values"


def _ranges(node: Node) -> str:
    """From where to where each input goes."""
    values = [parent.read() for parent in node.origin.inputs] if node.origin else []
    return " and ".join(f"{value.min():.3g} to {value.max():.3g}" for value in values if value.size)
