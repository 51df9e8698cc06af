"""Arithmetic, element by element: + - * / % ** and their kin."""

from __future__ import annotations

from typing import Literal

import numpy as np

from chainrule.core.dtype import FLOATING, bool_, floating
from chainrule.core.primitive import Array
from chainrule.core.types import Tensor
from chainrule.errors import ArgumentError, DTypeError
from chainrule.ops.compare import where
from chainrule.ops.convert import TensorLike, align, as_floating, as_tensor, promote
from chainrule.ops.elementwise import Binary, Unary
from chainrule.ops.exponential import LOG, SQRT
from chainrule.ops.movement import cast


def _checked(divide: np.ufunc, what: str) -> np.ufunc:
    """Integer division, with an error in place of NumPy's silent 0 for a divisor of 0."""

    def evaluate(a: Array, b: Array) -> Array:
        if b.dtype.kind in "iu" and not np.all(b):
            raise ArgumentError(f"{what} of integers by zero.", remedy="divide floating numbers, or mask the zeros")
        return np.asarray(divide(a, b))

    return evaluate  # type: ignore[return-value]  # called as the ufunc is


def _power(a: Array, b: Array) -> Array:
    if b.dtype.kind in "iu" and np.any(b < 0):
        raise ArgumentError(
            "an integer to a negative power is no integer.", got=f"exponent {b.min()}", remedy="cast first: x.float()"
        )
    return np.asarray(np.power(a, b))


NEG = Unary("neg", np.negative, lambda g, y, x: -g)
ABS = Unary("abs", np.abs, lambda g, y, x: g * sign(x))
SIGN = Unary("sign", lambda x: x if x.dtype == bool_ else np.sign(x), None)
ADD = Binary("add", np.add, (lambda g, y, a, b: g, lambda g, y, a, b: g))
SUB = Binary("sub", np.subtract, (lambda g, y, a, b: g, lambda g, y, a, b: -g))
MUL = Binary("mul", np.multiply, (lambda g, y, a, b: g * b, lambda g, y, a, b: g * a))
DIV = Binary("div", np.true_divide, (lambda g, y, a, b: g / b, lambda g, y, a, b: -g * (a / b) / b))
FLOOR_DIVIDE = Binary("floor_divide", _checked(np.floor_divide, "floor division"), None)
REMAINDER = Binary(
    "remainder",
    _checked(np.remainder, "the remainder"),
    (lambda g, y, a, b: g, lambda g, y, a, b: -g * floor_divide(a, b)),
)
POW = Binary(
    "pow",
    _power,
    (
        lambda g, y, a, b: where(b == 0, 0.0, g * b * a ** (b - 1)),
        lambda g, y, a, b: where((a == 0) & (b >= 0), 0.0, g * y * LOG(a)),
    ),
)
MAXIMUM = Binary(
    "maximum",
    np.maximum,
    (lambda g, y, a, b: _share(g, a < b, a == b), lambda g, y, a, b: _share(g, b < a, a == b)),
)
MINIMUM = Binary(
    "minimum",
    np.minimum,
    (lambda g, y, a, b: _share(g, a > b, a == b), lambda g, y, a, b: _share(g, b > a, a == b)),
)


def _share(g: Tensor, lost: Tensor, tie: Tensor) -> Tensor:
    """The part of the gradient an operand gets: nothing where it lost, half in a tie, else all (so beside a NaN)."""
    return where(tie, g * 0.5, where(lost, 0.0, g))


def neg(input: TensorLike) -> Tensor:
    """The negative of each element.

    >>> cr.neg(cr.tensor([1.0, -2.0]))
    tensor([-1.,  2.])
    """
    tensor = as_tensor(input)
    if tensor.dtype == bool_:
        raise DTypeError("a bool has no negative.", remedy="use logical_not, or ~x")
    return NEG(tensor)


def abs(input: TensorLike) -> Tensor:
    """The absolute value of each element; the derivative at 0 is 0.

    >>> cr.abs(cr.tensor([1, -2]))
    tensor([1, 2])
    """
    return ABS(as_tensor(input))


def sign(input: TensorLike) -> Tensor:
    """-1, 0 or 1 by the sign of each element; its derivative is 0.

    >>> cr.sign(cr.tensor([-3.0, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """
    return SIGN(as_tensor(input))


def _numbers(name: str, input: TensorLike, other: TensorLike) -> tuple[Tensor, Tensor]:
    """Both operands aligned; bools are no numbers for `name`."""
    aligned = align(input, other)
    if aligned[0].dtype == bool_:
        raise DTypeError(f"{name} does not take two bools.", got="bool", remedy="cast one of them: x.int()")
    return aligned


def add(input: TensorLike, other: TensorLike, *, alpha: float = 1) -> Tensor:
    """`input + alpha * other`, broadcast; two bools add as "or".

    >>> cr.add(cr.tensor([1.0, 2.0]), 3)
    tensor([4., 5.])
    """
    return ADD(*align(input, other if alpha == 1 else mul(other, alpha)))


