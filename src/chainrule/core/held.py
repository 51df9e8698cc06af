"""What a node may hold in place of an array: memory of a compiled program, or a symbol while a function is traced."""

from __future__ import annotations

import math

import numpy as np

from chainrule.core.changes import changes
from chainrule.core.shape import Shape

# What vector instructions and cache lines are aligned to.
ALIGNMENT = 64


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
        start = -memory.ctypes.data % ALIGNMENT
        self.array = memory[start : start + count].view(dtype).reshape(shape)
        self.address = memory.ctypes.data + start

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
