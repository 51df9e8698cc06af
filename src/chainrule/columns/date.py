"""Columns of dates and times, whatever they are written like: when they are, and where in year, week and day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule import nn
from chainrule._tensor import Tensor
from chainrule.columns.base import Claim, ColumnType
from chainrule.columns.number import MOSTLY, Number
from chainrule.columns.texts import each_word, first_row, is_gap, used, words_of
from chainrule.data import State
from chainrule.data.values import Values
from chainrule.errors import ColumnTypeError
from chainrule.ops.layout import concatenate

ISO = "ISO 8601"
# Where both orders of day and month would do, slashes have the month first, points and hyphens the day.
_ORDERS = ["%m/%d/", "%d/%m/", "%d.%m.", "%m.%d.", "%d-%m-", "%m-%d-"]
_NAMED = ["%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%d-%b-%Y", "%d-%b-%y", "%d. %B %Y"]
_DATES = [*(order + year for order in _ORDERS for year in ("%Y", "%y")), *_NAMED, "%Y/%m/%d", "%Y.%m.%d"]
_TIMES = ["%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p"]
FORMATS = [
    ISO,
    *_DATES,
    *(f"{date} {time}" for date in _DATES for time in _TIMES),
    *("%Y-%m", "%Y/%m", "%b %Y", "%B %Y", "%b-%y", "%b-%Y", "%m/%Y"),
    *_TIMES,
]
# The format is looked for in so many texts.
LOOKED_AT = 200
FIRST_FEW = 5
YEAR = 365.2425
MICROSECONDS = 86_400_000_000
# What turns round, and in how many days: the day of the year, the weekday, the time of day.
ROUNDS = {"year": YEAR, "week": 7.0, "day": 1.0}


class Date(ColumnType):
    """A column of dates, times or both.

    A row becomes the years since the earliest training row, as a number (see `Number`), and sine and cosine of each
    angle that differs among the training rows: where in the year, in the week, in the day. (Where the month begins
    says no more than where in the year.) Where nothing stands, sine and cosine are 0.

    Texts are read in one format, which the training part decides: ISO 8601, day or month first with points, slashes or
    hyphens, names of months; each different text is read once. Whole numbers are years.

    Example:
        >>> births = Date().fit(Values.of(["24.12.1999", "01.02.2003", None]))
        >>> print(births.describe())
        %d.%m.%Y; years since 1999-12-24: (x - 1.554) / 1.554; 33 % missing: median 1.554, and a mark; \
place in the year, the week
    """

    kind = "date"

    def __init__(self) -> None:
        self._format = ISO
        self._either = False
        self._start = np.datetime64("1970-01-01", "us")
        self._years = Number()
        self._rounds: tuple[str, ...] = ()

    @classmethod
    def claim(cls, name: str, values: Values) -> Claim | None:
        if values.array.dtype.kind == "M":
            return Claim(100, "dates")
        if values.words is None or values.missing.all():
            return None
        numbers, _ = used(values)
        words = [word for word in words_of(values)[_spread(numbers, LOOKED_AT)] if not is_gap(word)]
        format, n_read = _best_format(words)
        if not n_read or n_read < MOSTLY * len(words):
            return None
        return Claim(90, f"dates, as {words[0]!r}" if n_read == len(words) else f"dates, most of them as {format}")

    @classmethod
    def read(cls, values: Values) -> Values:
        return Values(*cls().fit(values)._read(values))

    def fit(self, values: Values) -> Self:
        if values.words is not None:
            words = [word for word in words_of(values)[used(values)[0]] if not is_gap(word)]
            self._format, self._either = _format_of(words)
        instants, missing = self._read(values)
        present = instants[~missing]
        if len(present):
            self._start = present.min()
            self._rounds = _rounds_that_differ(present)
        self._years.fit(Values(self._years_since(instants), missing))
        return self

    def _read(self, values: Values) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
        """The instants, and where there is none, where the first training row's stands instead.

        Raises:
            ColumnTypeError: For a text that is no date of the column's format, and a number that is no year.
        """
        if values.array.ndim == 1 and values.array.dtype.kind == "M":
            instants = values.array.astype("datetime64[us]")
        elif values.words is not None:
            instants = self._parsed(values)
        else:
            instants = _of_years(values)
        missing = values.missing | np.isnat(instants)
        return np.where(missing, self._start, instants), missing

    def _parsed(self, values: Values) -> NDArray[np.datetime64]:
        known = ~each_word(values, is_gap, True, np.bool_)
        instants = each_word(values, lambda word: _instant(word, self._format), None, "datetime64[us]")
        wrong = known & np.isnat(instants)
        if wrong.any():
            row = first_row(wrong)
            raise ColumnTypeError(
                "this is no date.",
                row=row,
                expected=f"a date of the form {self._format}, as most of the training rows have",
                got=repr(values.text(row)),
                remedy="correct it, leave it empty, or say that the column is a category (--column NAME=category)",
            )
        return instants

    def _years_since(self, instants: NDArray[np.datetime64]) -> NDArray[np.float64]:
        return (instants - self._start).astype(np.int64) / (YEAR * MICROSECONDS)

    def transform(self, values: Values) -> NDArray[np.float32]:
        instants, missing = self._read(values)
        years = self._years.transform(Values(self._years_since(instants), missing))
        angles = [(2 * np.pi / ROUNDS[name] * _days_into(name, instants)).astype(np.float32) for name in self._rounds]
        waves = [np.where(missing, np.float32(0), wave(angle)) for angle in angles for wave in (np.sin, np.cos)]
        return np.column_stack([years, *waves]).astype(np.float32, copy=False)

    def encoder(self) -> nn.Module:
        return BesideOthers(self._years.encoder(), self._years.width)

    def describe(self) -> str:
        either = " (day or month first cannot be told from these rows)" if self._either else ""
        rounds = f"; place in the {', the '.join(self._rounds)}" if self._rounds else ""
        return f"{self._format}{either}; years since {str(self._start)[:10]}: {self._years.describe()}{rounds}"

    def to_state(self) -> State:
        years = self._years.to_state()
        config = {
            "format": self._format,
            "either": self._either,
            "start": str(self._start),
            "rounds": list(self._rounds),
            "years": years.config,
        }
        return State(config, years.arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        built = cls()
        built._format, built._either = state.config["format"], state.config["either"]
        built._start = np.datetime64(state.config["start"], "us")
        built._rounds = tuple(state.config["rounds"])
        built._years = Number.from_state(State(state.config["years"], state.arrays))
        return built


def _spread(numbers: NDArray[Any], at_most: int) -> NDArray[Any]:
    """Some of them, evenly from all over."""
    return numbers[:: max(1, len(numbers) // at_most)]


@lru_cache(maxsize=1 << 16)
def _instant(word: str, format: str) -> datetime | None:
    """The instant that a text is in a format, in Greenwich's time where it has a zone; None if it is no date."""
    word = word.strip()
    try:
        read = datetime.fromisoformat(word) if format == ISO else datetime.strptime(word, format)
    except ValueError:
        return None
    return read if read.tzinfo is None else read.astimezone(UTC).replace(tzinfo=None)


