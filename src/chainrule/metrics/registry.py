"""Metrics by name, as `compile(metrics=["accuracy"])` takes them: what a name means depends on the task.

A new metric is a class in the file of its family and an entry in `_METRICS` here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Literal, get_args

from chainrule.errors import ArgumentError, UnknownNameError, nearest
from chainrule.metrics.accuracy import BinaryAccuracy, CategoricalAccuracy, TopKAccuracy
from chainrule.metrics.base import Metric
from chainrule.metrics.calibration import CalibrationError
from chainrule.metrics.confusion import (
    ConfusionMatrix,
    FalseNegatives,
    FalsePositives,
    TrueNegatives,
    TruePositives,
)
from chainrule.metrics.precision_recall import F1Score, Precision, Recall, Specificity
from chainrule.metrics.ranking import PRAUC, ROCAUC
from chainrule.metrics.regression import MeanAbsoluteError, MeanSquaredError, R2Score, RootMeanSquaredError

__all__ = ["Task", "metric_names", "resolve"]

Task = Literal["binary", "multiclass", "regression"]

# Called with `from_logits=...`.
_Make = Callable[..., Metric]


def _any_scores(make: Callable[[], Metric]) -> _Make:
    """For metrics that give the same for logits and probabilities, and so do not ask."""
    return lambda *, from_logits: make()


def _classes(make: _Make) -> dict[Task, _Make]:
    return {"binary": make, "multiclass": make}


_METRICS: dict[str, dict[Task, _Make]] = {
    "accuracy": {"binary": BinaryAccuracy, "multiclass": _any_scores(CategoricalAccuracy)},
    "binary_accuracy": {"binary": BinaryAccuracy},
    "categorical_accuracy": {"multiclass": _any_scores(CategoricalAccuracy)},
    "top_5_accuracy": {"multiclass": _any_scores(TopKAccuracy)},
    "confusion_matrix": _classes(ConfusionMatrix),
    "true_positives": _classes(TruePositives),
    "false_positives": _classes(FalsePositives),
    "true_negatives": _classes(TrueNegatives),
    "false_negatives": _classes(FalseNegatives),
    "auc": _classes(ROCAUC),
    "pr_auc": _classes(PRAUC),
    "calibration_error": _classes(CalibrationError),
    "mae": {"regression": _any_scores(MeanAbsoluteError)},
    "mse": {"regression": _any_scores(MeanSquaredError)},
    "rmse": {"regression": _any_scores(RootMeanSquaredError)},
    "r2": {"regression": _any_scores(R2Score)},
}
for _ratio in (Precision, Recall, Specificity, F1Score):
    _METRICS[_ratio.name] = {"binary": _ratio, "multiclass": partial(_ratio, "macro")}
    for _average in ("micro", "macro", "weighted"):
        _METRICS[f"{_ratio.name}_{_average}"] = _classes(partial(_ratio, _average))

# Other names in use: Keras's and scikit-learn's.
_ALIASES = {
    "acc": "accuracy",
    "sparse_categorical_accuracy": "categorical_accuracy",
    "top_k_categorical_accuracy": "top_5_accuracy",
    "sensitivity": "recall",
    "f1_score": "f1",
    "roc_auc": "auc",
    "average_precision": "pr_auc",
    "mean_absolute_error": "mae",
    "mean_squared_error": "mse",
    "root_mean_squared_error": "rmse",
    "r2_score": "r2",
}


def metric_names(task: Task | None = None) -> list[str]:
    """The names that `resolve` takes, sorted; "top_5_accuracy" stands for any number of classes.

    Args:
        task: The task that they must fit. Default: any.

    Example:
        >>> metric_names("regression")[:3]
        ['mae', 'mean_absolute_error', 'mean_squared_error']
    """
    known = [*_METRICS, *_ALIASES]
    return sorted(name for name in known if task is None or task in _METRICS[_ALIASES.get(name, name)])


def resolve(name: str, *, task: Task, from_logits: bool = False) -> Metric:
    """A fresh metric of this name, fitted to the task.

    For a binary task, "accuracy" is binary, and "precision", "recall", "specificity" and "f1" are those of
    class 1; for a multiclass task they are categorical, and the macro average. The metric bears the name that
    was asked for.

    Args:
        name: One of `metric_names()`: "accuracy", "f1", "auc", "top_3_accuracy", "mae", ...
        task: "binary" (one score a row), "multiclass" (one score a class), or "regression" (numbers).
        from_logits: Whether the model ends without sigmoid or softmax. Default: False.

    Raises:
        UnknownNameError: No metric has this name; the nearest is suggested.
        ArgumentError: The metric does not fit the task ("accuracy" of a regression), or the task is unknown.

    Example:
        >>> type(resolve("accuracy", task="multiclass")).__name__
        'CategoricalAccuracy'
        >>> resolve("accuracy", task="regression")
        Traceback (most recent call last):
            ...
        chainrule.errors.ArgumentError: metrics: 'accuracy' cannot measure a regression.
          expected: one of mae, mse, r2, rmse
          got:      'accuracy'
          remedy:   for classes, choose a loss of classes (a cross-entropy)
    """
    if task not in get_args(Task):
        raise ArgumentError("unknown task.", where="task", expected=", ".join(get_args(Task)), got=repr(task))
    makes = _METRICS.get(_ALIASES.get(name, name))
    top = re.fullmatch(r"top_([1-9]\d*)_accuracy", name)
    if top:
        makes = {"multiclass": _any_scores(partial(TopKAccuracy, int(top[1])))}
    if makes is None:
        close = nearest(name, metric_names())
        raise UnknownNameError("metric", name, {*_main_names(), *([close] if close else [])})
    if task not in makes:
        raise _misfit(name, task, list(makes))
    metric = makes[task](from_logits=from_logits)
    metric.name = name
    return metric


def _main_names(task: Task | None = None) -> list[str]:
    """The names for an error's text, which would drown in other names and averages."""
    averaged = ("_micro", "_macro", "_weighted")
    return [name for name in metric_names(task) if name not in _ALIASES and not name.endswith(averaged)]


def _misfit(name: str, task: Task, fitting: list[Task]) -> ArgumentError:
    kinds = {
        "binary": "a binary task",
        "multiclass": "a task of several classes",
        "regression": "a regression",
    }
    if task == "regression":
        remedy = "for classes, choose a loss of classes (a cross-entropy)"
    else:
        remedy = f"it measures {' or '.join(kinds[fit] for fit in fitting)}"
    return ArgumentError(
        f"{name!r} cannot measure {kinds[task]}.",
        where="metrics",
        expected="one of " + ", ".join(_main_names(task)),
        got=repr(name),
        remedy=remedy,
    )
