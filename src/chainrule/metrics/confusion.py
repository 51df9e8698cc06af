"""The confusion matrix, and the counts that can be read from it: true and false positives and negatives.

Definitions follow scikit-learn (`confusion_matrix`, `multilabel_confusion_matrix`).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import ArgumentError
from chainrule.metrics.base import Metric, Weights
from chainrule.metrics.inputs import check_threshold, class_rows, nothing_to_measure, positive, same_width
from chainrule.metrics.labels import paired_labels

__all__ = [
    "ConfusionMatrix",
    "ConfusionMetric",
    "FalseNegatives",
    "FalsePositives",
    "Normalize",
    "Outcomes",
    "TrueNegatives",
    "TruePositives",
    "confusion_matrix",
    "count_pairs",
]

Normalize = Literal["true", "pred", "all"]


def count_pairs(
    true: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int, weights: NDArray[np.float64] | None
) -> NDArray[Any]:
    """How often (or with what weight) each pair of true and predicted class indices occurs, shape (C, C)."""
    pairs = np.bincount(true * n_classes + predicted, weights, minlength=n_classes**2)
    return pairs.reshape(n_classes, n_classes)


@dataclass(frozen=True)
class Outcomes:
    """For each class against the rest: right and wrong, claimed and not. Arrays of shape (C,)."""

    true_positives: NDArray[Any]
    false_positives: NDArray[Any]
    false_negatives: NDArray[Any]
    true_negatives: NDArray[Any]

    @classmethod
    def of(cls, matrix: NDArray[Any]) -> Outcomes:
        """The outcomes that a confusion matrix (rows true, columns predicted) holds."""
        right = matrix.diagonal()
        claimed, actual = matrix.sum(axis=0), matrix.sum(axis=1)
        return cls(right, claimed - right, actual - right, matrix.sum() - claimed - actual + right)

    def take(self, classes: Any) -> Outcomes:
        """Those of some classes, by index or mask."""
        return Outcomes(*(counts[classes] for counts in self._counts()))

    def pooled(self) -> Outcomes:
        """All classes added up, shape (1,)."""
        return Outcomes(*(counts.sum(keepdims=True) for counts in self._counts()))

    @property
    def support(self) -> NDArray[Any]:
        """How many rows truly are of each class."""
        return np.asarray(self.true_positives + self.false_negatives)

    @property
    def occurs(self) -> NDArray[np.bool_]:
        """Whether a class is true or predicted anywhere."""
        return np.asarray(self.support + self.false_positives > 0)

    def _counts(self) -> tuple[NDArray[Any], ...]:
        return self.true_positives, self.false_positives, self.false_negatives, self.true_negatives


class ConfusionMetric(Metric):
    """The base of metrics that are read from a confusion matrix, which is all that they keep.

    Args:
        threshold: For predictions of one score a row: the probability above which it says class 1.
        from_logits: Whether such scores are logits. For a score a class it makes no difference.
    """

    def __init__(self, *, threshold: float = 0.5, from_logits: bool = False) -> None:
        super().__init__()
        self.threshold = check_threshold(threshold)
        self.from_logits = from_logits

    def reset(self) -> None:
        self._matrix: NDArray[Any] | None = None
        self._single_score = False

    def update(self, predictions: ArrayLike, targets: ArrayLike, sample_weight: Weights = None) -> None:
        rows = class_rows(predictions, targets, sample_weight)
        single_score = rows.scores.ndim == 1
        if single_score:
            predicted = positive(rows.scores, self.threshold, from_logits=self.from_logits).astype(np.int64)
        else:
            predicted = rows.scores.argmax(axis=1)
        counts = count_pairs(rows.targets, predicted, rows.n_classes, rows.weights)
        same_width(None if self._matrix is None else len(self._matrix), rows.n_classes)
        self._matrix = counts if self._matrix is None else self._matrix + counts
        self._single_score = single_score

    @property
    def matrix(self) -> NDArray[Any]:
        """The counts so far, shape (C, C), rows true and columns predicted; EmptyDataError before any row."""
        if self._matrix is None or not self._matrix.any():
            raise nothing_to_measure()
        return self._matrix


class ConfusionMatrix(ConfusionMetric):
    """How often each true class (row) was taken for each class (column).

    Args:
        normalize: "true" divides by row, "pred" by column, "all" by the number of rows. Default: counts.
        threshold, from_logits: See `ConfusionMetric`.

    Returns (from `compute`):
        Shape (C, C): int64, or float64 with weights or `normalize`. A row or column without counts stays 0.

    Example:
        >>> metric = ConfusionMatrix()
        >>> metric.update([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], [0, 1, 1])
        >>> metric.compute()
        array([[1, 0],
               [1, 1]])
    """

    name = "confusion_matrix"

    def __init__(
        self, *, normalize: Normalize | None = None, threshold: float = 0.5, from_logits: bool = False
    ) -> None:
        super().__init__(threshold=threshold, from_logits=from_logits)
        self.normalize = normalize

    def compute(self) -> NDArray[Any]:
        return _normalized(self.matrix, self.normalize)


class _CountMetric(ConfusionMetric):
    """The base of the four counts: a number for class 1 of single scores, one for each class otherwise."""

    @staticmethod
    @abstractmethod
    def _counts(outcomes: Outcomes) -> NDArray[Any]:
        """The counts wanted, of each class."""

    def compute(self) -> float | NDArray[Any]:
        counts = self._counts(Outcomes.of(self.matrix))
        return float(counts[1]) if self._single_score else counts


class TruePositives(_CountMetric):
    """How many rows of a class were taken for it; of class 1 where a row has one score, else of each class.

    Example:
        >>> metric = TruePositives()
        >>> metric.update([0.9, 0.8, 0.3], [1, 0, 1])
        >>> metric.compute()
        1.0
    """

    name = "true_positives"
    higher_is_better = True

    @staticmethod
    def _counts(outcomes: Outcomes) -> NDArray[Any]:
        return outcomes.true_positives


class FalsePositives(_CountMetric):
    """How many rows of other classes were taken for a class; see `TruePositives`.

    Example:
        >>> metric = FalsePositives()
        >>> metric.update([0.9, 0.8, 0.3], [1, 0, 1])
        >>> metric.compute()
        1.0
    """

    name = "false_positives"
    higher_is_better = False

    @staticmethod
    def _counts(outcomes: Outcomes) -> NDArray[Any]:
        return outcomes.false_positives


class TrueNegatives(_CountMetric):
    """How many rows of other classes were not taken for a class; see `TruePositives`.

    Example:
        >>> metric = TrueNegatives()
        >>> metric.update([0.9, 0.8, 0.3], [1, 0, 1])
        >>> metric.compute()
        0.0
    """

    name = "true_negatives"
    higher_is_better = True

    @staticmethod
    def _counts(outcomes: Outcomes) -> NDArray[Any]:
        return outcomes.true_negatives


class FalseNegatives(_CountMetric):
    """How many rows of a class were not taken for it; see `TruePositives`.

    Example:
        >>> metric = FalseNegatives()
        >>> metric.update([0.9, 0.8, 0.3], [1, 0, 1])
        >>> metric.compute()
        1.0
    """

    name = "false_negatives"
    higher_is_better = False

    @staticmethod
    def _counts(outcomes: Outcomes) -> NDArray[Any]:
        return outcomes.false_negatives


def confusion_matrix(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    sample_weight: Weights = None,
    normalize: Normalize | None = None,
) -> NDArray[Any]:
    """How often each true label (row) was taken for each label (column), as scikit-learn's function.

    Args:
        y_true: Labels, shape (N,): numbers or texts.
        y_pred: Predicted labels (no scores), shape (N,).
        labels: The classes to show, in this order; rows with others are left out. Default: all that occur,
            sorted.
        sample_weight: Shape (N,). Default: 1 each.
        normalize: "true" divides by row, "pred" by column, "all" by the number of rows. Default: counts.

    Returns:
        Shape (C, C): int64, or float64 with weights or `normalize`.

    Raises:
        EmptyDataError: No rows.
        DataLengthError: Labels or weights of different lengths.

    Example:
        >>> confusion_matrix(["cat", "dog", "dog"], ["cat", "cat", "dog"], labels=["dog", "cat"])
        array([[1, 1],
               [0, 1]])
    """
    pairs = paired_labels(y_true, y_pred, sample_weight, labels)
    matrix = count_pairs(pairs.true, pairs.predicted, len(pairs.classes), pairs.weights)
    shown = len(matrix) if labels is None else len(np.asarray(labels))
    return _normalized(matrix[:shown, :shown], normalize)


def _normalized(matrix: NDArray[Any], normalize: Normalize | None) -> NDArray[Any]:
    if normalize is None:
        return matrix
    axes = {"true": 1, "pred": 0, "all": None}
    if normalize not in axes:
        raise ArgumentError("unknown normalization.", where="normalize", expected=list(axes), got=repr(normalize))
    total = matrix.sum(axis=axes[normalize], keepdims=True)
    return np.asarray(np.divide(matrix, total, out=np.zeros(matrix.shape), where=total > 0))
