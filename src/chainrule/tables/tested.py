"""What a test has shown of one target: the truth beside the predictions, and the measures beside simple baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.columns.base import Task


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
