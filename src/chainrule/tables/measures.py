"""What is measured of predictions, by the kind of prediction; baselines are measured by the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule import metrics
from chainrule.columns.base import Task


def measured(
    task: Task,
    truth: NDArray[np.generic],
    predicted: NDArray[np.generic],
    probabilities: NDArray[np.floating] | None,
) -> dict[str, float]:
    """The measures by name, the most telling first.

    Args:
        task: The kind of prediction.
        truth: Indices of classes, or numbers in the column's unit, (N,).
        predicted: The same, as predicted.
        probabilities: Of each class, (N, C); None for numbers.
    """
    if task == "regression" or probabilities is None:
        return {
            "r2": metrics.r2_score(truth, predicted) if len(truth) > 1 else float("nan"),
            "mae": metrics.mean_absolute_error(truth, predicted),
            "rmse": metrics.root_mean_squared_error(truth, predicted),
        }
    of_truth = probabilities[np.arange(len(truth)), truth.astype(np.int64)]
    found = {
        "accuracy": float(np.mean(truth == predicted)),
        "macro_f1": float(metrics.f1_score(truth, predicted, average="macro")),
        "log_loss": float(-np.log(np.maximum(of_truth, np.finfo(np.float32).tiny)).mean()),
    }
    if task == "binary" and len(np.unique(truth)) == 2:
        found["auc"] = float(metrics.roc_auc_score(truth, probabilities[:, 1]))
    return found


# What a person looks at first, and whether more of it is better.
HIGHER_IS_BETTER = {
    "r2": True,
    "mae": False,
    "rmse": False,
    "accuracy": True,
    "macro_f1": True,
    "log_loss": False,
    "auc": True,
}
