"""Choices worked out by bits rather than branches.

NumPy's own choices take a branch for each element. On masks that nobody can foretell, as those of ReLU and max pooling
are, the processor guesses half of them wrong: `docs/performance.md` has the figures.
"""

from __future__ import annotations

import numpy as np

from chainrule.core.dtype import DType, float32, float64, int32, int64
from chainrule.core.primitive import Array

_BITS: dict[DType, DType] = {float32: int32, float64: int64}

# The longest dimension that is searched step by step, for all its lines at once.
SHORT = 16


def select(condition: Array, a: Array, b: Array) -> Array:
    """`np.where(condition, a, b)`, bit for bit; fast where one of the two is the number 0."""
    bits = _BITS.get(a.dtype)
    if bits is not None and _is_zero(b, bits):
        # All ones where the condition holds: everything of `a`, or nothing.
        return np.asarray(np.bitwise_and(np.negative(condition.astype(bits)), a.view(bits)).view(a.dtype))
    if bits is not None and _is_zero(a, bits):
        return np.asarray(np.bitwise_and(condition.astype(bits) - 1, b.view(bits)).view(a.dtype))
    return np.where(condition, a, b)


def _is_zero(x: Array, bits: DType) -> bool:
    """Whether `x` is one number whose bits are all 0 (-0.0 is none)."""
    return x.ndim == 0 and not x.view(bits)


def first_extreme(x: Array, axis: int, extreme: np.ufunc) -> Array:
    """Where the extreme (`np.maximum`, `np.minimum`) stands along a short axis: the first that ties, or first NaN."""
    found = x == extreme.reduce(x, axis=axis, keepdims=True)
    if x.dtype.kind == "f":
        found |= x != x
    places = np.moveaxis(found, axis, 0)
    index = np.zeros(places.shape[1:], np.int8)
    searching = ~places[0]
    for place in places[1:]:
        index += searching
        searching &= ~place
    return index.astype(np.int64)
