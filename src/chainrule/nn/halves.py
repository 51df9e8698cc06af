"""Numbers of 16 bits, which files and PyTorch have: float32 has each of them."""

from __future__ import annotations

import numpy as np


def without_halves(array: np.ndarray) -> np.ndarray:
    """The same numbers, in float32 where they are in float16."""
    return array.astype(np.float32) if array.dtype == np.float16 else array


def from_bfloat16(bits: np.ndarray) -> np.ndarray:
    """The numbers that uint16 stand for as bfloat16: the first half of float32's bits."""
    return (bits.astype(np.uint32) << 16).view(np.float32)
