"""Checks of what a layer is built with."""

from __future__ import annotations

import operator
from typing import Any

from chainrule.config import get_default_dtype
from chainrule.core.dtype import DType, DTypeLike, as_dtype, is_floating
from chainrule.errors import ArgumentError, DTypeError


def whole(layer: object, name: str, value: Any, least: int = 1) -> int:
    """`value` as a whole number of at least `least`; `layer` and `name` say whose argument it is."""
    try:
        found = operator.index(value)
    except TypeError:
        found = least - 1
    if found < least or isinstance(value, bool):
        raise ArgumentError(
            f"{name} does not fit.",
            where=type(layer).__name__,
            expected=f"a whole number of at least {least}",
            got=repr(value),
        )
    return found


def between(layer: object, name: str, value: Any, low: float, high: float) -> float:
    """`value` as a number from `low` to `high`, both included."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ArgumentError(
            f"{name} does not fit.",
            where=type(layer).__name__,
            expected=f"a number from {low:g} to {high:g}",
            got=repr(value),
        )
    return float(value)


def weight_dtype(layer: object, dtype: DTypeLike | None) -> DType:
    """The dtype of a layer's weights: the default dtype unless another is given."""
    found = get_default_dtype() if dtype is None else as_dtype(dtype)
    if not is_floating(found):
        raise DTypeError(
            "weights are floating.", where=type(layer).__name__, expected="float32 or float64", got=found.name
        )
    return found
