"""Trigonometric and hyperbolic functions, in radians."""

from __future__ import annotations

import numpy as np

from chainrule.core.dtype import floating
from chainrule.core.types import Tensor
from chainrule.ops.convert import TensorLike, align, as_floating
from chainrule.ops.elementwise import WHERE, Binary, Unary
from chainrule.ops.exponential import RSQRT
from chainrule.ops.movement import cast

SIN = Unary("sin", np.sin, lambda g, y, x: g * cos(x))
COS = Unary("cos", np.cos, lambda g, y, x: -g * sin(x))
TAN = Unary("tan", np.tan, lambda g, y, x: g * (1 + y * y))
ASIN = Unary("asin", np.arcsin, lambda g, y, x: g * RSQRT(1 - x * x))
ACOS = Unary("acos", np.arccos, lambda g, y, x: -g * RSQRT(1 - x * x))
ATAN = Unary("atan", np.arctan, lambda g, y, x: g / (1 + x * x))
ATAN2 = Binary(
    "atan2",
    np.arctan2,
    (lambda g, y, a, b: g * b / _squared_length(a, b), lambda g, y, a, b: -g * a / _squared_length(a, b)),
)


def _squared_length(a: Tensor, b: Tensor) -> Tensor:
    """The squared distance from the origin; 1 at the origin itself, so that the derivative there is 0."""
    length = a * a + b * b
    return WHERE(length == 0, length.ones_like(), length)


SINH = Unary("sinh", np.sinh, lambda g, y, x: g * cosh(x))
COSH = Unary("cosh", np.cosh, lambda g, y, x: g * sinh(x))
TANH = Unary("tanh", np.tanh, lambda g, y, x: g * (1 - y * y))
ASINH = Unary("asinh", np.arcsinh, lambda g, y, x: g * RSQRT(x * x + 1))
ACOSH = Unary("acosh", np.arccosh, lambda g, y, x: g * RSQRT(x * x - 1))
ATANH = Unary("atanh", np.arctanh, lambda g, y, x: g / (1 - x * x))


def sin(input: TensorLike) -> Tensor:
    """The sine.

    >>> cr.sin(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8415])
    """
    return SIN(as_floating(input))


def cos(input: TensorLike) -> Tensor:
    """The cosine.

    >>> cr.cos(cr.tensor([0.0, 1.0]))
    tensor([1.0000, 0.5403])
    """
    return COS(as_floating(input))


def tan(input: TensorLike) -> Tensor:
    """The tangent.

    >>> cr.tan(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5574])
    """
    return TAN(as_floating(input))


def asin(input: TensorLike) -> Tensor:
    """The angle from -pi/2 to pi/2 with this sine; NaN outside -1 to 1.

    >>> cr.asin(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5708])
    """
    return ASIN(as_floating(input))


def acos(input: TensorLike) -> Tensor:
    """The angle from 0 to pi with this cosine; NaN outside -1 to 1.

    >>> cr.acos(cr.tensor([0.0, 1.0]))
    tensor([1.5708, 0.0000])
    """
    return ACOS(as_floating(input))


def atan(input: TensorLike) -> Tensor:
    """The angle from -pi/2 to pi/2 with this tangent.

    >>> cr.atan(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7854])
    """
    return ATAN(as_floating(input))


def atan2(input: TensorLike, other: TensorLike) -> Tensor:
    """The angle from -pi to pi of the point (x=`other`, y=`input`).

    >>> cr.atan2(cr.tensor([1.0]), cr.tensor([-1.0]))
    tensor([2.3562])
    """
    a, b = align(input, other)
    dtype = floating(a.dtype)
    return ATAN2(cast(a, dtype), cast(b, dtype))


def sinh(input: TensorLike) -> Tensor:
    """The hyperbolic sine.

    >>> cr.sinh(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 1.1752])
    """
    return SINH(as_floating(input))


def cosh(input: TensorLike) -> Tensor:
    """The hyperbolic cosine.

    >>> cr.cosh(cr.tensor([0.0, 1.0]))
    tensor([1.0000, 1.5431])
    """
    return COSH(as_floating(input))


def tanh(input: TensorLike) -> Tensor:
    """The hyperbolic tangent, from -1 to 1.

    >>> cr.tanh(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
    return TANH(as_floating(input))


def asinh(input: TensorLike) -> Tensor:
    """The inverse of `sinh`.

    >>> cr.asinh(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8814])
    """
    return ASINH(as_floating(input))


def acosh(input: TensorLike) -> Tensor:
    """The inverse of `cosh`; NaN below 1.

    >>> cr.acosh(cr.tensor([1.0, 2.0]))
    tensor([0.0000, 1.3170])
    """
    return ACOSH(as_floating(input))


def atanh(input: TensorLike) -> Tensor:
    """The inverse of `tanh`; NaN outside -1 to 1.

    >>> cr.atanh(cr.tensor([0.0, 0.5]))
    tensor([0.0000, 0.5493])
    """
    return ATANH(as_floating(input))
