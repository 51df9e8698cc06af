"""Functions that run many times in one call: each turn takes the next of the arrays that it is given."""

from __future__ import annotations

import numpy as np

from chainrule.core.shape import Shape


class Stream:
    """An argument of which each turn of a compiled function takes the next array.

    The function is traced for one of them. It runs as often as there are arrays, without returning to Python in
    between, and what it returns are all turns' results, stacked. All streams of a call have as many arrays.

    Args:
        arrays: The arrays, stacked: (turns, ...).

    >>> from chainrule.jit.streams import Stream
    >>> total = cr.tensor(0.0)
    >>> @cr.jit
    ... def add(x):
    ...     return total.add_(x.sum()).clone()
    >>> add(Stream(np.ones((3, 2), np.float32)))
    tensor([2., 4., 6.])
    """

    __slots__ = ("array",)

    def __init__(self, arrays: np.ndarray) -> None:
        self.array = np.ascontiguousarray(arrays)

    def __len__(self) -> int:
        return len(self.array)

    @property
    def shape(self) -> Shape:
        """That of each of the arrays."""
        return self.array.shape[1:]

    @property
    def dtype(self) -> np.dtype:
        """The arrays' dtype."""
        return self.array.dtype
