"""Arrays at the edge of memory that must not be touched."""

from __future__ import annotations

import ctypes
import mmap
import sys

import numpy as np
import pytest


def guarded(array: np.ndarray, *, at_end: bool) -> np.ndarray:
    """A copy right before (or right after) a page on which every access ends the process."""
    if sys.platform == "win32":
        pytest.skip("pages cannot be protected through mmap on Windows")
    page = mmap.PAGESIZE
    room = -(-max(array.nbytes, 1) // page) * page
    memory = mmap.mmap(-1, room + 2 * page)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    for forbidden in (start, start + page + room):
        assert libc.mprotect(ctypes.c_void_p(forbidden), ctypes.c_size_t(page), 0) == 0
    offset = page + (room - array.nbytes if at_end else 0)
    copy = np.frombuffer(memory, array.dtype, array.size, offset)
    copy[:] = array
    return copy
