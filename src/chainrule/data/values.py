"""The values of one column of a table, whatever they were read from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import ColumnTypeError

__all__ = ["Values"]


@dataclass(frozen=True, eq=False)
class Values:
    """What stands in one column, row by row.

    Texts are kept once each: `array` then holds for every row the number of its text in `words`. So what is done to a
    text (parsing a date, finding a category) is done once for each different one, however many rows there are.

    Attributes:
        array: Numbers (float64, int64), truth values (bool), instants (datetime64[us]), numbers of words (int32), or
            pictures (uint8, (N, H, W, C)). Where nothing stands, anything may: see `missing`.
        missing: Where nothing stands, bool, (N,).
        words: The different texts; None where the values are not texts.
        folder: What paths among the texts are relative to; None for the current folder.

    Example:
        >>> cities = Values.of(["Rome", None, "Oslo", "Rome"])
        >>> cities.words, cities.array, cities.missing
        (array(['Oslo', 'Rome'], dtype=object), array([1, 0, 0, 1], dtype=int32), array([False,  True, False, False]))
    """

    array: NDArray[Any]
    missing: NDArray[np.bool_]
    words: NDArray[np.object_] | None = None
    folder: Path | None = None

    def __len__(self) -> int:
        return len(self.array)

    def take(self, rows: ArrayLike | slice) -> Values:
        """These rows (indices, a mask or a slice), in this order."""
        index = rows if isinstance(rows, slice) else np.asarray(rows)
        return Values(self.array[index], self.missing[index], self.words, self.folder)

    def text(self, row: int) -> str:
        """What stands in a row, as a text; empty where nothing does.

        Example:
            >>> Values.of([1.0, 2.5, None]).text(1), Values.of(["Rome"]).text(0)
            ('2.5', 'Rome')
        """
        return self.take([row]).each_text()[0]

    def texts(self) -> list[str]:
        """The different values as texts, without what is missing.

        Example:
            >>> Values.of(["Rome", None, "Oslo", "Rome"]).texts()
            ['Oslo', 'Rome']
        """
        different = np.unique(self.array[~self.missing])
        return Values(different, np.zeros(len(different), dtype=bool), self.words).each_text()

    def each_text(self) -> list[str]:
        """What stands in each row, as texts."""
        if self.words is not None:
            # Where nothing stands there need be no word at all.
            found = ["" if gap else str(self.words[at]) for at, gap in zip(self.array, self.missing, strict=True)]
        elif self.array.dtype.kind == "M":
            found = [str(each).removesuffix(".000000").removesuffix("T00:00:00") for each in self.array]
        elif self.array.dtype.kind == "f":
            found = [f"{each:.15g}" for each in self.array]
        else:
            found = [str(each) for each in self.array.tolist()]
        return [text if known else "" for text, known in zip(found, ~self.missing, strict=True)]

    @classmethod
    def of(cls, given: ArrayLike) -> Values:
        """A list or array of NumPy as the values of a column: None and NaN are missing.

        Raises:
            ColumnTypeError: For what are no values of a column, such as dicts, or lists of different lengths.

        Example:
            >>> Values.of([1.5, None, 2.0]).missing
            array([False,  True, False])
        """
        try:
            array = np.asarray(given)
        except ValueError:
            raise _no_values(next(iter(given))) from None  # type: ignore[arg-type]  # only lists are ragged
        if array.dtype.kind in "OUST":
            return cls._of_objects(array.astype(object))
        if array.dtype.kind == "M":
            return cls(array.astype("datetime64[us]"), np.isnat(array))
        if array.dtype.kind == "f":
            numbers = array.astype(np.float64)
            return cls(numbers, np.isnan(numbers) if numbers.ndim == 1 else np.zeros(len(numbers), bool))
        if array.dtype.kind not in "biu":
            raise _no_values(array.flat[0])
        if array.dtype == np.uint64 and array.ndim == 1 and array.max(initial=0) > np.iinfo(np.int64).max:
            return cls.of(array.astype(np.float64))
        kept = array if array.dtype == bool or array.ndim > 1 else array.astype(np.int64)
        return cls(kept, np.zeros(len(kept), bool))

    @classmethod
    def _of_objects(cls, array: NDArray[np.object_]) -> Values:
        missing = np.array([each is None or each != each for each in array], dtype=bool)
        present = array[~missing]
        if len(present) and not any(isinstance(each, str | os.PathLike) for each in present):
            known = cls.of(_unboxed(present.tolist()))
            filled = np.zeros(len(array), dtype=known.array.dtype)
            filled[~missing] = known.array
            return cls(filled, missing)
        texts = [str(each) for each in present]
        # NumPy's unique would sort them all.
        numbers = {word: number for number, word in enumerate(sorted(set(texts)))}
        filled = np.zeros(len(array), dtype=np.int32)
        filled[~missing] = [numbers[text] for text in texts]
        return cls(filled, missing, np.array([*numbers], dtype=object))


def _unboxed(values: list[Any]) -> NDArray[Any]:
    """Objects of Python that are numbers, truth values or dates as an array of NumPy's.

    Raises:
        ColumnTypeError: For objects that are something else, such as dicts.
    """
    if all(isinstance(value, date) for value in values):
        return np.array([_instant(value) for value in values], dtype="datetime64[us]")
    if all(isinstance(value, (Decimal, Fraction)) or np.isscalar(value) for value in values):
        found = np.array(values)
        return found.astype(np.float64) if found.dtype == object else found
    raise _no_values(next(value for value in values if not np.isscalar(value)))


def _instant(value: date) -> date:
    """A date or a time; one of a time zone as that of UTC, which is how all are kept."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def _no_values(example: Any) -> ColumnTypeError:
    return ColumnTypeError(
        "these are no values of a column.",
        expected="numbers, texts, truth values or dates",
        got=f"{type(example).__name__}, such as {str(example)[:60]}",
        remedy="give each number, text or date in them a column of its own",
    )
