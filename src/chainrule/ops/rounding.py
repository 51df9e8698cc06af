"""Rounding to whole numbers. The derivative of each is 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule.core.primitive import Array
from chainrule.core.types import Tensor
from chainrule.ops.convert import TensorLike, as_tensor
from chainrule.ops.elementwise import Unary


def _floats_only(rounded: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Integers and bools are whole already."""
    return lambda x: rounded(x) if x.dtype.kind == "f" else x


FLOOR = Unary("floor", _floats_only(np.floor), None)
CEIL = Unary("ceil", _floats_only(np.ceil), None)
ROUND = Unary("round", _floats_only(np.rint), None)


def floor(input: TensorLike) -> Tensor:
    """The largest whole number not above each element.

    >>> cr.floor(cr.tensor([1.7, -1.2]))
    tensor([ 1., -2.])
    """
    return FLOOR(as_tensor(input))


def ceil(input: TensorLike) -> Tensor:
    """The smallest whole number not below each element.

    >>> cr.ceil(cr.tensor([1.2, -1.7]))
    tensor([ 2., -1.])
    """
    return CEIL(as_tensor(input))


def round(input: TensorLike, *, decimals: int = 0) -> Tensor:
    """The nearest whole number; halves go to the even one. With `decimals`, that many digits are kept.

    >>> cr.round(cr.tensor([0.5, 1.5, 2.4]))
    tensor([0., 2., 2.])
    """
    if decimals == 0:
        return ROUND(as_tensor(input))
    shift = 10.0**decimals
    return ROUND(as_tensor(input) * shift) / shift


def trunc(input: TensorLike) -> Tensor:
    """Each element cut toward zero.

    >>> cr.trunc(cr.tensor([1.7, -1.7]))
    tensor([ 1., -1.])
    """
    tensor = as_tensor(input)
    return tensor.sign() * FLOOR(tensor.abs())
