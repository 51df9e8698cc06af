"""Whether a model is right as often as it says it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from chainrule.errors import ArgumentError
from chainrule.metrics.base import Metric, Weights
from chainrule.metrics.inputs import class_rows, probabilities
from chainrule.metrics.running import divide_by_weight

__all__ = ["CalibrationError", "calibration_error"]


class CalibrationError(Metric):
    """The expected calibration error (Guo et al., 2017, "On Calibration of Modern Neural Networks", eq. 3).

    The rows are sorted into bins of equal width by confidence; the error is the mean distance between the
    confidence of a bin and the share of rows in it that are right, weighted by the rows in the bin. For
    several classes the confidence is the highest probability, and right means that its class is the true
    one; for one score a row it is the probability of class 1, and right means that the class is 1. The bins,
    `(low, high]`, are those of scikit-learn's `calibration_curve(strategy="uniform")`.

    Args:
        n_bins: The number of bins. Default: 15, as in the paper.
        from_logits: Whether the scores are logits.

    Raises:
        ArgumentError: From `update`, for scores that cannot be probabilities, without `from_logits=True`.

    Example:
        >>> metric = CalibrationError(n_bins=2)
        >>> metric.update([0.2, 0.4, 0.9, 0.7], [0, 0, 1, 0])
        >>> round(metric.compute(), 4)
        0.3
    """

    name = "calibration_error"
    higher_is_better = False

    def __init__(self, n_bins: int = 15, *, from_logits: bool = False) -> None:
        if n_bins < 1:
            raise ArgumentError("there must be a bin.", where="n_bins", expected="1 or more", got=n_bins)
        self.n_bins = n_bins
        self.from_logits = from_logits
        super().__init__()

    def reset(self) -> None:
        self._weight = 0.0
        # Confidence minus correctness, summed in each bin: all that the bins are needed for.
        self._gap = np.zeros(self.n_bins)

    def update(self, predictions: ArrayLike, targets: ArrayLike, sample_weight: Weights = None) -> None:
        rows = class_rows(predictions, targets, sample_weight)
        confidence = probabilities(rows.scores, from_logits=self.from_logits)
        right = rows.targets == 1
        if confidence.ndim == 2:
            right = confidence.argmax(axis=1) == rows.targets
            confidence = confidence.max(axis=1)
        weights = np.ones(len(right)) if rows.weights is None else rows.weights
        inner_edges = np.linspace(0.0, 1.0, self.n_bins + 1)[1:-1]
        bins = np.searchsorted(inner_edges, confidence)
        self._gap += np.bincount(bins, (confidence - right) * weights, minlength=self.n_bins)
        self._weight += float(weights.sum())

    def compute(self) -> float:
        """The error over all rows since the last reset, from 0 to 1.

        Raises:
            EmptyDataError: No rows so far, or all weights are 0.
        """
        return float(divide_by_weight(np.abs(self._gap).sum(), self._weight))


def calibration_error(
    y_true: ArrayLike, y_prob: ArrayLike, *, n_bins: int = 15, sample_weight: Weights = None
) -> float:
    """The expected calibration error of probabilities; see `CalibrationError`.

    Args:
        y_true: Class indices, shape (N,).
        y_prob: Shape (N,): probabilities of class 1. Shape (N, C): of the classes.
        n_bins: The number of bins. Default: 15.
        sample_weight: Shape (N,). Default: 1 each.

    Example:
        >>> round(calibration_error([1, 0], [[0.1, 0.9], [0.7, 0.3]]), 4)
        0.2
    """
    metric = CalibrationError(n_bins)
    metric.update(y_prob, y_true, sample_weight)
    return metric.compute()
