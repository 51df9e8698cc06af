"""The rules that define an operation, next to one another.

A primitive is a class with three rules:

- `infer(*specs, **params) -> Spec`: the shape and dtype of the result; what does not fit is an error here.
- `evaluate(*arrays, **params) -> array`: what it means, in NumPy. This is the definition.
- `vjp(arg, g, y, *inputs, **params) -> Tensor | None`: the gradient with respect to input number `arg`, from the
  gradient `g` of the result `y`, in tensor operations. None means zero everywhere.

Where the result is a part of the first input, or the same seen otherwise (PyTorch: a view), a fourth rule,
`put_back(whole, part, **params) -> Tensor`, says how the part is put back into the whole after a change in place.

Calling its one instance applies it. Making the instance registers it; the conformance tests go over `PRIMITIVES`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from chainrule.core.dtype import is_floating
from chainrule.core.modes import state
from chainrule.core.node import Handle, Node, Origin, View
from chainrule.core.shape import Shape

if TYPE_CHECKING:
    from chainrule.core.types import Tensor

Params: TypeAlias = dict[str, Any]
Array: TypeAlias = np.ndarray


class Spec(NamedTuple):
    """What is known of a tensor without its value."""

    shape: Shape
    dtype: np.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)


PRIMITIVES: dict[str, Primitive] = {}


class Primitive:
    """The base of all primitives; each has one instance, which is called to apply it.

    The rules are declared as plain callables because each takes its own inputs and parameters.
    """

    name: str
    infer: Callable[..., Spec]
    evaluate: Callable[..., Array]
    vjp: Callable[..., Tensor | None]
    put_back: Callable[..., Tensor] | None = None

    def __init__(self, name: str) -> None:
        missing = [rule for rule in ("infer", "evaluate", "vjp") if not hasattr(self, rule)]
        if missing or name in PRIMITIVES:
            raise TypeError(f"primitive {name!r}: " + (f"no rule {', '.join(missing)}" if missing else "defined twice"))
        self.name = name
        PRIMITIVES[name] = self

    def __call__(self, *inputs: Tensor, **params: Any) -> Tensor:
        """Apply: check the shapes, let the interpreter work, remember what derivatives need."""
        nodes = tuple([tensor.node for tensor in inputs])
        out = self.infer(*[Spec(node.shape, node.dtype) for node in nodes], **params)
        held = state.interpreter.run(self, inputs, params, out)
        tracked = state.grad_enabled and is_floating(out.dtype) and any(node.tracked for node in nodes)
        origin = Origin(self, nodes, params) if tracked else None
        result = Handle.of(Node(out.shape, out.dtype, held, origin=origin, tracked=tracked))
        if self.put_back is not None:
            result.part_of = View(inputs[0], nodes[0], self, params)
        return result

    def flops(self, out: Spec, *inputs: Spec, **params: Any) -> int:
        """The floating-point operations one application costs: one an element, unless a rule says otherwise."""
        return int(np.prod(out.shape, dtype=np.int64))

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"