def sub(input: TensorLike, other: TensorLike, *, alpha: float = 1) -> Tensor:
    """`input - alpha * other`, broadcast.

    >>> cr.sub(cr.tensor([1, 2]), 3)
    tensor([-2, -1])
    """
    return SUB(*_numbers("subtraction", input, other if alpha == 1 else mul(other, alpha)))


def mul(input: TensorLike, other: TensorLike) -> Tensor:
    """`input * other`, broadcast; two bools multiply as "and".

    >>> cr.mul(cr.tensor([1.0, 2.0]), cr.tensor([[2.0], [3.0]]))
    tensor([[2., 4.],
            [3., 6.]])
    """
    return MUL(*align(input, other))


def div(input: TensorLike, other: TensorLike, *, rounding_mode: Literal["floor", "trunc"] | None = None) -> Tensor:
    """`input / other`, broadcast; integers become the default floating dtype unless a rounding mode is given.

    Args:
        input: The numerator.
        other: The denominator; 0 gives infinity or NaN for floating numbers.
        rounding_mode: "floor" rounds down, "trunc" toward zero; then integers stay integers.

    Raises:
        ArgumentError: For an unknown rounding mode, or integers divided by 0 with one.

    >>> cr.div(cr.tensor([7, -7]), 2), cr.div(cr.tensor([7, -7]), 2, rounding_mode="trunc")
    (tensor([ 3.5000, -3.5000]), tensor([ 3, -3]))
    """
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode == "trunc":
        a, b = promote(input, other)
        return cast(sign(a) * sign(b) * floor_divide(abs(a), abs(b)), a.dtype)
    if rounding_mode is not None:
        raise ArgumentError("unknown rounding mode.", expected="None, 'floor' or 'trunc'", got=repr(rounding_mode))
    a, b = align(input, other)
    dtype = floating(a.dtype)
    return DIV(cast(a, dtype), cast(b, dtype))


def floor_divide(input: TensorLike, other: TensorLike) -> Tensor:
    """`input / other` rounded down, in the operands' own dtype.

    Raises:
        ArgumentError: If integers are divided by 0.

    >>> cr.floor_divide(cr.tensor([7, -7]), 2)
    tensor([ 3, -4])
    """
    return FLOOR_DIVIDE(*_numbers("floor division", input, other))


def remainder(input: TensorLike, other: TensorLike) -> Tensor:
    """What is left of `input` after floor division by `other`; it has the divisor's sign, as Python's `%`.

    Raises:
        ArgumentError: If integers are divided by 0.

    >>> cr.remainder(cr.tensor([7, -7]), 4)
    tensor([3, 1])
    """
    return REMAINDER(*_numbers("the remainder", input, other))


def pow(input: TensorLike, exponent: TensorLike) -> Tensor:
    """`input ** exponent`, broadcast.

    Raises:
        ArgumentError: For an integer to a negative integer power.

    >>> cr.pow(cr.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """
    base, power = promote(input, exponent)
    if isinstance(exponent, (int, float)) and base.dtype in FLOATING:
        if exponent == 2:
            return base * base
        if exponent == 0.5:
            return SQRT(base)
    return POW(*_numbers("a power", base, power))


def reciprocal(input: TensorLike) -> Tensor:
    """`1 / input`.

    >>> cr.reciprocal(cr.tensor([2.0, 4.0]))
    tensor([0.5000, 0.2500])
    """
    return 1 / as_floating(input)


def square(input: TensorLike) -> Tensor:
    """`input * input`.

    >>> cr.square(cr.tensor([2.0, -3.0]))
    tensor([4., 9.])
    """
    tensor = as_tensor(input)
    return tensor * tensor


def maximum(input: TensorLike, other: TensorLike) -> Tensor:
    """The larger of the two, element by element; NaN if either is NaN. In a tie each gets half the gradient.

    >>> cr.maximum(cr.tensor([1.0, 5.0]), 3)
    tensor([3., 5.])
    """
    return MAXIMUM(*align(input, other))


def minimum(input: TensorLike, other: TensorLike) -> Tensor:
    """The smaller of the two, element by element; NaN if either is NaN. In a tie each gets half the gradient.

    >>> cr.minimum(cr.tensor([1.0, 5.0]), 3)
    tensor([1., 3.])
    """
    return MINIMUM(*align(input, other))


def clip(input: TensorLike, min: TensorLike | None = None, max: TensorLike | None = None) -> Tensor:
    """`input` limited to `min` … `max`; NaN stays NaN. The derivative is 1 from `min` to `max`, both included.

    Args:
        input: Any shape.
        min: The lower limit (a number or a tensor), or None.
        max: The upper limit, or None. Where `min > max` the result is `max`.

    Raises:
        ArgumentError: If neither limit is given.

    >>> cr.clip(cr.tensor([-1.0, 0.5, 3.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise ArgumentError("clip needs a limit.", expected="min, max or both", got="neither")
    out = as_tensor(input)
    if min is not None:
        out = where(out < min, min, out)
    if max is not None:
        out = where(out > max, max, out)
    return out
