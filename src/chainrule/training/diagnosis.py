"""Finding where a number stopped being finite.

The batch that broke is run again, with the random numbers it had, and looked at operation by operation: first forward,
then backward. What is named is the operation whose inputs were finite and whose result, or derivative, is not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from chainrule._tensor import Tensor
from chainrule.autodiff.walk import topological
from chainrule.core.modes import enable_grad
from chainrule.core.node import Handle, Node
from chainrule.core.rewind import rewind
from chainrule.errors import NonFiniteError
from chainrule.nn.module import Module
from chainrule.nn.scope import LayerScope

REMEDY = "a lower learning rate, clipping (clip_norm=1.0), scaled inputs, or a loss from logits"
REMEDIES = {
    "log": "keep its input above 0, as x.clip(min=1e-7) does; or give logits to a loss that takes them",
    "div": "keep what it divides by away from 0, by adding a small number such as 1e-7",
    "sqrt": "keep its input above 0, by adding a small number such as 1e-7: at 0 its derivative is infinite",
    "pow": "keep its base above 0, by adding a small number such as 1e-7",
    "exp": "keep its input small; softmax, log_softmax and losses from logits see to that by themselves",
}


def diagnose(model: Module, loss_again: Callable[[], Tensor], place: str) -> NonFiniteError:
    """The error that names the first layer whose value or gradient broke; nothing is changed.

    Args:
        model: The model, in the state in which the batch met it.
        loss_again: Computes the loss that broke again.
        place: Where in training that was.
    """
    with rewind(), enable_grad():
        model.zero_grad()
        loss = loss_again()
        if not loss.requires_grad:
            return NonFiniteError(f"the loss is not finite, in {place}.", where=type(model).__name__, got=loss.item())
        order = topological([loss.node])
        broken = _first_broken(loss.node, order)
        if broken is None:
            return _broken_gradient(loss, order, place)
        for name, tensor in model.named_parameters():
            if tensor.node is broken:
                return broken_state(model, name, broken.value, place)
        return _broken_value(broken, place)


def broken_state(model: Module, name: str, value: np.ndarray | None, place: str) -> NonFiniteError:
    """The error for a weight that is no longer finite."""
    path, _, own = name.rpartition(".")
    kind = type(model.get_submodule(path)).__name__
    return NonFiniteError(
        f"its {own!r} is no longer finite, in {place}.",
        where=f"{kind} '{path}'" if path else kind,
        expected="finite numbers",
        got=_count(value),
        remedy=REMEDY,
    )


def is_finite(value: np.ndarray | None) -> bool:
    """Whether no element is NaN or infinite."""
    return value is None or bool(np.isfinite(value).all())


def _first_broken(loss: Node, order: list[Node]) -> Node | None:
    """Where it began: from the loss back along values that are not finite, as far as they go.

    An infinite value that the loss does not suffer from, such as a mask before a softmax, is not on the way.
    """
    reached: set[Node] = set()
    waiting = [loss]
    while waiting:
        node = waiting.pop()
        if node not in reached and not is_finite(node.value):
            reached.add(node)
            waiting.extend(node.origin.inputs if node.origin else ())
    return next((node for node in order if node in reached), None)


def _broken_value(node: Node, place: str) -> NonFiniteError:
    if node.origin is None:
        return NonFiniteError(f"an input is not finite, in {place}.", got=_count(node.value), remedy=REMEDY)
    name = node.origin.primitive.name
    return NonFiniteError(
        f"the value of `{name}` is no longer finite, in {place}.",
        where=_label(node),
        expected="finite numbers",
        got=f"{_count(node.value)}, from inputs {_ranges(node)}{_broken_buffers(node)}",
        remedy=REMEDIES.get(name, REMEDY),
    )


def _broken_gradient(loss: Tensor, order: list[Node], place: str) -> NonFiniteError:
    """The walk goes from the loss back: the first gradient that is not finite shows where it broke."""
    reaching: dict[Node, Tensor] = {}
    for node in order:
        node.hooks.append(partial(reaching.__setitem__, node))
    try:
        loss.backward(retain_graph=True)
    finally:
        for node in order:
            node.hooks.pop()
    broken = next((node for node in reaching if not is_finite(reaching[node].node.value)), None)
    if broken is None:
        return NonFiniteError(f"the gradients are too large to be added up, in {place}.", remedy=REMEDY)
    cause = _cause(broken, order, reaching)
    name = cause.origin.primitive.name if cause is not None and cause.origin else ""
    return NonFiniteError(
        (f"the derivative of `{name}`" if name else "the gradient that reaches it")
        + f" is no longer finite, though all values are, in {place}.",
        where=_label(cause or broken),
        expected="finite numbers",
        got=_count(reaching[broken].node.value) + (f", at inputs {_ranges(cause)}" if cause else ""),
        remedy=REMEDIES.get(name, REMEDY),
    )


def _cause(broken: Node, order: list[Node], reaching: dict[Node, Tensor]) -> Node | None:
    """The result whose own gradient is finite, and whose operation made of it the one of `broken` that is not."""
    for node in order:
        if node.origin is not None and node in reaching and is_finite(reaching[node].node.value):
            primitive, parents, params = node.origin
            inputs = [Handle.of(parent) for parent in parents]
            for arg, parent in enumerate(parents):
                if parent is broken:
                    part = primitive.vjp(arg, reaching[node], Handle.of(node), *inputs, **params)
                    if part is not None and not is_finite(part.node.value):
                        return node
    return None


def _broken_buffers(node: Node) -> str:
    """Which buffers of the layer, such as running means, hold NaN; infinities they may hold, as masks do."""
    buffers = node.scope.module.named_buffers(recurse=False) if isinstance(node.scope, LayerScope) else ()
    names = [name for name, buffer in buffers if np.isnan(buffer.numpy()).any()]
    return f", with NaN in its {', '.join(names)}" if names else ""


def _label(node: Node) -> str:
    return node.scope.label() if node.scope else "the loss"


def _count(value: np.ndarray | None) -> str:
    if value is None:
        return "NaN or infinity"
    wrong = ~np.isfinite(value)
    return f"{int(wrong.sum()):,} of {wrong.size:,} values NaN or infinite, such as {value[wrong].flat[0]}"


def _ranges(node: Node) -> str:
    """From where to where each input goes."""
    parents = node.origin.inputs if node.origin else ()
    values = [parent.value for parent in parents if parent.value is not None and parent.value.size]
    return " and ".join(f"{value.min():.3g} to {value.max():.3g}" for value in values)
