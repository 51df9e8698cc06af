"""Which columns a model relies on: how much worse it becomes when the values of one are dealt out to other rows.

Breiman (2001), "Random Forests", section 10; with repeats, as scikit-learn's `permutation_importance`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.columns.base import Task
from chainrule.tables.measures import HIGHER_IS_BETTER, measured
from chainrule.tables.report.data import Drop, ImportancePart

# From prepared inputs to what is predicted of them, and the probabilities of classes: as in `Tested`.
Predict = Callable[[NDArray[Any]], tuple[NDArray[Any], NDArray[Any] | None]]

# At most so many rows are shuffled, and so many columns are tried and shown.
ROWS, TRIED, SHOWN = 2000, 500, 30
# So many numbers may be predicted from in all, which takes seconds: for wide tables, fewer rows are shuffled.
NUMBERS = 5e8


def importance_part(
    predict: Predict,
    inputs: NDArray[Any],
    columns: Mapping[str, slice],
    truth: NDArray[Any],
    task: Task,
    *,
    seed: int,
    repeats: int = 5,
) -> ImportancePart | None:
    """How much the most telling measure loses by each column.

    Args:
        predict: The model for one target.
        inputs: Prepared rows of the test, (N, W).
        columns: Where each column stands in a row.
        truth: What is true of the rows, as in `Tested`.
        task: What kind of prediction it is.
        seed: What the shuffling comes from.
        repeats: How often each column is shuffled.

    Returns:
        None where it says nothing: a single column, or more of them than a person could wait for.
    """
    if not 1 < len(columns) <= TRIED:
        return None
    random = np.random.default_rng(seed)
    most = int(min(ROWS, NUMBERS / (repeats * len(columns) * inputs.shape[1])))
    rows = np.sort(random.permutation(len(inputs))[:most])
    kept, true = np.array(inputs[rows]), truth[rows]

    def reached(given: NDArray[Any]) -> dict[str, float]:
        return measured(task, true, *predict(given))

    before = reached(kept)
    measure = next(iter(before))
    sign = 1.0 if HIGHER_IS_BETTER[measure] else -1.0
    drops = []
    for name, place in columns.items():
        losses = []
        for _ in range(repeats):
            shuffled = kept.copy()
            shuffled[:, place] = kept[random.permutation(len(kept)), place]
            losses.append(sign * (before[measure] - reached(shuffled)[measure]))
        drops.append(Drop(name, float(np.mean(losses)), float(np.std(losses))))
    if not all(np.isfinite(drop.mean) for drop in drops):
        return None
    drops.sort(key=lambda drop: -drop.mean)
    return ImportancePart(measure, len(rows), repeats, tuple(drops[:SHOWN]))
