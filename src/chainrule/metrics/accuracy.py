"""How often the right class is named: binary, categorical, among the k best.

Definitions follow scikit-learn (`accuracy_score`, `top_k_accuracy_score`), class names follow Keras.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import ArgumentError
from chainrule.metrics.base import Weights
from chainrule.metrics.inputs import binary_rows, check_threshold, class_rows, positive
from chainrule.metrics.labels import paired_labels
from chainrule.metrics.running import MeanMetric, WeightedMean

__all__ = ["BinaryAccuracy", "CategoricalAccuracy", "TopKAccuracy", "accuracy_score", "top_k_accuracy_score"]


class BinaryAccuracy(MeanMetric):
    """The share of scores on the right side of the threshold.

    Predictions and targets have the same shape (N,), (N, 1), or (N, L) for L yes-or-no questions a row, whose
    answers count one by one. A score equal to the threshold says class 0, as in Keras.

    Args:
        threshold: The probability above which a score says class 1. Default: 0.5.
        from_logits: Whether the scores are logits (the threshold is then 0 for a probability of 0.5).

    Raises:
        ArgumentError: From `update`, for scores outside of 0..1 without `from_logits=True`.

    Example:
        >>> metric = BinaryAccuracy()
        >>> metric.update([0.9, 0.2, 0.6], [1, 0, 0])
        >>> round(metric.compute(), 4)
        0.6667
    """

    name = "accuracy"
    higher_is_better = True

    def __init__(self, threshold: float = 0.5, *, from_logits: bool = False) -> None:
        super().__init__()
        self.threshold = check_threshold(threshold)
        self.from_logits = from_logits

    def update(self, predictions: ArrayLike, targets: ArrayLike, sample_weight: Weights = None) -> None:
        scores, truth, weights = binary_rows(predictions, targets, sample_weight)
        self._mean.add(positive(scores, self.threshold, from_logits=self.from_logits) == truth, weights)


class CategoricalAccuracy(MeanMetric):
    """The share of rows whose highest score is that of the true class.

    Predictions (..., C) are logits or probabilities, which makes no difference here. Targets are class
    indices (...), or one-hot rows (..., C). The first of equal scores wins, as in `np.argmax`.

    Example:
        >>> metric = CategoricalAccuracy()
        >>> metric.update([[2.0, 1.0, 0.0], [0.0, 1.0, 5.0]], [0, 1])
        >>> metric.compute()
        0.5
    """

    name = "accuracy"
    higher_is_better = True

    def update(self, predictions: ArrayLike, targets: ArrayLike, sample_weight: Weights = None) -> None:
        rows = class_rows(predictions, targets, sample_weight)
        _need_class_scores(rows.scores, "accuracy_score takes labels, BinaryAccuracy one score a row")
        self._mean.add(rows.scores.argmax(axis=1) == rows.targets, rows.weights)


class TopKAccuracy(MeanMetric):
    """The share of rows whose true class is among the k highest scores.

    Equal scores rank as in scikit-learn: the later class first.

    Args:
        k: How many classes are allowed. Must be below the number of classes (scikit-learn gives a warning and
            1.0 there). Default: 5.

    Example:
        >>> metric = TopKAccuracy(k=2)
        >>> metric.update([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]], [1, 2])
        >>> metric.compute()
        0.5
    """

    higher_is_better = True

    def __init__(self, k: int = 5) -> None:
        super().__init__()
        if k < 1:
            raise ArgumentError("k counts classes.", where="k", expected="1 or more", got=k)
        self.k = k
        self.name = f"top_{k}_accuracy"

    def update(self, predictions: ArrayLike, targets: ArrayLike, sample_weight: Weights = None) -> None:
        rows = class_rows(predictions, targets, sample_weight)
        _need_class_scores(rows.scores, "BinaryAccuracy measures one score a row")
        if self.k >= rows.n_classes:
            raise ArgumentError(
                f"the true class is always among the {self.k} best of {rows.n_classes}.",
                where=self.name,
                expected=f"k below the number of classes, {rows.n_classes}",
                got=self.k,
            )
        of_truth = np.take_along_axis(rows.scores, rows.targets[:, None], axis=1)
        later = np.arange(rows.n_classes) > rows.targets[:, None]
        rank = ((rows.scores > of_truth) | ((rows.scores == of_truth) & later)).sum(axis=1)
        self._mean.add(rank < self.k, rows.weights)


def accuracy_score(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: Weights = None) -> float:
    """The share of equal labels, as scikit-learn's `accuracy_score`.

    Args:
        y_true: Labels, shape (N,): numbers or texts.
        y_pred: Predicted labels (no scores), shape (N,).
        sample_weight: Shape (N,). Default: 1 each.

    Raises:
        DataLengthError: Labels or weights of different lengths.
        EmptyDataError: No rows.

    Example:
        >>> accuracy_score(["cat", "dog", "dog"], ["cat", "cat", "dog"], sample_weight=[2, 1, 1])
        0.75
    """
    labels = paired_labels(y_true, y_pred, sample_weight)
    mean = WeightedMean()
    mean.add(labels.true == labels.predicted, labels.weights)
    return float(mean.value())


def top_k_accuracy_score(y_true: ArrayLike, y_score: ArrayLike, *, k: int = 2, sample_weight: Weights = None) -> float:
    """The share of rows whose true class is among the k highest scores, as scikit-learn's function.

    Unlike scikit-learn's, it takes class indices only, and at least three classes.

    Args:
        y_true: Class indices, shape (N,).
        y_score: Scores, shape (N, C).
        k: How many classes are allowed. Default: 2, as in scikit-learn.
        sample_weight: Shape (N,). Default: 1 each.

    Example:
        >>> top_k_accuracy_score([1, 2], [[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]], k=2)
        0.5
    """
    metric = TopKAccuracy(k)
    metric.update(y_score, y_true, sample_weight)
    return metric.compute()


def _need_class_scores(scores: NDArray[Any], remedy: str) -> None:
    if scores.ndim == 1:
        raise ArgumentError(
            "this metric compares the scores of several classes.",
            where="predictions",
            expected="shape (N, C) with C of 2 or more",
            got=f"one score a row, {len(scores)} rows",
            remedy=remedy,
        )
