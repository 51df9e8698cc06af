"""How elementwise primitives are defined: one line each, the derivative beside the meaning.

`Unary("exp", np.exp, lambda g, y, x: g * y)` reads: `g` the gradient of the result, `y` the result, `x` the input.
A `Binary` has one such rule for each of its two inputs.
"""

from __future__ import annotations

from collections.abc import Callable

from chainrule.core.dtype import DType, bool_
from chainrule.core.primitive import Array, Primitive, Spec
from chainrule.core.types import Tensor
from chainrule.errors import DTypeError, ShapeError
from chainrule.ops.branchless import select
from chainrule.ops.convert import scalar

UnaryRule = Callable[[Tensor, Tensor, Tensor], "Tensor | None"]
BinaryRule = Callable[[Tensor, Tensor, Tensor, Tensor], "Tensor | None"]


class Unary(Primitive):
    """One input, one result of the same shape.

    Args:
        name: Its name.
        evaluate: What it means, in NumPy.
        rule: The gradient from (g, y, x); None where it is zero everywhere.
        to: The dtype of the result, if another than the input's.
    """

    def __init__(
        self,
        name: str,
        evaluate: Callable[[Array], Array],
        rule: UnaryRule | None,
        *,
        to: DType | None = None,
    ) -> None:
        self.evaluate = evaluate
        self._rule = rule
        self._to = to
        super().__init__(name)

    def infer(self, x: Spec) -> Spec:
        return Spec(x.shape, self._to or x.dtype)

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor) -> Tensor | None:
        return self._rule(g, y, x) if self._rule else None


def _common(name: str, *inputs: Spec) -> Spec:
    """The one shape and dtype that all have, except for numbers (0-d), which go with any shape."""
    whole = next((x for x in inputs if x.shape), inputs[0])
    if any(x.dtype != whole.dtype or x.shape not in ((), whole.shape) for x in inputs):
        raise ShapeError(f"{name} takes inputs of one shape and dtype, or numbers.", got=" and ".join(map(str, inputs)))
    return whole


class Binary(Primitive):
    """Two inputs of one shape and dtype, or one of them a number without derivatives; one result of that shape.

    Args:
        name: Its name.
        evaluate: What it means, in NumPy.
        rules: The gradients for the two inputs, each from (g, y, a, b); None where they are zero everywhere.
        to: The dtype of the result, if another than the inputs'.
    """

    def __init__(
        self,
        name: str,
        evaluate: Callable[[Array, Array], Array],
        rules: tuple[BinaryRule, BinaryRule] | None,
        *,
        to: DType | None = None,
    ) -> None:
        self.evaluate = evaluate
        self._rules = rules
        self._to = to
        super().__init__(name)

    def infer(self, a: Spec, b: Spec) -> Spec:
        whole = a if a == b else _common(self.name, a, b)
        return Spec(whole.shape, self._to or whole.dtype)

    def vjp(self, arg: int, g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Tensor | None:
        return self._rules[arg](g, y, a, b) if self._rules else None


class Where(Primitive):
    """From `a` where the condition holds, from `b` elsewhere; either may be a number without derivatives."""

    def infer(self, condition: Spec, a: Spec, b: Spec) -> Spec:
        if condition.dtype != bool_:
            raise DTypeError(
                "a condition must be bool.", expected="bool", got=condition.dtype, remedy="compare: x != 0"
            )
        return Spec(condition.shape, _common(self.name, Spec(condition.shape, a.dtype), a, b).dtype)

    def evaluate(self, condition: Array, a: Array, b: Array) -> Array:
        return select(condition, a, b)

    def vjp(self, arg: int, g: Tensor, y: Tensor, condition: Tensor, a: Tensor, b: Tensor) -> Tensor | None:
        if arg == 0:
            return None
        nothing = scalar(0, g.dtype)
        return WHERE(condition, g, nothing) if arg == 1 else WHERE(condition, nothing, g)


WHERE = Where("where")