def _n_read(words: Sequence[str], format: str) -> int:
    # Plain digits may be ISO dates ("20240131"), but are much more often something else.
    return sum(_instant(word, format) is not None and not word.strip().isdecimal() for word in words)


def _best_format(words: Sequence[str]) -> tuple[str, int]:
    """The format that reads most of these texts, and how many; the first few texts decide which are tried."""
    tried = [format for format in FORMATS if any(_instant(word, format) is not None for word in words[:FIRST_FEW])]
    counts = [_n_read(words, format) for format in tried]
    return (tried[int(np.argmax(counts))], max(counts)) if tried else (ISO, 0)


def _format_of(words: Sequence[str]) -> tuple[str, bool]:
    """The format of all these texts, and whether day and month could as well be the other way round.

    Which of the two comes first is often seen in few of them ("25/12/2020"), so that all are asked.
    """
    best, _ = _best_format(words[:: max(1, len(words) // LOOKED_AT)])
    swapped = best.replace("%d", "%%").replace("%m", "%d").replace("%%", "%m")
    if swapped not in FORMATS or swapped == best:
        return best, False
    as_best, as_swapped = _n_read(words, best), _n_read(words, swapped)
    return best if as_best >= as_swapped else swapped, as_best == as_swapped


def _of_years(values: Values) -> NDArray[np.datetime64]:
    """Whole numbers as the first instants of years."""
    x = values.array
    if x.ndim != 1 or x.dtype.kind not in "iuf":
        raise ColumnTypeError("these are no dates.", expected="dates, or years", got=f"dtype {x.dtype}")
    wrong = ~values.missing & ~((x >= 1) & (x <= 9999) & (x == np.floor(x)))
    if wrong.any():
        raise ColumnTypeError(
            "this is no year.",
            row=first_row(wrong),
            expected="dates, or years from 1 to 9999",
            got=values.text(first_row(wrong)),
            remedy="say what the column is (--column NAME=number)",
        )
    years = np.where(values.missing, 1970, x).astype(np.int64) - 1970
    return np.where(values.missing, np.datetime64("NaT"), years.astype("datetime64[Y]").astype("datetime64[us]"))


def _days_into(name: str, instants: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """How many days of the year, the week (from Monday) or the day have passed."""
    days = instants.astype("datetime64[D]")
    if name == "year":
        return _since(days, instants.astype("datetime64[Y]"))
    if name == "day":
        return _since(instants, days)
    # The first day of 1970 was a Thursday.
    return ((days.astype(np.int64) + 3) % 7).astype(np.float64)


def _since(instants: NDArray[np.datetime64], start: NDArray[np.datetime64]) -> NDArray[np.float64]:
    passed: NDArray[np.int64] = (instants - start.astype("datetime64[us]")).astype(np.int64)
    return passed / MICROSECONDS


def _rounds_that_differ(instants: NDArray[np.datetime64]) -> tuple[str, ...]:
    """What says something of these instants. Where each is the first of a month or year, its weekday says nothing."""
    months = instants.astype("datetime64[M]").astype("datetime64[D]")
    starts = bool((instants.astype("datetime64[D]") == months).all())
    differing = [name for name in ROUNDS if len(np.unique(_days_into(name, instants))) > 1]
    return tuple(name for name in differing if name != "week" or not starts)


class BesideOthers(nn.Module):
    """Encodes the first columns of a row, and leaves the others as they are.

    Args:
        encoder: The network of the first columns.
        width: How many these are.

    Shape:
        (N, W) to (N, F + W - width), where the encoder gives F.

    Example:
        >>> BesideOthers(cr.nn.Linear(1, 8), 1)(cr.zeros(5, 3)).shape
        (5, 10)
    """

    def __init__(self, encoder: nn.Module, width: int) -> None:
        super().__init__()
        self.encoder = encoder
        self._width = width

    def forward(self, input: Tensor) -> Tensor:
        return concatenate([self.encoder(input[:, : self._width]), input[:, self._width :]], dim=1)
