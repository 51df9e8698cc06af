"""A run as a report: each part gathered from what the run has made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from chainrule.nn import init
from chainrule.tables.overview import overview
from chainrule.tables.record import Record
from chainrule.tables.report import (
    Report,
    SplitPart,
    importance_part,
    mistakes_part,
    model_part,
    target_part,
    training_part,
)
from chainrule.tables.report.data import DataPart, RunPart, TargetPart
from chainrule.tables.run import Ran
from chainrule.tables.run_folder import versions
from chainrule.tables.settings import as_toml
from chainrule.tables.tested import Tested


def report_of(ran: Ran, record: Record, command: str, started: datetime, seconds: float) -> Report:
    """All that a report shows of a run.

    Args:
        ran: The run.
        record: What is kept of it.
        command: The command line that began it.
        started: When.
        seconds: How long it has taken.
    """
    trained, model = ran.trained, ran.trained.model
    summary = model.network.summary(model.preparation.row_shape)
    choices = [trained.plan.because, *str(init.drawn(model.network)).splitlines()]
    return Report(
        data=_data(ran),
        split=SplitPart(trained.parts.notes[-1], record.parts, trained.parts.notes[:-1]),
        model=model_part(summary, choices),
        training=training_part(trained.history),
        targets=tuple(_target(ran, tested) for tested in trained.tested),
        run=RunPart(
            command=command,
            settings=as_toml(record.settings, record.data, record.test_data),
            versions=versions(),
            seed=record.settings.seed,
            started=started.strftime("%Y-%m-%d %H:%M UTC"),
            seconds=seconds,
        ),
    )


def _data(ran: Ran) -> DataPart:
    """The table, with what is done to each column."""
    model = ran.trained.model
    part = overview(ran.table, model.schema, model.settings, ran.findings)
    preparation = model.preparation
    done = {name: column.describe() for name, column in preparation.inputs.items()}
    done |= {name: target.describe() for name, target in preparation.targets.items()}
    return replace(part, columns=tuple(replace(entry, treatment=done.get(entry.name, "")) for entry in part.columns))


def _target(ran: Ran, tested: Tested) -> TargetPart:
    """The test of one target, with what the model relies on and its worst mistakes."""
    model = ran.trained.model
    table = ran.table if ran.test is None else ran.test
    importance = None
    if model.preparation.alone is None:
        columns = {name: slice(place.start, place.stop) for name, place in model.preparation.places.items()}

        def predict(inputs: NDArray[np.float32]) -> tuple[NDArray[np.generic], NDArray[np.float32] | None]:
            return model.predicted(tested.target, model.network_outputs(inputs))

        importance = importance_part(
            predict, np.asarray(ran.trained.inputs), columns, tested.truth, tested.task, seed=model.settings.seed
        )
    order = [drop.column for drop in importance.drops] if importance else []
    fields = sorted(
        model.schema.inputs, key=lambda field: order.index(field.name) if field.name in order else len(order)
    )
    spread = _spread(ran.folds, tested)
    return target_part(tested, mistakes_part(tested, table, fields), importance, spread)


def _spread(folds: Sequence[Mapping[str, Mapping[str, float]]], tested: Tested) -> dict[str, float] | None:
    """How much each measure differs from fold to fold."""
    if not folds:
        return None
    return {
        name: float(np.std([fold[tested.target].get(name, np.nan) for fold in folds], ddof=1))
        for name in tested.measured
    }
