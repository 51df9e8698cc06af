"""Comparison, logic and choice. The results of comparisons are bool tensors."""

from __future__ import annotations

import numpy as np

from chainrule.core import shape as shapes
from chainrule.core.dtype import bool_, float64, is_floating
from chainrule.core.types import Tensor
from chainrule.errors import DTypeError
from chainrule.ops.convert import TensorLike, align, as_tensor, broadcast, operand, promote
from chainrule.ops.elementwise import WHERE, Binary, Unary
from chainrule.ops.movement import cast

EQ = Binary("eq", np.equal, None, to=bool_)
LT = Binary("lt", np.less, None, to=bool_)
LE = Binary("le", np.less_equal, None, to=bool_)
NOT = Unary("not", np.invert, None)
AND = Binary("and", np.bitwise_and, None)
OR = Binary("or", np.bitwise_or, None)
XOR = Binary("xor", np.bitwise_xor, None)


def eq(input: TensorLike, other: TensorLike) -> Tensor:
    """Whether equal, element by element; NaN equals nothing.

    >>> cr.eq(cr.tensor([1, 2]), 2)
    tensor([False,  True])
    """
    return EQ(*align(input, other))


def ne(input: TensorLike, other: TensorLike) -> Tensor:
    """Whether different, element by element.

    >>> cr.ne(cr.tensor([1, 2]), 2)
    tensor([ True, False])
    """
    return NOT(eq(input, other))


def lt(input: TensorLike, other: TensorLike) -> Tensor:
    """Whether `input < other`, element by element.

    >>> cr.lt(cr.tensor([1, 2]), 2)
    tensor([ True, False])
    """
    return LT(*align(input, other))


def le(input: TensorLike, other: TensorLike) -> Tensor:
    """Whether `input <= other`, element by element.

    >>> cr.le(cr.tensor([1, 2, 3]), 2)
    tensor([ True,  True, False])
    """
    return LE(*align(input, other))


def gt(input: TensorLike, other: TensorLike) -> Tensor:
    """Whether `input > other`, element by element.

    >>> cr.gt(cr.tensor([1, 2, 3]), 2)
    tensor([False, False,  True])
    """
    a, b = align(input, other)
    return LT(b, a)


def ge(input: TensorLike, other: TensorLike) -> Tensor:
    """Whether `input >= other`, element by element.

    >>> cr.ge(cr.tensor([1, 2, 3]), 2)
    tensor([False,  True,  True])
    """
    a, b = align(input, other)
    return LE(b, a)


def isnan(input: TensorLike) -> Tensor:
    """Whether each element is NaN.

    >>> cr.isnan(cr.tensor([1.0, float("nan")]))
    tensor([False,  True])
    """
    tensor = as_tensor(input)
    return tensor != tensor


def isinf(input: TensorLike) -> Tensor:
    """Whether each element is infinite.

    >>> cr.isinf(cr.tensor([1.0, -float("inf")]))
    tensor([False,  True])
    """
    tensor = as_tensor(input)
    if not is_floating(tensor.dtype):
        return tensor != tensor
    return (tensor == np.inf) | (tensor == -np.inf)


def isfinite(input: TensorLike) -> Tensor:
    """Whether each element is neither NaN nor infinite.

    >>> cr.isfinite(cr.tensor([1.0, float("nan")]))
    tensor([ True, False])
    """
    return ~(isnan(input) | isinf(input))


