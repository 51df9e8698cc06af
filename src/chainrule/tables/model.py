"""A trained network, with all that a table goes through before it and after it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.columns.picture import Picture
from chainrule.data.pictures.files import rows_of
from chainrule.data.readers import read_all_pictures, read_parts, read_table
from chainrule.data.table import Renamed, Table
from chainrule.errors import ArgumentError, EmptyDataError, MissingColumnError
from chainrule.nn import Module
from chainrule.tables.measures import measured
from chainrule.tables.network import outputs
from chainrule.tables.preparation import Preparation, Prepared
from chainrule.tables.schema import Schema
from chainrule.tables.settings import Settings
from chainrule.tables.tested import Tested

# So many rows are predicted at a time, of so many numbers in all: what a network makes of pictures on the way takes ten
# times the room and more.
BATCH, NUMBERS = 4096, 1 << 22
# So many rows show whether a column is one of pictures.
LOOKED_AT = 1000


@dataclass(eq=False)
class TableModel:
    """What `cr.train` gives: predicts a column of a table from the others.

    Attributes:
        network: The network, an ordinary module.
        preparation: What is done to a table before the network gets it, and what the network's outputs mean.
        schema: The columns of the table that it was trained on.
        settings: What was asked for.
    """

    network: Module
    preparation: Preparation
    schema: Schema
    settings: Settings

    def predict(self, data: Any) -> Any:
        """What is predicted for each row.

        Args:
            data: A table in any form that `cr.train` takes; the target need not be in it.

        Returns:
            An array (N,): labels, or numbers in the unit of the target. With several targets, a dict of them.

        Raises:
            MissingColumnError: If a column is missing that the model was trained on.
            ColumnTypeError: If values are of another type than in training; it names row and column.
        """
        table = self.new_rows(data)
        found = {name: columns[""] for name, columns in self.predictions(self.outputs(table)).items()}
        return _alone(found)

    def predict_proba(self, data: Any) -> Any:
        """The probability of each class for each row, (N, C), in the order of `classes_`; arguments as `predict`.

        Raises:
            ArgumentError: If numbers are predicted, not classes.
        """
        table = self.new_rows(data)
        found = self.outputs(table)
        of_targets = {}
        for name, target in self.preparation.targets.items():
            if not target.class_names:
                raise ArgumentError("numbers have no classes.", where=name, remedy="predict(...)")
            of_targets[name] = self._probabilities(name, found)
        return _alone(of_targets)

    def evaluate(self, data: Any) -> dict[str, float]:
        """The measures over the rows of a table that has the target, by name; several targets' begin with theirs.

        Raises:
            MissingColumnError: If the target is not there.
            EmptyDataError: If no row has one.
        """
        table = self.tested_rows(data)
        each = self.test(table, self.with_target(table))
        if len(each) == 1:
            return dict(each[0].measured)
        return {f"{tested.target} {name}": value for tested in each for name, value in tested.measured.items()}

    def predicted(self, target: str, found: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[np.float32] | None]:
        """What outputs mean for a target: numbers, or indices of classes and the probability of each."""
        if self.preparation.targets[target].class_names:
            probabilities = self._probabilities(target, found)
            return probabilities.argmax(axis=1), probabilities
        return self.predictions(found)[target][""], None

    # The parts of these

    def new_rows(self, data: Any) -> Table:
        """Rows to be predicted, read as those of the training were.

        Where pictures are all that the model looks at, a folder or an archive means all of them, wherever they stand.
        """
        sources = [data] if isinstance(data, str | Path) else data
        pictures = None
        if (
            self.looks_at_pictures
            and isinstance(sources, list)
            and all(isinstance(each, str | Path) for each in sources)
        ):
            pictures = read_all_pictures([str(each) for each in sources], self.schema.inputs[0].name)
        return self.with_known_names(read_table(data, **self.reading) if pictures is None else pictures)

    def tested_rows(self, data: Any) -> Table:
        """Rows to test on: of data that comes in two parts, such as MNIST's, those for the test."""
        first, second = read_parts(data, **self.reading)
        return self.with_known_names(first if second is None else second)

    @property
    def looks_at_pictures(self) -> bool:
        """Whether a picture is all that a row is for it."""
        return [field.kind for field in self.schema.inputs] == [Picture.kind]

    def with_known_names(self, table: Table) -> Table:
        """The table, whose only column of pictures is called as the model's only one, where it lacks that.

        In folders nobody has given it a name.
        """
        own = [field.name for field in self.schema.inputs if field.kind == Picture.kind]
        if len(own) != 1 or own[0] in table.names:
            return table
        theirs = [name for name in table.names if Picture.claim(name, table.column(name, 0, LOOKED_AT))]
        return Renamed(table, theirs[0], own[0]) if len(theirs) == 1 else table

    @property
    def reading(self) -> dict[str, Any]:
        """How tables for this model are read."""
        return self.settings.reading | {"kinds": self.kinds}

    @property
    def kinds(self) -> dict[str, str]:
        """The types of the columns that the model knows."""
        return {field.name: field.kind for field in (*self.schema.inputs, *self.schema.targets)}

    def outputs(self, table: Table, rows: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """What the network gives for rows of a table."""
        return self.network_outputs(self.preparation.apply(table, rows, memory=self.settings.memory))

    def network_outputs(self, prepared: Prepared) -> NDArray[np.float32]:
        """What the network gives for prepared rows."""
        if not len(prepared):
            count = sum(target.outputs for target in self.preparation.targets.values())
            return np.zeros((0, count), np.float32)
        batch = self._batch
        whole = len(prepared) - len(prepared) % batch
        parts = [self.network.predict(rows_of(prepared, slice(whole)), batch_size=batch)] if whole else []
        if whole < len(prepared):
            parts.append(self._few_outputs(prepared[whole:]))
        return np.concatenate(parts)

    @property
    def _batch(self) -> int:
        """How many rows are predicted at a time: fewer where they are large, a power of two."""
        return 1 << (min(BATCH, max(1, NUMBERS // math.prod(self.preparation.row_shape))).bit_length() - 1)

    def _few_outputs(self, prepared: NDArray[Any]) -> NDArray[np.float32]:
        """Outputs of fewer rows than a batch, made up to a power of two: so there are few sizes to compile for."""
        size = 1 << (len(prepared) - 1).bit_length()
        last = np.repeat(prepared[-1:], size - len(prepared), axis=0)
        return self.network.predict(np.concatenate([prepared, last]), batch_size=size)[: len(prepared)]

    def predictions(self, found: NDArray[np.float32]) -> dict[str, Mapping[str, NDArray[Any]]]:
        """What outputs mean, by target."""
        targets = self.preparation.targets
        return {name: targets[name].predictions(found[:, own]) for name, own in outputs(targets).items()}

    def predicted_columns(self, table: Table) -> dict[str, NDArray[Any]]:
        """What is predicted of each row, and the probabilities, as columns to be put beside the table's own."""
        found: dict[str, NDArray[Any]] = {}
        several = len(self.preparation.targets) > 1
        for target, columns in self.predictions(self.outputs(table)).items():
            for said, values in columns.items():
                name = f"{target}_{said}" if several and said else said or f"predicted_{target}"
                name = name.replace("probability of ", "probability_of_")
                while name in table.names:
                    name += "_"
                found[name] = values
        return found

    def with_target(self, table: Table) -> NDArray[np.int64]:
        """The rows of which all targets are known."""
        lacking = [name for name in self.preparation.targets if name not in table.names]
        if lacking:
            raise MissingColumnError(lacking, table.names, where=table.name)
        known = np.ones(len(table), bool)
        for name in self.preparation.targets:
            known &= ~table.column(name).missing
        if not known.any():
            raise EmptyDataError("no row has a target.", where=table.name, expected="rows to test on", got="none")
        return np.flatnonzero(known)

    def test(
        self,
        table: Table,
        rows: NDArray[np.int64],
        baselines: Mapping[str, Mapping[str, tuple[NDArray[Any], NDArray[Any] | None]]] | None = None,
        prepared: Prepared | None = None,
    ) -> list[Tested]:
        """The truth of rows beside the predictions, and the measures.

        Args:
            table: Where the rows stand.
            rows: Which.
            baselines: By target and name, what something simpler predicts for these rows, as `truth` and with
                probabilities.
            prepared: The rows as the network gets them, where they are at hand.
        """
        found = self.outputs(table, rows) if prepared is None else self.network_outputs(prepared)
        each = []
        for name, target in self.preparation.targets.items():
            truth = self.preparation.truth(table, rows, name)
            predicted, probabilities = self.predicted(name, found)
            simpler = {
                label: measured(target.task, truth, *given) for label, given in (baselines or {}).get(name, {}).items()
            }
            each.append(
                Tested(
                    target=name,
                    task=target.task,
                    class_names=tuple(target.class_names),
                    truth=truth,
                    predicted=predicted,
                    probabilities=probabilities,
                    rows=rows,
                    measured=measured(target.task, truth, predicted, probabilities),
                    baselines=simpler,
                )
            )
        return each

    def _probabilities(self, name: str, found: NDArray[np.float32]) -> NDArray[np.float32]:
        target = self.preparation.targets[name]
        columns = target.predictions(found[:, outputs(self.preparation.targets)[name]])
        return np.stack([columns[f"probability of {label}"] for label in target.class_names], axis=1)


def _alone(by_target: dict[str, Any]) -> Any:
    return next(iter(by_target.values())) if len(by_target) == 1 else by_target
