"""How well scores rank the classes, over all thresholds: areas under the ROC and precision-recall curves.

Definitions follow scikit-learn's `roc_auc_score` (several classes: one against the rest) and
`average_precision_score`. Both keep every score and target until `reset`: memory for N * C numbers.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import ArgumentError
from chainrule.metrics.base import Metric, Weights
from chainrule.metrics.inputs import binary_rows, class_rows, nothing_to_measure, probabilities, same_width

__all__ = ["PRAUC", "ROCAUC", "ClassAverage", "average_precision_score", "roc_auc_score", "roc_curve"]

ClassAverage = Literal["macro", "weighted"]


class _RankingMetric(Metric):
    """The base of both: keeps the scores, and takes the area of each class against the rest."""

    higher_is_better = True

    def __init__(self, average: ClassAverage | None = "macro", *, from_logits: bool = False) -> None:
        super().__init__()
        if average is not None and average not in get_args(ClassAverage):
            known = ", ".join(map(repr, get_args(ClassAverage)))
            raise ArgumentError("unknown average.", where="average", expected=f"{known} or None", got=repr(average))
        self.average = average
        self.from_logits = from_logits

    def reset(self) -> None:
        self._scores: list[NDArray[Any]] = []
        self._targets: list[NDArray[np.int64]] = []
        self._weights: list[NDArray[np.float64]] = []
        self._n_classes: int | None = None

    def update(self, predictions: ArrayLike, targets: ArrayLike, sample_weight: Weights = None) -> None:
        rows = class_rows(predictions, targets, sample_weight)
        self._n_classes = same_width(self._n_classes, rows.n_classes)
        self._scores.append(self._ranked(rows.scores))
        self._targets.append(rows.targets)
        self._weights.append(np.ones(len(rows.targets)) if rows.weights is None else rows.weights)

    def compute(self) -> float | NDArray[np.float64]:
        """The area over all rows since the last reset: a float, or shape (C,) with `average=None` and C > 2.

        Raises:
            EmptyDataError: No rows so far, or all weights are 0.
        """
        weights = np.concatenate([*self._weights, []])
        kept = weights > 0
        if not kept.any():
            raise nothing_to_measure()
        scores, truth = np.concatenate(self._scores)[kept], np.concatenate(self._targets)[kept]
        weights = weights[kept]
        if scores.ndim == 1:
            return self._area(*_cumulative(scores, truth == 1, weights))
        n_classes = scores.shape[1]
        areas = np.array([self._area(*_cumulative(scores[:, c], truth == c, weights)) for c in range(n_classes)])
        if self.average is None:
            return areas
        if self.average == "macro":
            return float(areas.mean())
        support = np.bincount(truth, weights, minlength=n_classes)
        # A class without rows weighs nothing, even where its area is NaN.
        return float(np.average(areas[support > 0], weights=support[support > 0]))

    def _ranked(self, scores: NDArray[Any]) -> NDArray[Any]:
        """Scores that rank the rows of each class: shape (R,) of class 1 of two, (R, C) of more."""
        if scores.ndim == 1:
            return scores.astype(np.result_type(scores, np.float32))
        if scores.shape[1] == 2 and self.from_logits:
            return np.asarray(scores[:, 1] - scores[:, 0])
        # Over more classes, a class's softmax ranks the rows otherwise than its logits do.
        shares = probabilities(scores, from_logits=self.from_logits)
        return shares[:, 1] if scores.shape[1] == 2 else shares

    @staticmethod
    @abstractmethod
    def _area(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> float:
        """The area, given the weight of each class at or above each distinct score, highest score first."""


class ROCAUC(_RankingMetric):
    """The area under the receiver operating characteristic.

    It is the chance that a row of the class has a higher score than a row of another; equal scores count
    half. Exact over batches: all scores are kept. NaN where all rows are of one class (as scikit-learn, which
    warns). Several classes: each against the rest.

    Args:
        average: Over several classes: "macro" (default), "weighted" by their true rows, or None for an array.
        from_logits: Whether the scores of several classes are logits (a single score may be either).

    Raises:
        ArgumentError: From `update`, for rows of several classes that do not sum to 1 while `from_logits` is
            False.

    Example:
        >>> metric = ROCAUC()
        >>> metric.update([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
        >>> metric.compute()
        0.75
    """

    name = "auc"

    @staticmethod
    def _area(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> float:
        if positives[-1] == 0 or negatives[-1] == 0:
            return float("nan")
        return float(np.trapezoid(_shares(positives), _shares(negatives)))


class PRAUC(_RankingMetric):
    """The area under precision over recall, as average precision: precisions weighted by the gain in recall.

    No straight lines between the points, which would flatter the model (Davis and Goadrich, 2006, "The
    relationship between precision-recall and ROC curves"). 0.0 where no row is of the class (as scikit-learn,
    which warns). Several classes: each against the rest. Exact over batches: all scores are kept.

    Args:
        average, from_logits: See `ROCAUC`.

    Example:
        >>> metric = PRAUC()
        >>> metric.update([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
        >>> round(metric.compute(), 4)
        0.8333
    """

    name = "pr_auc"

    @staticmethod
    def _area(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> float:
        if positives[-1] == 0:
            return 0.0
        precision = positives / (positives + negatives)
        return float(np.diff(positives / positives[-1], prepend=0.0) @ precision)


def roc_auc_score(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    average: ClassAverage | None = "macro",
    sample_weight: Weights = None,
) -> float | NDArray[np.float64]:
    """The area under the ROC curve, as scikit-learn's function with `multi_class="ovr"`.

    Args:
        y_true: Class indices, shape (N,).
        y_score: Shape (N,): scores of class 1. Shape (N, C): probabilities of the classes.
        average: Over several classes: "macro" (default), "weighted", or None for an array.
        sample_weight: Shape (N,). Default: 1 each.

    Returns:
        A float, or shape (C,) with `average=None` and C > 2. NaN where all rows are of one class.

    Example:
        >>> roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        0.75
    """
    return _score(ROCAUC(average), y_true, y_score, sample_weight)


def average_precision_score(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    average: ClassAverage | None = "macro",
    sample_weight: Weights = None,
) -> float | NDArray[np.float64]:
    """The area under precision over recall, as scikit-learn's function.

    Arguments are those of `roc_auc_score`.

    Example:
        >>> round(average_precision_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
        0.8333
    """
    return _score(PRAUC(average), y_true, y_score, sample_weight)


def roc_curve(
    y_true: ArrayLike, y_score: ArrayLike, *, sample_weight: Weights = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The receiver operating characteristic, as scikit-learn's function with `drop_intermediate=False`.

    Args:
        y_true: Class indices, shape (N,), 1 for the rows that are to have the higher scores.
        y_score: Scores of class 1, shape (N,).
        sample_weight: Shape (N,). Default: 1 each.

    Returns:
        For each threshold, the highest first: the share of class 0 at or above it, the share of class 1, and the
        threshold. A class without rows has NaN for its share.

    Raises:
        EmptyDataError: No rows.

    Example:
        >>> false_positives, true_positives, thresholds = roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        >>> true_positives
        array([0. , 0.5, 0.5, 1. , 1. ])
    """
    rows = binary_rows(np.asarray(y_score), y_true, sample_weight)
    if not len(rows.targets):
        raise nothing_to_measure()
    scores = rows.scores.astype(np.result_type(rows.scores, np.float32))
    weights = np.ones(len(scores)) if rows.weights is None else rows.weights
    positives, negatives = _cumulative(scores, rows.targets == 1, weights)
    thresholds = np.concatenate([[np.inf], np.unique(scores)[::-1]])
    return _shares(negatives), _shares(positives), thresholds


def _shares(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Counts from nothing on, as shares of the last."""
    total = counts[-1] if counts[-1] > 0 else np.nan
    return np.concatenate([[0.0], counts]) / total


def _score(
    metric: _RankingMetric, y_true: ArrayLike, y_score: ArrayLike, sample_weight: Weights
) -> float | NDArray[np.float64]:
    metric.update(y_score, y_true, sample_weight)
    return metric.compute()


def _cumulative(
    scores: NDArray[Any], positive: NDArray[np.bool_], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The weight of positive and of negative rows at or above each distinct score, highest score first."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    of_positives = np.where(positive, weights, 0.0)[order]
    of_negatives = np.where(positive, 0.0, weights)[order]
    return of_positives.cumsum()[ends], of_negatives.cumsum()[ends]