def isclose(
    input: TensorLike, other: TensorLike, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    """Whether `abs(input - other) <= atol + rtol * abs(other)`, element by element; equal infinities are close.

    NaN is close to NaN only with `equal_nan=True`.

    >>> cr.isclose(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 2.1]))
    tensor([ True, False])
    """
    a, b = align(input, other)
    if not is_floating(a.dtype):
        a, b = cast(a, float64), cast(b, float64)
    close = (a == b) | (isfinite(b) & ((a - b).abs() <= atol + rtol * b.abs()))
    return close | (isnan(a) & isnan(b)) if equal_nan else close


def allclose(
    input: TensorLike, other: TensorLike, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether all elements are close: see `isclose`.

    >>> cr.allclose(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 2.0 + 1e-6]))
    True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan).read().all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether shapes and all elements are equal.

    >>> cr.equal(cr.tensor([1, 2]), cr.tensor([1, 2])), cr.equal(cr.tensor([1]), cr.tensor([1, 1]))
    (True, False)
    """
    return input.shape == other.shape and bool(eq(input, other).read().all())


def _truth(input: TensorLike) -> Tensor:
    tensor = as_tensor(input)
    return tensor if tensor.dtype == bool_ else tensor != 0


def logical_not(input: TensorLike) -> Tensor:
    """Whether each element is zero or False.

    >>> cr.logical_not(cr.tensor([0, 2]))
    tensor([ True, False])
    """
    return NOT(_truth(input))


def logical_and(input: TensorLike, other: TensorLike) -> Tensor:
    """Whether both are non-zero.

    >>> cr.logical_and(cr.tensor([0, 2]), cr.tensor([1, 1]))
    tensor([False,  True])
    """
    return AND(*align(_truth(input), _truth(other)))


def logical_or(input: TensorLike, other: TensorLike) -> Tensor:
    """Whether at least one is non-zero.

    >>> cr.logical_or(cr.tensor([0, 2]), cr.tensor([0, 1]))
    tensor([False,  True])
    """
    return OR(*align(_truth(input), _truth(other)))


def logical_xor(input: TensorLike, other: TensorLike) -> Tensor:
    """Whether exactly one is non-zero.

    >>> cr.logical_xor(cr.tensor([0, 2]), cr.tensor([0, 1]))
    tensor([False, False])
    """
    return XOR(*align(_truth(input), _truth(other)))


def _bits(name: str, *values: TensorLike) -> list[Tensor]:
    aligned = promote(*values)
    if is_floating(aligned[0].dtype):
        raise DTypeError(
            f"{name} takes bools or integers.",
            got=aligned[0].dtype,
            remedy="compare first: (x > 0) & (y > 0)",
        )
    return aligned


def bitwise_and(input: TensorLike, other: TensorLike) -> Tensor:
    """`input & other` for bools or integers.

    >>> cr.bitwise_and(cr.tensor([6]), 3)
    tensor([2])
    """
    return AND(*align(*_bits("&", input, other)))


def bitwise_or(input: TensorLike, other: TensorLike) -> Tensor:
    """`input | other` for bools or integers.

    >>> cr.bitwise_or(cr.tensor([6]), 3)
    tensor([7])
    """
    return OR(*align(*_bits("|", input, other)))


def bitwise_xor(input: TensorLike, other: TensorLike) -> Tensor:
    """`input ^ other` for bools or integers.

    >>> cr.bitwise_xor(cr.tensor([6]), 3)
    tensor([5])
    """
    return XOR(*align(*_bits("^", input, other)))


def bitwise_not(input: TensorLike) -> Tensor:
    """`~input` for bools or integers.

    >>> cr.bitwise_not(cr.tensor([True, False]))
    tensor([False,  True])
    """
    return NOT(*_bits("~", input))


def where(condition: Tensor, input: TensorLike, other: TensorLike) -> Tensor:
    """From `input` where the condition holds, from `other` elsewhere; all three broadcast together.

    Raises:
        DTypeError: If the condition is not bool.

    >>> cr.where(cr.tensor([True, False]), 1.0, cr.tensor([5.0, 6.0]))
    tensor([1., 6.])
    """
    mask = as_tensor(condition)
    a, b = promote(input, other)
    shape = shapes.broadcast(mask.shape, a.shape, b.shape)
    return WHERE(broadcast(mask, shape), operand(a, shape), operand(b, shape))


def masked_fill(input: Tensor, mask: Tensor, value: float) -> Tensor:
    """`input` with `value` where `mask` is True.

    Raises:
        DTypeError: If the mask is not bool.

    >>> cr.masked_fill(cr.tensor([1.0, 2.0]), cr.tensor([True, False]), 0)
    tensor([0., 2.])
    """
    tensor = as_tensor(input)
    return where(mask, cast(as_tensor(value), tensor.dtype), tensor)
