"""What a check finds, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.columns import TYPES
from chainrule.data.randomness import SAMPLING, generator
from chainrule.data.table import Table
from chainrule.data.values import Values
from chainrule.errors import ColumnTypeError
from chainrule.tables.schema import Field, Schema
from chainrule.tables.settings import Settings
from chainrule.tables.splits import Parts

Rows = NDArray[np.int64]
Severity = Literal["error", "warning", "note"]

# More rows than these say little more about a column, and take longer.
ENOUGH_ROWS = 50_000


@dataclass(frozen=True)
class Finding:
    """Something that a person should know before training.

    Attributes:
        check: The name of the check.
        severity: Whether it makes training impossible, its result doubtful, or is good to know.
        columns: Which columns it is about.
        message: What it is, in a sentence with numbers.
        remedy: What can be done about it; empty where there is nothing to do.
        drops: Whether the column is left out because of it, unless the user keeps it.
    """

    check: str
    severity: Severity
    columns: tuple[str, ...]
    message: str
    remedy: str = ""
    drops: bool = False

    def __str__(self) -> str:
        return f"{self.severity}: {self.message}" + (f" ({self.remedy})" if self.remedy else "")


@dataclass(frozen=True)
class Facts:
    """What is known of all rows of a column, not of the sample alone.

    Attributes:
        rows: How many there are.
        missing: In how many nothing stands.
        lowest: The smallest number or the earliest date; None for texts and pictures.
        highest: The largest.
        constant: Whether the same stands in all rows.
    """

    rows: int
    missing: int
    lowest: Any
    highest: Any
    constant: bool


class Sample:
    """What checks of columns look at: seeded rows of a table, in their order, and facts about all of them.

    Attributes:
        table: The table.
        schema: Its columns.
        settings: What the user wants.
        rows: Which rows are looked at.
        dropped: The inputs that checks have left out so far.
    """

    def __init__(self, table: Table, schema: Schema, settings: Settings, among: Rows | None = None) -> None:
        self.table, self.schema, self.settings = table, schema, settings
        self.rows = sample_rows(np.arange(len(table)) if among is None else among, settings.seed)
        self.dropped: set[str] = set()
        self._looked: dict[str, tuple[Values, Facts]] = {}

    @property
    def inputs(self) -> tuple[Field, ...]:
        """The inputs that are left."""
        return tuple(field for field in self.schema.inputs if field.name not in self.dropped)

    def values(self, name: str) -> Values:
        """The column in the rows of the sample."""
        return self._look(name)[0]

    def facts(self, name: str) -> Facts:
        """What is known of the whole column."""
        return self._look(name)[1]

    @cached_property
    def whole(self) -> bool:
        """Whether the sample is all of the table."""
        return len(self.rows) == len(self.table)

    def _look(self, name: str) -> tuple[Values, Facts]:
        if name not in self._looked:
            column = self.table.column(name)
            kind = next(field.kind for field in self.schema.fields if field.name == name)
            self._looked[name] = read(kind, column.take(self.rows)), _facts(column)
        return self._looked[name]


@dataclass(frozen=True)
class Divided:
    """What checks of the parts look at.

    Attributes:
        table: The rows to train and to validate on, and those to test on where they were not given apart.
        schema: The columns.
        settings: What the user wants.
        parts: Which rows are in which part.
        test_table: The rows to test on.
    """

    table: Table
    schema: Schema
    settings: Settings
    parts: Parts
    test_table: Table


Check = Callable[[Sample], Iterable[Finding]]
PartsCheck = Callable[[Divided], Iterable[Finding]]


def read(kind: str, values: Values) -> Values:
    """Values of a type as what they mean; as they are where one cannot be read, which the preparation will say."""
    try:
        return TYPES[kind].read(values) if kind in TYPES else values
    except ColumnTypeError:
        return values


def sample_rows(among: Rows, seed: int) -> Rows:
    """At most `ENOUGH_ROWS` of these rows, by the seed, in their order."""
    if len(among) <= ENOUGH_ROWS:
        return among
    return among[np.sort(generator(seed, SAMPLING).choice(len(among), ENOUGH_ROWS, replace=False))]


def numbers(values: Values) -> NDArray[np.float64]:
    """Numbers, truth values and dates as numbers; NaN where nothing stands."""
    array = values.array.astype(np.int64) if values.array.dtype.kind == "M" else values.array
    return np.where(values.missing, np.nan, array.astype(np.float64))


def is_ordered(values: Values) -> bool:
    """Whether values have an order that means something: numbers, truth values and dates."""
    return values.words is None and values.array.ndim == 1


def percent(share: float) -> str:
    """A share as a text: "77 %", and with a digit more where it is near none or all."""
    digits = 1 if 0 < min(share, 1 - share) < 0.1 else 0
    return f"{100 * share:.{digits}f} %"


def listed(names: Iterable[str], most: int = 5) -> str:
    """Names as a text: "'a', 'b' and 3 more"."""
    quoted = [repr(name) for name in names]
    if len(quoted) > most:
        quoted = [*quoted[: most - 1], f"{len(quoted) - most + 1} more"]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def options(option: str, names: Iterable[str]) -> str:
    """What to add to the command: "--drop a --drop b"."""
    return " ".join(f"{option} {name!r}" if set(name) & set(" '\"$&()") else f"{option} {name}" for name in names)


def _facts(column: Values) -> Facts:
    present = column.array[~column.missing] if column.missing.any() else column.array
    missing = len(column) - len(present)
    if column.array.ndim > 1 or not len(present):
        return Facts(len(column), missing, None, None, False)
    lowest, highest = present.min(), present.max()
    constant = bool(lowest == highest) and missing == 0
    if column.words is not None:
        return Facts(len(column), missing, None, None, constant)
    return Facts(len(column), missing, lowest, highest, constant)
