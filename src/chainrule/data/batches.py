"""Batches: whole slices of arrays, in an order that depends on the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.checks import check_lengths
from chainrule.data.pictures import PictureFiles
from chainrule.data.randomness import SHUFFLING, check_seed, generator
from chainrule.errors import ArgumentError, EmptyDataError

__all__ = ["Batches"]


class Batches:
    """Rows cut into batches, anew for each epoch.

    The order of an epoch is a pure function of the seed and the epoch's number, so that training can go on where
    it stopped. A batch is gathered by one `take` an array; unshuffled batches are views, without a copy.

    Args:
        data: The arrays to cut (a list, or a single one), or only their number of rows, for `rows`.
        batch_size: None for all rows at once (full-batch gradient descent), 1 for one row at a time (stochastic),
            anything between for mini-batches.
        shuffle: Whether each epoch has a random order of its own. A full batch keeps the rows as they are: their
            order changes nothing. Default: True.
        seed: The seed of the order. Default: 0.
        drop_last: Whether to leave out a last batch that is smaller than the others. Default: False.

    Raises:
        EmptyDataError: No arrays, or no rows.
        DataLengthError: Arrays with different numbers of rows.
        ArgumentError: A batch size below 1, or one that leaves no batch with `drop_last`.

    Example:
        >>> batches = Batches([np.arange(5), np.arange(5) * 10], batch_size=2, shuffle=False)
        >>> for x, y in batches.epoch(0):
        ...     print(x, y)
        [0 1] [ 0 10]
        [2 3] [20 30]
        [4] [40]
        >>> print(batches)
        mini-batch gradient descent: 3 iterations an epoch, 2 of 5 rows each
    """

    def __init__(
        self,
        data: int | NDArray[Any] | Sequence[ArrayLike],
        batch_size: int | None = None,
        *,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        self.arrays: tuple[NDArray[Any], ...] = ()
        if isinstance(data, (int, np.integer)):
            self.n_rows = int(data)
        else:
            # A bare array is one array, not a list of its rows.
            arrays = [data] if hasattr(data, "__array__") else data
            # Files of pictures are decoded when their rows are taken.
            self.arrays = tuple(
                cast(NDArray[Any], array) if isinstance(array, PictureFiles) else np.asarray(array) for array in arrays
            )
            self.n_rows = check_lengths({f"array {i}": a for i, a in enumerate(self.arrays)}) if arrays else 0
        if self.n_rows < 1:
            raise EmptyDataError("there are no rows.", where="batches", expected="at least one", got=self.n_rows)
        self.batch_size = self.n_rows if batch_size is None else min(_checked(batch_size), self.n_rows)
        if drop_last and batch_size is not None and batch_size > self.n_rows:
            raise ArgumentError(
                "drop_last would drop the only batch.",
                where="batch_size",
                expected=f"at most {self.n_rows}, the number of rows",
                got=batch_size,
            )
        self.drop_last = drop_last
        self.seed = check_seed(seed)
        self.shuffle = shuffle and self.batch_size < self.n_rows

    def __len__(self) -> int:
        """The number of iterations in an epoch."""
        whole, rest = divmod(self.n_rows, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    @property
    def kind(self) -> str:
        """What gradient descent over these batches is called."""
        if self.batch_size == self.n_rows:
            return "full-batch gradient descent"
        return "stochastic gradient descent" if self.batch_size == 1 else "mini-batch gradient descent"

    def __str__(self) -> str:
        n = len(self)
        iterations = "1 iteration" if n == 1 else f"{n:,} iterations"
        return f"{self.kind}: {iterations} an epoch, {self.batch_size:,} of {self.n_rows:,} rows each"

    def iterations(self, epochs: int) -> int:
        """The number of iterations in so many epochs, from the first."""
        return epochs * len(self)

    def order(self, epoch: int) -> NDArray[np.int64]:
        """The rows of this epoch in their order, without those that are left out.

        Args:
            epoch: The number of the epoch, from 0.
        """
        used = self.n_rows - self.n_rows % self.batch_size if self.drop_last else self.n_rows
        return self.all_rows(epoch)[:used]

    def all_rows(self, epoch: int) -> NDArray[np.int64]:
        """All rows in the order of this epoch."""
        if self.shuffle:
            return generator(self.seed, SHUFFLING, epoch).permutation(self.n_rows)
        return np.arange(self.n_rows)

    def rows(self, epoch: int) -> Iterator[NDArray[np.int64] | slice]:
        """The rows of each batch of this epoch: indices, or slices where nothing is shuffled.

        Args:
            epoch: The number of the epoch, from 0.
        """
        order = self.order(epoch) if self.shuffle else None
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            batch = slice(start, min(start + self.batch_size, self.n_rows))
            yield batch if order is None else order[batch]

    def epoch(self, epoch: int) -> Iterator[tuple[NDArray[Any], ...]]:
        """The batches of this epoch: for each, its part of every array, in the order of the arrays.

        Args:
            epoch: The number of the epoch, from 0.
        """
        for rows in self.rows(epoch):
            if isinstance(rows, slice):
                yield tuple(array[rows] for array in self.arrays)
            else:
                yield tuple(array.take(rows, axis=0) for array in self.arrays)


def _checked(batch_size: int) -> int:
    if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise ArgumentError(
            "a batch has a whole number of rows.",
            where="batch_size",
            expected="1 (stochastic), more (mini-batch) or None (full batch)",
            got=repr(batch_size),
        )
    return int(batch_size)
