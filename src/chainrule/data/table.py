"""A table of named columns: the one form of data that everything from a file to a trained model goes through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.checks import check_lengths
from chainrule.data.values import Values
from chainrule.errors import ColumnTypeError, UnknownNameError

__all__ = ["ArrayTable", "ChosenRows", "Renamed", "Table"]


class Table(Protocol):
    """Rows of named columns, which are fetched one at a time.

    Attributes:
        name: What to call it: the file's name, for lines and errors.
        names: The columns, in the order of the file.
        notes: What was found while reading, a line each: the separator, the encoding, rows that were left out.
        folder: What paths in it are relative to; None where there is no such place.
        validation: The rows that the data itself sets apart for validation, rising; None where it does not.
    """

    name: str
    names: tuple[str, ...]
    notes: tuple[str, ...]
    folder: Path | None
    validation: NDArray[np.int64] | None

    def __len__(self) -> int: ...

    def column(self, name: str, start: int = 0, stop: int | None = None) -> Values:
        """The values of a column, of all rows or of those from `start` to `stop`.

        Raises:
            UnknownNameError: If there is no such column; the nearest is suggested.
        """

    def place(self, row: int, column: str) -> str:
        """Where a value stands, as the user finds it: `people.csv, line 17, column 'age'`."""


class ArrayTable:
    """A table whose columns are arrays at hand.

    Args:
        columns: The values of each column, by name; None and NaN are missing.
        name: What to call it.
        notes: What is to be said of it.
        folder: What paths in it are relative to.
        validation: The rows that are for validation, rising.

    Raises:
        DataLengthError: If columns have different lengths.

    Example:
        >>> people = ArrayTable({"age": [31, 25], "name": ["Ada", "Max"]}, name="people")
        >>> len(people), people.column("age").array
        (2, array([31, 25]))
    """

    def __init__(
        self,
        columns: Mapping[str, ArrayLike | Values],
        *,
        name: str = "table",
        notes: Iterable[str] = (),
        folder: Path | None = None,
        validation: NDArray[np.int64] | None = None,
    ) -> None:
        self._columns = {key: _values(each, f"{name}, column {key!r}") for key, each in columns.items()}
        self._rows = check_lengths({key: each.array for key, each in self._columns.items()})
        self.name, self.names, self.notes, self.folder = name, tuple(self._columns), tuple(notes), folder
        self.validation = validation

    def __len__(self) -> int:
        return self._rows

    def column(self, name: str, start: int = 0, stop: int | None = None) -> Values:
        """See `Table`."""
        check_column(name, self.names, self.name)
        return replace(self._columns[name].take(slice(start, stop)), folder=self.folder)

    def place(self, row: int, column: str) -> str:
        """See `Table`."""
        return f"{self.name}, row {row + 1}, column {column!r}"


class ChosenRows:
    """Some rows of a table. See `Table`.

    Args:
        whole: The table.
        rows: Which rows, rising.
        notes: What is to be said of it beside what is said of the whole.
    """

    def __init__(self, whole: Table, rows: NDArray[np.int64], notes: Iterable[str] = ()) -> None:
        self.name, self.names, self.notes, self.folder = whole.name, whole.names, (*whole.notes, *notes), whole.folder
        self._whole, self._rows = whole, rows
        held = validation_of(whole)
        self.validation = None if held is None else np.flatnonzero(np.isin(rows, held))

    def __len__(self) -> int:
        return len(self._rows)

    def column(self, name: str, start: int = 0, stop: int | None = None) -> Values:
        """See `Table`."""
        rows = self._rows[start:stop]
        first, last = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 0)
        return self._whole.column(name, first, last).take(rows - first)

    def place(self, row: int, column: str) -> str:
        """See `Table`."""
        return self._whole.place(int(self._rows[row]), column)


class Renamed:
    """A table with another name for a column. See `Table`.

    Args:
        whole: The table.
        old: What the column is called there.
        new: What it is to be called.
    """

    def __init__(self, whole: Table, old: str, new: str) -> None:
        self.name, self.notes, self.folder = whole.name, whole.notes, whole.folder
        self.validation = validation_of(whole)
        self.names = tuple(new if name == old else name for name in whole.names)
        self._whole, self._old, self._new = whole, old, new

    def __len__(self) -> int:
        return len(self._whole)

    def column(self, name: str, start: int = 0, stop: int | None = None) -> Values:
        """See `Table`."""
        check_column(name, self.names, self.name)
        return self._whole.column(self._old if name == self._new else name, start, stop)

    def place(self, row: int, column: str) -> str:
        """See `Table`."""
        return self._whole.place(row, self._old if column == self._new else column)


def validation_of(table: Table) -> NDArray[np.int64] | None:
    """Its rows for validation; None also of a table of somebody's own that says nothing of them."""
    return getattr(table, "validation", None)


def check_column(name: str, names: Sequence[str], table: str) -> None:
    """Raise an `UnknownNameError` where there is no column of this name."""
    if name not in names:
        error = UnknownNameError("column", name, names)
        error.where = table
        raise error


def _values(given: ArrayLike | Values, where: str) -> Values:
    try:
        return given if isinstance(given, Values) else Values.of(given)
    except ColumnTypeError as error:
        error.locate(where)
        raise
