"""What a node may hold in place of an array: memory of a compiled program, or a symbol while a function is traced."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np

from chainrule.core.changes import changes
from chainrule.core.shape import Shape

# What vector instructions and cache lines are aligned to.
ALIGNMENT = 64

_Byte = ctypes.c_char


def address_of(array: Any) -> int:
    """Where an array starts that is not empty and can be written to, in a third of the time of `array.ctypes.data`."""
    return ctypes.addressof(_Byte.from_buffer(array))


class Buffer:
    """Memory that compiled programs write in place: the value of one node, as long as nobody has looked at it.

    Attributes:
        array: The memory.
        address: Where it starts; a multiple of `ALIGNMENT`.
    """

    __slots__ = ("address", "array")

    def __init__(self, shape: Shape, dtype: np.dtype) -> None:
        count = math.prod(shape) * dtype.itemsize
        memory = np.empty(count + ALIGNMENT, np.uint8)
        begin = address_of(memory)
        self.address = begin + -begin % ALIGNMENT
        self.array: np.ndarray = np.ndarray(shape, dtype, memory, self.address - begin)

    def snapshot(self) -> np.ndarray:
        """The value as it is now; programs that write here are told that it has been looked at."""
        changes.tensors += 1
        return self.array.copy()


class Symbol:
    """What stands for a value while a function is traced.

    Attributes:
        line: The user's line where it came to be, as `file.py:12`.
    """

    __slots__ = ("line",)

    def __init__(self, line: str) -> None:
        self.line = line
