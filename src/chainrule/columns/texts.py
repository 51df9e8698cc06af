"""Values as texts, and texts as other values: each different text is looked at once, however many rows there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.values import Values

# What people write where nothing is known.
GAPS = frozenset({"", "?", "-", ".", "na", "n/a", "nan", "nat", "null", "none", "unknown"})


def is_gap(text: str) -> bool:
    """Whether a text says that nothing is known.

    Example:
        >>> is_gap(" N/A "), is_gap("0")
        (True, False)
    """
    return text.strip().lower() in GAPS


def as_texts(values: Values) -> Values:
    """The same values as texts: whole numbers without a point, whatever they are stored as.

    Example:
        >>> as_texts(Values.of([3.0, None, 1.0])).words
        array(['1', '3'], dtype=object)
    """
    if values.words is not None:
        return values
    different, numbers = _different(values.array[~values.missing])
    array = np.zeros(len(values), np.int32)
    array[~values.missing] = numbers
    words = Values(different, np.zeros(len(different), np.bool_)).texts()
    return Values(array, values.missing, np.array(words, dtype=object))


def _different(array: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The different values in order, and for each value which of them it is."""
    span = int(array.max()) - int(array.min()) if len(array) and array.dtype.kind in "iu" else None
    if span is None or span > 4 * len(array):
        return np.unique(array, return_inverse=True)
    # Codes are mostly close to one another: counting takes a fraction of the time of sorting.
    least = array.min()
    present = np.bincount(array - least) > 0
    return np.flatnonzero(present) + least, (np.cumsum(present) - 1)[array - least]


def used(values: Values) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers of the words that stand in these rows, and in how many rows each: those of other parts do not count.

    Example:
        >>> used(Values.of(["b", "a", "b", None]).take([0, 2, 3]))
        (array([1]), array([2]))
    """
    counts = np.bincount(values.array[~values.missing], minlength=len(words_of(values)))
    numbers = np.flatnonzero(counts)
    return numbers, counts[numbers]


def words_of(values: Values) -> NDArray[np.object_]:
    """The different texts; the values must be texts."""
    assert values.words is not None
    return values.words


def each_word(values: Values, change: Callable[[str], Any], blank: Any, dtype: Any) -> NDArray[Any]:
    """What `change` makes of each row's text, asked once for each different one; `blank` where nothing stands.

    Example:
        >>> each_word(Values.of(["two", None, "three"]), len, 0, np.int64)
        array([3, 0, 5])
    """
    words = words_of(values)
    numbers, _ = used(values)
    changed = np.full(len(words) + 1, blank, dtype=dtype)
    changed[numbers] = [change(words[number]) for number in numbers]
    # The last entry is that of rows where nothing stands.
    return changed[np.where(values.missing, len(words), values.array)]


def first_row(rows: NDArray[np.bool_]) -> int:
    """The first row that is marked."""
    return int(np.argmax(rows))


def share(part: float) -> str:
    """A part of 1, as one reads it: "20 %", "under 1 %".

    Example:
        >>> share(0.2), share(0.0002)
        ('20 %', 'under 1 %')
    """
    return "under 1 %" if 0 < part < 0.01 else f"{100 * part:.0f} %"
