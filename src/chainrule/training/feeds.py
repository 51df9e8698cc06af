"""Where a step finds its rows: all of them are at hand, or those of the next steps are decoded while this one runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from chainrule._tensor import Tensor
from chainrule.data.ahead import made_ahead
from chainrule.data.pictures import PictureFiles
from chainrule.ops.convert import constant

# At most so many bytes of pictures are decoded for a call, and as many ahead of the next.
_ROOM = 1 << 25

# The numbers of the rows of some windows: for each batch of a window an array (windows, rows of the batch).
Rows = list[np.ndarray]


class Given(NamedTuple):
    """What a call of the step is given.

    Attributes:
        rows: Which rows these are among all.
        among: Where they stand in the arrays.
        arrays: Inputs, targets, and weights if there are some.
    """

    rows: Rows
    among: Rows
    arrays: Sequence[Tensor]


class Feed(Protocol):
    """Gives steps their rows."""

    def most(self, window: int) -> int | None:
        """At most so many windows of so many rows at a time; None for any number."""

    def each(self, slices: Iterable[Rows]) -> Iterator[Given]:
        """What each slice needs, in their order."""


def feed_of(arrays: Sequence[Any], window: int, waited: Callable[[float], None]) -> Feed:
    """The feed of these arrays, of which so many rows share an update."""
    return FromFiles(arrays, window, waited) if isinstance(arrays[0], PictureFiles) else AtHand(arrays)


class AtHand:
    """All rows are in memory, or in a file that is mapped there: the step itself gathers them."""

    def __init__(self, arrays: Sequence[np.ndarray]) -> None:
        self._arrays = [constant(array) for array in arrays]

    def most(self, window: int) -> int | None:
        return None

    def each(self, slices: Iterable[Rows]) -> Iterator[Given]:
        return (Given(rows, rows, self._arrays) for rows in slices)


class FromFiles:
    """Pictures that are decoded for each call, while the one before runs; never more than two calls' are there.

    Arrays have room for one number of rows, whatever a call needs of them, so that the step is compiled once.
    """

    def __init__(self, arrays: Sequence[np.ndarray], window: int, waited: Callable[[float], None]) -> None:
        self._sources, self._waited = arrays, waited
        self._room = max(window, _ROOM // int(np.prod(arrays[0].shape[1:])))

    def most(self, window: int) -> int | None:
        return max(1, self._room // window)

    def each(self, slices: Iterable[Rows]) -> Iterator[Given]:
        return made_ahead((partial(self._made, rows) for rows in slices), self._waited)

    def _made(self, rows: Rows) -> Given:
        order = np.concatenate([each.reshape(-1) for each in rows])
        stops = np.cumsum([each.size for each in rows])
        among = [np.arange(stop - each.size, stop).reshape(each.shape) for each, stop in zip(rows, stops, strict=True)]
        return Given(rows, among, [constant(self._gathered(source, order)) for source in self._sources])

    def _gathered(self, source: np.ndarray, order: np.ndarray) -> np.ndarray:
        gathered = np.zeros((self._room, *source.shape[1:]), source.dtype)
        gathered[: len(order)] = source.take(order, axis=0)
        return gathered
