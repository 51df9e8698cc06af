"""Memory that native code works in."""

from __future__ import annotations

import ctypes
import sys

import numpy as np

from chainrule.native.layout import ALIGNMENT


def aligned_block(size: int, alignment: int = ALIGNMENT) -> np.ndarray:
    """Bytes that start at a multiple of the alignment; their content is whatever was there."""
    room = np.empty(size + alignment, np.uint8)
    start = -room.ctypes.data % alignment
    return room[start : start + size]


def give_back() -> None:
    """Return to the system what has been freed; glibc keeps it for its threads, in pieces that add up."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
