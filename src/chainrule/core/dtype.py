"""The six dtypes, and how they combine.

A dtype is NumPy's own object: `chainrule.float32 == numpy.dtype("float32")`. Promotion follows the Array API
standard (2024.12, "Type promotion rules"); where the standard leaves a pair undefined (an integer with a
float, a bool with a number) the answer is PyTorch's: the higher kind wins and keeps its own width.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from chainrule.config import get_default_dtype
from chainrule.errors import DTypeError

DType: TypeAlias = np.dtype
DTypeLike: TypeAlias = "np.dtype | type | str"
Scalar: TypeAlias = "bool | int | float"

bool_ = np.dtype(np.bool_)
uint8 = np.dtype(np.uint8)
int32 = np.dtype(np.int32)
int64 = np.dtype(np.int64)
float32 = np.dtype(np.float32)
float64 = np.dtype(np.float64)

ALL = (bool_, uint8, int32, int64, float32, float64)
FLOATING = (float32, float64)
INTEGER = (uint8, int32, int64)

_WIDER = {"float16": "float32", "int8": "int32", "int16": "int32", "uint16": "int32", "uint32": "int64"}


def as_dtype(dtype: DTypeLike) -> DType:
    """`dtype` as one of the six, or a `DTypeError` that says which to use instead."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise DTypeError(f"{dtype!r} is not a dtype.", expected=_names()) from None
    if found not in ALL:
        wider = _WIDER.get(found.name)
        remedy = f"convert it first: array.astype({wider!r})" if wider else None
        raise DTypeError(f"chainrule has no dtype {found.name}.", expected=_names(), got=found.name, remedy=remedy)
    return found


def _names() -> str:
    return "one of " + ", ".join(dtype.name for dtype in ALL)


def is_floating(dtype: DType) -> bool:
    """Whether `dtype` is float32 or float64."""
    return dtype.kind == "f"


def result_type(*dtypes: DType) -> DType:
    """The dtype that values of these dtypes combine to.

    >>> result_type(float32, int64), result_type(uint8, int32), result_type(bool_, uint8)
    (dtype('float32'), dtype('int32'), dtype('uint8'))
    """
    best = dtypes[0]
    for dtype in dtypes[1:]:
        if dtype.kind == best.kind or {dtype.kind, best.kind} <= {"i", "u"}:
            best = np.promote_types(best, dtype)
        elif rank(dtype) > rank(best):
            best = dtype
    return best


def rank(dtype: DType) -> int:
    """How high the kind of `dtype` is: bool, integer, floating."""
    return {"b": 0, "u": 1, "i": 1, "f": 2}[dtype.kind]


def scalar_dtype(value: Scalar, beside: DType | None = None) -> DType:
    """The dtype of a Python number: that of the tensor `beside` it, unless its kind is higher."""
    own = bool_ if isinstance(value, bool) else int64 if isinstance(value, int) else get_default_dtype()
    return own if beside is None or rank(own) > rank(beside) else beside


def floating(dtype: DType) -> DType:
    """`dtype` itself if it is floating, else the default: what `exp` and `/` make of integers."""
    return dtype if is_floating(dtype) else get_default_dtype()
