"""What a test has shown of one target: the truth beside the predictions, and the measures beside simple baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.columns.base import Task
from chainrule.metrics import confusion_matrix


@dataclass(frozen=True, eq=False)
class Tested:
    """A target over the rows of a test.

    Attributes:
        target: The name of its column.
        task: What kind of prediction it is.
        class_names: The names of the classes; empty for numbers.
        truth: What is true of each row: indices of classes, or numbers in the column's unit, (N,).
        predicted: What was predicted, as `truth`.
        probabilities: Of each class, (N, C); None for numbers.
        rows: Which rows of the tested table these are, (N,).
        measured: The measures by name, the most telling first.
        baselines: The same measures of what is simpler: "majority class" or "mean", and "linear model".
    """

    target: str
    task: Task
    class_names: tuple[str, ...]
    truth: NDArray[Any]
    predicted: NDArray[Any]
    probabilities: NDArray[np.float32] | None
    rows: NDArray[np.int64]
    measured: Mapping[str, float]
    baselines: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Result:
    """What the test has shown of a target.

    Attributes:
        target: The name of its column.
        task: The kind of prediction.
        class_names: The names of the classes; empty for numbers.
        rows: How many rows there were.
        measured: The measures by name.
        baselines: Those of simpler models, by their names.
        confusion_matrix: A row for each true class: how many were taken for which; empty for numbers.
    """

    target: str
    task: str
    class_names: tuple[str, ...]
    rows: int
    measured: dict[str, float | None]
    baselines: dict[str, dict[str, float | None]]
    confusion_matrix: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        size = len(self.class_names)
        if [len(row) for row in self.confusion_matrix] != [size] * size:
            raise ValueError(f"the confusion matrix is not {size} x {size}")

    @classmethod
    def of(cls, tested: Tested) -> Result:
        """What there is to be kept of a test."""
        matrix: tuple[tuple[int, ...], ...] = ()
        if tested.class_names:
            labels = list(range(len(tested.class_names)))
            counted = confusion_matrix(tested.truth, tested.predicted, labels=labels).astype(int)
            matrix = tuple(tuple(row) for row in counted.tolist())
        return cls(
            target=tested.target,
            task=tested.task,
            class_names=tested.class_names,
            rows=len(tested.truth),
            measured=_plain(tested.measured),
            baselines={name: _plain(values) for name, values in tested.baselines.items()},
            confusion_matrix=matrix,
        )


def _plain(values: Mapping[str, float]) -> dict[str, float | None]:
    """What JSON holds: NaN is no number there."""
    return {name: float(value) if value == value else None for name, value in values.items()}
