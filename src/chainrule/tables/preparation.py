"""What is done to a table before the network gets it: learned from the training rows alone, the same ever after."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from chainrule.columns import column_type, target_type
from chainrule.columns.base import ColumnType, Target
from chainrule.columns.classes import ClassTarget
from chainrule.data import State
from chainrule.data.pictures import PictureFiles
from chainrule.data.pictures.keeping import kept, room
from chainrule.data.table import Table
from chainrule.errors import ColumnTypeError, EmptyDataError, MissingColumnError
from chainrule.processors import available
from chainrule.tables.schema import Field, Schema
from chainrule.tables.telling import Say, silent

# So many rows are prepared at a time, of so many numbers in all.
CHUNK, NUMBERS = 1 << 16, 1 << 26

# The rows of a part, or files from which they are made when they are asked for.
Prepared = NDArray[Any] | PictureFiles

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


class Place(NamedTuple):
    """Where a column's numbers stand in a row of the prepared table, and their shape before they were laid out."""

    start: int
    stop: int
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Preparation:
    """The fitted columns of a table.

    Attributes:
        inputs: The fitted types by the names of their columns.
        targets: The same of what is predicted.
        shapes: What a row of each input becomes.
    """

    inputs: Mapping[str, ColumnType]
    targets: Mapping[str, Target]
    shapes: Mapping[str, tuple[int, ...]]

    @classmethod
    def fit(
        cls,
        table: Table,
        schema: Schema,
        rows: NDArray[np.int64],
        class_weight: Literal["balanced"] | None = None,
        label_smoothing: float = 0.0,
    ) -> Self:
        """Learn from these rows of the table, which are the training part.

        Args:
            table: The table.
            schema: What its columns are.
            rows: The training rows.
            class_weight: "balanced", for each class to count the same.
            label_smoothing: How much of each row is taken to be evenly of all classes.

        Raises:
            EmptyDataError: If there is no column to learn from.
            ArgumentError: If labels are to be smoothed of which there are only two.
            ColumnTypeError: If values are not of their column's type; it names file, row and column.
        """
        if not schema.inputs:
            raise EmptyDataError(
                "there is no column to learn from.",
                where=table.name,
                expected="a column beside the target",
                got="; ".join(f"{field.name}: {field.reason}" for field in schema.of("ignored")) or "none",
            )

        def fitted(field: Field) -> tuple[ColumnType, tuple[int, ...]]:
            values = table.column(field.name).take(rows)
            with _located(table, field.name, rows):
                column = column_type(field.kind).among(len(schema.inputs), field.way).fit(values)
                return column, column.transform(values.take(slice(0, 1))).shape[1:]

        # Columns of one type stand side by side in the prepared rows, so that one network can encode them together.
        fields = sorted(schema.inputs, key=lambda field: field.kind)
        inputs, targets, shapes = {}, {}, {}
        for field, (column, shape) in zip(fields, _each(fitted, fields, len(rows)), strict=True):
            inputs[field.name], shapes[field.name] = column, shape
        for field in schema.targets:
            kind = target_type(field.kind)
            # Numbers have no classes to weigh.
            target = kind(class_weight, label_smoothing) if issubclass(kind, ClassTarget) else kind()
            with _located(table, field.name, rows):
                targets[field.name] = target.fit(table.column(field.name).take(rows))
        return cls(inputs, targets, shapes)

    @property
    def places(self) -> dict[str, Place]:
        """Where each input stands in a prepared row, in the order of the columns."""
        found, start = {}, 0
        for name, shape in self.shapes.items():
            found[name] = Place(start, start + math.prod(shape), shape)
            start = found[name].stop
        return found

    @property
    def alone(self) -> ColumnType | None:
        """The only input, where there is one only: its own network is the whole model then."""
        return next(iter(self.inputs.values())) if len(self.inputs) == 1 else None

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of a prepared row."""
        if len(self.shapes) == 1:
            return next(iter(self.shapes.values()))
        return (sum(map(math.prod, self.shapes.values())),)

    def apply(self, table: Table, rows: NDArray[np.int64] | None = None, *, memory: int | None = None) -> Prepared:
        """The inputs of rows as the network gets them: see `apply_to_parts`.

        Args:
            table: The table.
            rows: Which rows, in which order; None for all.
            memory: From so many bytes on, the result lies in a file that is mapped into memory.
        """
        (prepared,) = self.apply_to_parts(table, [np.arange(len(table)) if rows is None else rows], memory=memory)
        return prepared

    def apply_to_parts(
        self, table: Table, parts: Sequence[NDArray[np.int64]], *, memory: int | None = None, say: Say = silent
    ) -> Sequence[Prepared]:
        """The inputs of several parts of a table as the network gets them; the table is gone through once.

        Args:
            table: Whose columns may stand in any order, and have others among them.
            parts: The rows of each part, in the order that they shall have; none of them twice.
            memory: From so many bytes on, a result lies in a file that is mapped into memory.
            say: Tells how far it is, where it takes long.

        Returns:
            For each part, what the type makes of the column of a table that has only one; of several columns (N, W),
            float32.

        Raises:
            MissingColumnError: If a column is not there.
            ColumnTypeError: If values are not of their column's type; it names file, row and column.
        """
        self.check_columns(table)
        files = self.files(table, np.concatenate(parts))
        if files is not None:
            with _located(table, next(iter(self.inputs)), np.concatenate(parts)):
                return _parted(kept(files, memory, say), [len(rows) for rows in parts])
        # Where in its part each row of the table shall stand; -1 for nowhere.
        places = np.full((len(parts), len(table)), -1)
        for place, rows in zip(places, parts, strict=True):
            place[rows] = np.arange(len(rows))
        wanted: NDArray[np.bool_] = np.any(places >= 0, axis=0)
        dtype = self._prepared(table, np.zeros(0, np.int64), slice(0, 0)).dtype
        shapes = [(len(rows), *self.row_shape) for rows in parts]
        in_file = memory is not None and sum(map(math.prod, shapes)) * dtype.itemsize > memory
        results = [room(shape, dtype, in_file) for shape in shapes]

        chunk = max(1, min(CHUNK, NUMBERS // max(1, math.prod(self.row_shape))))

        def write(start: int) -> None:
            chosen = np.flatnonzero(wanted[start : start + chunk])
            if len(chosen):
                block = self._prepared(table, chosen, slice(start, start + chunk))
                for result, place in zip(results, places[:, start + chosen], strict=True):
                    result[place[place >= 0]] = block[place >= 0]

        _each(write, range(0, len(table), chunk), len(table))
        return results

    def files(self, table: Table, rows: NDArray[np.int64]) -> PictureFiles | None:
        """The files of rows of a table whose only input are pictures in files."""
        if self.alone is None or not len(rows):
            return None
        (name,) = self.inputs
        values = table.column(name).take(rows)
        with _located(table, name, rows):
            return self.alone.lazily(values)

    def _prepared(self, table: Table, chosen: NDArray[np.int64], among: slice) -> NDArray[Any]:
        """Some rows of a slice of the table, prepared."""

        def made(name: str) -> NDArray[Any]:
            values = table.column(name, among.start, among.stop)
            with _located(table, name, among.start + chosen):
                return self.inputs[name].transform(values if len(chosen) == len(values) else values.take(chosen))

        if len(self.inputs) == 1:
            return made(next(iter(self.inputs)))
        places = self.places
        block = np.empty((len(chosen), *self.row_shape), np.float32)
        for name, place in places.items():
            block[:, place.start : place.stop] = made(name).reshape(len(chosen), place.stop - place.start)
        return block

    def design(self, prepared: NDArray[Any]) -> NDArray[np.float32]:
        """Prepared rows as a linear model takes them, (N, F): categories one-hot, everything else as it is."""
        rows = prepared.reshape(len(prepared), -1)
        parts = [
            self.inputs[name].design(rows[:, place.start : place.stop].reshape(-1, *place.shape))
            for name, place in self.places.items()
        ]
        return np.concatenate(parts, axis=1)

    def check_columns(self, table: Table) -> None:
        """Raise a `MissingColumnError` where the table lacks an input."""
        missing = [name for name in self.inputs if name not in table.names]
        if missing:
            raise MissingColumnError(missing, table.names, table.name, self.inputs)

    def goals(self, table: Table, rows: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """What is true of rows, by target, as the losses take it."""
        found = {}
        for name, target in self.targets.items():
            with _located(table, name, rows):
                found[name] = target.encode(table.column(name).take(rows))
        return found

    def truth(self, table: Table, rows: NDArray[np.int64], name: str) -> NDArray[Any]:
        """What is true of rows as people know it: indices of classes, or numbers in the column's unit."""
        target = self.targets[name]
        if not target.class_names:
            return table.column(name).take(rows).array.astype(np.float64)
        with _located(table, name, rows):
            return target.encode(table.column(name).take(rows)).reshape(-1).astype(np.int64)

    def to_state(self) -> State:
        """All that is needed to build it again."""
        config: dict[str, Any] = {"inputs": [], "targets": []}
        arrays: dict[str, NDArray[Any]] = {}
        roles: dict[str, Mapping[str, ColumnType | Target]] = {"inputs": self.inputs, "targets": self.targets}
        for role, columns in roles.items():
            for number, (name, column) in enumerate(columns.items()):
                state = column.to_state()
                entry: dict[str, Any] = {"column": name, "kind": column.kind, "config": state.config}
                if role == "inputs":
                    entry["shape"] = list(self.shapes[name])
                config[role].append(entry)
                arrays |= {f"{role}.{number}.{key}": array for key, array in state.arrays.items()}
        return State(config, arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build it again.

        Raises:
            UnknownNameError: For a type that this version does not know.
            StateDictError: For arrays that do not fit their type.
        """
        inputs, targets, shapes = {}, {}, {}
        for number, entry in enumerate(state.config["inputs"]):
            own = _own(state.arrays, f"inputs.{number}.")
            inputs[entry["column"]] = column_type(entry["kind"]).from_state(State(entry["config"], own))
            shapes[entry["column"]] = tuple(int(size) for size in entry["shape"])
        for number, entry in enumerate(state.config["targets"]):
            own = _own(state.arrays, f"targets.{number}.")
            targets[entry["column"]] = target_type(entry["kind"]).from_state(State(entry["config"], own))
        return cls(inputs, targets, shapes)


def _each(do: Callable[[_Item], _Made], items: Sequence[_Item], rows: int) -> list[_Made]:
    """`do` for each item, several at a time where there are many rows: no column depends on another."""
    if rows < CHUNK:
        return [do(item) for item in items]
    with ThreadPoolExecutor(available()) as pool:
        return list(pool.map(do, items))


def _own(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _parted(prepared: Prepared, lengths: Sequence[int]) -> Sequence[Prepared]:
    """What was prepared together, part by part."""
    stops = np.cumsum(lengths)
    if isinstance(prepared, PictureFiles):
        return [prepared.at(np.arange(stop - length, stop)) for stop, length in zip(stops, lengths, strict=True)]
    return np.split(prepared, stops[:-1])


@contextmanager
def _located(table: Table, name: str, rows: NDArray[np.int64]) -> Iterator[None]:
    """Whatever is wrong with a value becomes an error that says where it stands."""
    try:
        yield
    except ColumnTypeError as error:
        row = None if error.row is None else int(rows[error.row])
        error.where = f"{table.name}, column {name!r}" if row is None else table.place(row, name)
        raise
