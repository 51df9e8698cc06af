"""Exponentials, logarithms, roots and the error function."""

from __future__ import annotations

import math

import numpy as np

from chainrule.core.primitive import Array
from chainrule.core.types import Tensor
from chainrule.ops.convert import TensorLike, as_floating
from chainrule.ops.elementwise import Unary
from chainrule.ops.special import erf as _erf
from chainrule.ops.special import erfc as _erfc


def _sigmoid(x: Array) -> Array:
    # exp of a negative number only, so that nothing overflows and small results keep their digits.
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1, small) / (1 + small), x.dtype)


EXP = Unary("exp", np.exp, lambda g, y, x: g * y)
EXPM1 = Unary("expm1", np.expm1, lambda g, y, x: g * (y + 1))
LOG = Unary("log", np.log, lambda g, y, x: g / x)
LOG1P = Unary("log1p", np.log1p, lambda g, y, x: g / (x + 1))
SQRT = Unary("sqrt", np.sqrt, lambda g, y, x: g * 0.5 / y)
RSQRT = Unary("rsqrt", lambda x: 1 / np.sqrt(x), lambda g, y, x: g * -0.5 * (y * y * y))
SIGMOID = Unary("sigmoid", _sigmoid, lambda g, y, x: g * y * (1 - y))
ERF = Unary("erf", _erf, lambda g, y, x: g * (2 / math.sqrt(math.pi)) * EXP(-x * x))
ERFC = Unary("erfc", _erfc, lambda g, y, x: g * (-2 / math.sqrt(math.pi)) * EXP(-x * x))


def exp(input: TensorLike) -> Tensor:
    """e to the power of each element.

    >>> cr.exp(cr.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
    return EXP(as_floating(input))


def expm1(input: TensorLike) -> Tensor:
    """`exp(input) - 1`, without the loss of digits near 0.

    >>> cr.expm1(cr.tensor(1e-10)).item() > 0
    True
    """
    return EXPM1(as_floating(input))


def log(input: TensorLike) -> Tensor:
    """The natural logarithm; -inf at 0, NaN below.

    >>> cr.log(cr.tensor([1.0, 0.0]))
    tensor([0., -inf])
    """
    return LOG(as_floating(input))


def log1p(input: TensorLike) -> Tensor:
    """`log(1 + input)`, without the loss of digits near 0.

    >>> cr.log1p(cr.tensor(1e-10)).item() > 0
    True
    """
    return LOG1P(as_floating(input))


def log2(input: TensorLike) -> Tensor:
    """The logarithm to base 2.

    >>> cr.log2(cr.tensor([1.0, 8.0]))
    tensor([0., 3.])
    """
    return log(input) / math.log(2)


def log10(input: TensorLike) -> Tensor:
    """The logarithm to base 10.

    >>> cr.log10(cr.tensor([1.0, 100.0]))
    tensor([0., 2.])
    """
    return log(input) / math.log(10)


def sqrt(input: TensorLike) -> Tensor:
    """The square root; NaN below 0, and an infinite derivative at 0.

    >>> cr.sqrt(cr.tensor([4.0, 9.0]))
    tensor([2., 3.])
    """
    return SQRT(as_floating(input))


def rsqrt(input: TensorLike) -> Tensor:
    """`1 / sqrt(input)`.

    >>> cr.rsqrt(cr.tensor([4.0, 16.0]))
    tensor([0.5000, 0.2500])
    """
    return RSQRT(as_floating(input))


def sigmoid(input: TensorLike) -> Tensor:
    """The logistic function `1 / (1 + exp(-input))`, from 0 to 1; exact to rounding also far from 0.

    >>> cr.sigmoid(cr.tensor([0.0, 100.0]))
    tensor([0.5000, 1.0000])
    """
    return SIGMOID(as_floating(input))


def erf(input: TensorLike) -> Tensor:
    """The error function, `2/sqrt(pi)` times the integral of `exp(-t*t)` from 0 to `input`.

    >>> cr.erf(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8427])
    """
    return ERF(as_floating(input))


def erfc(input: TensorLike) -> Tensor:
    """`1 - erf(input)`, without the loss of digits where `erf` is close to 1.

    >>> cr.erfc(cr.tensor([0.0, 5.0]))
    tensor([1.0000e+00, 1.5375e-12])
    """
    return ERFC(as_floating(input))
