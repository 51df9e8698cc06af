"""What a report shows, gathered from what a run has made: each part cut to a size that a page can hold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from chainrule.data.table import Table
from chainrule.nn.summary import Summary
from chainrule.tables.measures import HIGHER_IS_BETTER
from chainrule.tables.report.data import (
    ColumnEntry,
    Curve,
    DataPart,
    FindingEntry,
    ImportancePart,
    LayerEntry,
    Measure,
    MistakesPart,
    ModelPart,
    TargetPart,
    TrainingPart,
)
from chainrule.tables.report.outcomes import classes_part, numbers_part
from chainrule.tables.tested import Tested
from chainrule.training import History

# The most of each that a report holds, however many there are.
COLUMNS, FINDINGS, NAMES, LAYERS, CURVES, EPOCHS = 200, 50, 12, 200, 4, 300


def data_part(table: Table, columns: Sequence[ColumnEntry], findings: Sequence[FindingEntry]) -> DataPart:
    """The table: how it was read, what its columns are, and what was found in them."""
    return DataPart(
        name=table.name,
        rows=len(table),
        notes=tuple(table.notes[:FINDINGS]),
        columns=tuple(columns[:COLUMNS]),
        more_columns=max(len(columns) - COLUMNS, 0),
        findings=tuple(replace(each, columns=_few(each.columns)) for each in findings[:FINDINGS]),
    )


def model_part(summary: Summary, choices: Sequence[str]) -> ModelPart:
    """The network.

    Args:
        summary: Its layers, from `network.summary(...)`.
        choices: How it is trained and why so, a line each.
    """
    layers = [LayerEntry(row.name, row.kind, row.output or "", row.parameters) for row in summary.rows]
    return ModelPart(
        choices=tuple(choices),
        layers=tuple(layers[:LAYERS]),
        more_layers=max(len(layers) - LAYERS, 0),
        parameters=summary.trainable,
        weight_bytes=summary.weight_bytes,
    )


def training_part(history: History, best: int | None = None) -> TrainingPart:
    """How the training went.

    Args:
        history: Every epoch.
        best: The epoch whose weights were kept, from 0. Default: the one of the lowest loss of the validation, or
            None where there was no validation.
    """
    kept = _thinned(len(history))
    names = [name for name in history.history if not name.startswith("val_")]
    losses = history.history.get("val_loss", [])
    if best is None and any(map(math.isfinite, losses)):
        best = min(range(len(losses)), key=lambda epoch: losses[epoch] if math.isfinite(losses[epoch]) else math.inf)
    if best is not None and best not in kept:
        kept = sorted([*kept, best])
    return TrainingPart(
        epochs=tuple(history.epoch[number] + 1 for number in kept),
        curves=tuple(
            Curve(name, *(_picked(history.history.get(column, []), kept) for column in (name, f"val_{name}")))
            for name in names[:CURVES]
        ),
        best=None if best is None else history.epoch[best] + 1,
        seconds=math.fsum(history.seconds),
    )


def target_part(
    tested: Tested,
    mistakes: MistakesPart,
    importance: ImportancePart | None = None,
    spread: Mapping[str, float] | None = None,
) -> TargetPart:
    """What the test has shown of a target.

    Args:
        tested: The outcome of the test.
        mistakes: The worst of them, from `mistakes_part`.
        importance: What the model relies on, from `importance_part`.
        spread: The standard deviation of each measure over folds, where there were some.
    """
    return TargetPart(
        name=tested.target,
        task=tested.task,
        rows=len(tested.truth),
        measures=tuple(
            Measure(
                name,
                value,
                {label: measured[name] for label, measured in tested.baselines.items() if name in measured},
                HIGHER_IS_BETTER[name],
                (spread or {}).get(name),
            )
            for name, value in tested.measured.items()
        ),
        classes=None if tested.probabilities is None else classes_part(tested, tested.probabilities),
        numbers=numbers_part(tested) if tested.probabilities is None else None,
        importance=importance,
        mistakes=mistakes,
    )


def _few(names: Sequence[str]) -> tuple[str, ...]:
    """As many names as a person wants to read."""
    more = len(names) - NAMES
    return tuple(names) if more <= 0 else (*names[:NAMES], f"and {more:,} more")


def _thinned(count: int) -> list[int]:
    """Epochs to draw: all, or as many as a chart can show, with the first and the last."""
    shown = min(count, EPOCHS)
    return [round(number * (count - 1) / max(shown - 1, 1)) for number in range(shown)]


def _picked(values: Sequence[float], kept: Sequence[int]) -> tuple[float, ...]:
    return tuple(float(f"{values[number]:.6g}") for number in kept) if values else ()
