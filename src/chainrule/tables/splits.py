"""Which rows of a table are for training, which for validation, which for the test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.columns import TYPES
from chainrule.data.folds import k_fold
from chainrule.data.splitting import group_split, random_split, stratified_split, time_split
from chainrule.data.table import Table, validation_of
from chainrule.data.values import Values
from chainrule.errors import ArgumentError, ColumnTypeError, EmptyDataError, RareClassError, SingleClassError
from chainrule.tables.schema import Field, Schema
from chainrule.tables.settings import Settings, as_size

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Parts:
    """The rows of a table by what they are for; no row is in two parts.

    Attributes:
        train: What everything is learned from.
        validation: What decides when training stops.
        test: What is looked at once, at the end: rows of the test table where one was given apart.
        notes: What was done, a line each.
    """

    train: Rows
    validation: Rows
    test: Rows
    notes: tuple[str, ...] = ()

    @property
    def sizes(self) -> dict[str, int]:
        """The number of rows of each part."""
        return {"training": len(self.train), "validation": len(self.validation), "test": len(self.test)}


def is_class(target: Field) -> bool:
    """Whether a target is one of classes, not a number."""
    return target.kind != "number"


def times(table: Table, schema: Schema, name: str) -> Values:
    """A column as what rows can be ordered by: instants, numbers, or the places of texts among all texts.

    Raises:
        ColumnTypeError: For a value that is no date, where the column is one of dates.
    """
    values = table.column(name)
    kind = next(field.kind for field in schema.fields if field.name == name)
    if kind in TYPES:
        try:
            values = TYPES[kind].read(values)
        except ColumnTypeError as error:
            error.locate(table.place(error.row or 0, name))
            raise
    if values.words is None:
        return values
    place = np.unique(values.words.astype(str), return_inverse=True)[1]
    return Values(place[values.array], values.missing)


def split_rows(table: Table, schema: Schema, settings: Settings, test_table: Table | None = None) -> Parts:
    """The rows to train, to validate and to test on.

    Rows without a target are in no part. Those that the table sets apart for validation are the validation.

    Args:
        table: The rows.
        schema: The columns; a group's column has its role there.
        settings: The sizes, the seed, and the column of time.
        test_table: Rows given apart for the test; none of `table` is then held out for it.

    Raises:
        EmptyDataError: Too few rows with a target.
        SingleClassError: A target with one class only.
        RareClassError: A class with a single row; the error names it.
        ArgumentError: Both a group and a time; or rows of one group or time only.
    """
    rows, notes = _known(table, schema, settings.time, least=3 if test_table is None else 2)
    order = _Order(table, schema, settings, rows)
    rest = np.arange(len(rows))
    if test_table is None:
        with as_size("test_share"):
            rest, test = order.hold_out(rest, settings.test_share)
        test = rows[test]
    else:
        test, _ = _known(test_table, schema, None, least=1)
    held = validation_of(table)
    own = None if held is None else np.isin(rows[rest], held)
    if own is not None and own.any() and not own.all():
        train, validation, said = rest[~own], rest[own], "the validation is the data's own"
    else:
        with as_size("validation_share"):
            (train, validation), said = order.hold_out(rest, settings.validation_share), order.said
    sizes = f"{len(train):,} rows to train, {len(validation):,} to validate, {len(test):,} to test"
    if test_table is not None:
        sizes += f" ({test_table.name})"
    return Parts(rows[train], rows[validation], test, (*notes, f"{sizes}; {said}"))


def fold_rows(table: Table, schema: Schema, settings: Settings) -> list[Parts]:
    """The same for each of `settings.folds` folds, which is the test once; the others train and validate.

    Raises:
        ArgumentError: More folds than there can be.
        EmptyDataError, SingleClassError, RareClassError: As for `split_rows`.
    """
    rows, notes = _known(table, schema, settings.time, least=3)
    order = _Order(table, schema, settings, rows)
    parts = []
    for rest, test in order.folds(settings.folds or 5):
        with as_size("validation_share"):
            train, validation = order.hold_out(rest, settings.validation_share)
        said = f"{len(train):,} rows to train, {len(validation):,} to validate, {len(test):,} to test; {order.said}"
        parts.append(Parts(rows[train], rows[validation], rows[test], (*notes, said)))
    return parts


class _Order:
    """What decides which rows may be parted: time, groups or classes."""

    def __init__(self, table: Table, schema: Schema, settings: Settings, rows: Rows) -> None:
        self.count, self.seed = len(rows), settings.seed
        self.times: NDArray[Any] | None = None
        self.groups: NDArray[Any] | None = None
        self.labels, label = _labels(table, schema, rows)
        if settings.time is not None:
            if settings.group is not None:
                raise ArgumentError("rows are split by group or by time.", where="group, time", expected="one of them")
            self.times = times(table, schema, settings.time).take(rows).array
            self.said = f"in the order of {settings.time!r}"
            return
        if settings.group is not None:
            self.groups = _group_numbers(table.column(settings.group).take(rows))
            self.said = f"the rows of one {settings.group!r} stay together, seed {self.seed}"
            return
        self.said = f"{f'stratified by {label!r}' if label else 'at random'}, seed {self.seed}"

    def hold_out(self, among: Rows, share: float) -> tuple[Rows, Rows]:
        """Some of the rows, parted: which stay, and which are held out."""
        if self.times is not None:
            rest, held = time_split(self.times[among], share)
            return among[rest], among[held]
        labels = None if self.labels is None else self.labels[among]
        if labels is not None and math.ceil(share * len(among)) > len(among) - len(np.unique(labels)):
            # So few rows that not each class can leave one for training.
            labels = None
        if self.groups is not None:
            rest, held = group_split(self.groups[among], share, seed=self.seed, labels=labels)
        elif labels is not None:
            rest, held = stratified_split(labels, share, seed=self.seed)
        else:
            rest, held = random_split(len(among), share, seed=self.seed)
        return among[rest], among[held]

    def folds(self, count: int) -> list[tuple[Rows, Rows]]:
        """All rows, for each fold those outside and those inside."""
        return k_fold(self.count, count, seed=self.seed, labels=self.labels, groups=self.groups, times=self.times)


def _known(table: Table, schema: Schema, time: str | None, least: int) -> tuple[Rows, list[str]]:
    """The rows of which target and time are known, and what is said of the others."""
    known, notes = np.ones(len(table), dtype=bool), []
    for name in dict.fromkeys([*(field.name for field in schema.targets), *filter(None, [time])]):
        missing = (times(table, schema, name) if name == time else table.column(name)).missing
        known &= ~missing
        if missing.any():
            notes.append(f"{int(missing.sum()):,} rows without {name!r} are left out")
    if known.sum() < least:
        raise EmptyDataError(
            "there are too few rows with a target.",
            where=table.name,
            expected=f"{least} rows or more",
            got=f"{int(known.sum()):,} of {len(table):,}",
        )
    return np.flatnonzero(known), notes


def _labels(table: Table, schema: Schema, rows: Rows) -> tuple[NDArray[Any] | None, str | None]:
    """The classes of the first target that has some, and its name; all such targets are checked."""
    found: list[tuple[NDArray[Any], str]] = []
    for name in (field.name for field in schema.targets if is_class(field)):
        values = table.column(name).take(rows)
        classes, label, counts = np.unique(values.array, return_inverse=True, return_counts=True)
        first = int(rows[np.argmax(counts[label] == 1)])
        if len(classes) == 1:
            raise SingleClassError(
                "all rows have the same class: there is nothing to tell apart.",
                where=f"{table.name}, column {name!r}",
                expected="two classes or more",
                got=f"{len(rows):,} rows of {values.text(0)!r}",
            )
        if counts.min() == 1:
            rare = np.flatnonzero(counts[label] == 1)
            raise RareClassError(
                f"{len(rare):,} of {len(classes):,} classes {'has' if len(rare) == 1 else 'have'} a single row.",
                where=table.place(first, name),
                expected="two rows or more of each class, to learn from one and to test on another",
                got=f"1 row of {values.text(int(rare[0]))!r}",
                remedy=f"remove such rows, or join rare classes; if {name!r} is a number: --column {name}=number",
            )
        found.append((label, name))
    return found[0] if found else (None, None)


def _group_numbers(values: Values) -> NDArray[np.intp]:
    """The number of each row's group; a row without one is a group of its own."""
    number = np.unique(values.array, return_inverse=True)[1]
    return np.where(values.missing, len(number) + np.arange(len(number)), number)
