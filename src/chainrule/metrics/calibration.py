"""Whether a model is right as often as it says it is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import ArgumentError
from chainrule.metrics.base import Metric, Weights
from chainrule.metrics.inputs import class_rows, probabilities
from chainrule.metrics.running import divide_by_weight

__all__ = ["CalibrationError", "calibration_curve", "calibration_error"]


class _Bins(NamedTuple):
    """What is summed in each bin of confidence: the weights, how sure the rows are, and how many of them are right."""

    weight: NDArray[Any]
    confidence: NDArray[Any]
    right: NDArray[Any]


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
        self._bins = _Bins(*np.zeros((3, self.n_bins)))

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
        summed = (np.bincount(bins, part * weights, minlength=self.n_bins) for part in (1.0, confidence, right))
        self._bins = _Bins(*(before + part for before, part in zip(self._bins, summed, strict=True)))

    @property
    def bins(self) -> _Bins:
        """What the rows since the last reset sum up to, bin by bin."""
        return self._bins

    def compute(self) -> float:
        """The error over all rows since the last reset, from 0 to 1.

        Raises:
            EmptyDataError: No rows so far, or all weights are 0.
        """
        weight, confidence, right = self._bins
        return float(divide_by_weight(np.abs(confidence - right).sum(), float(weight.sum())))


def calibration_curve(
    y_true: ArrayLike, y_prob: ArrayLike, *, n_bins: int = 5, sample_weight: Weights = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """How often predictions come true, by how sure they are; scikit-learn's function, and the rows of each bin.

    Args:
        y_true: Class indices, shape (N,).
        y_prob: Shape (N,): probabilities of class 1. Shape (N, C): of the classes; see `CalibrationError`.
        n_bins: The number of bins of equal width. Default: 5, as scikit-learn. Empty ones are left out.
        sample_weight: Shape (N,). Default: 1 each.

    Returns:
        For each bin: the share of rows that came true, the mean probability, and the number (or weight) of rows.

    Example:
        >>> right, said, rows = calibration_curve([0, 0, 1, 1], [0.1, 0.3, 0.8, 0.6], n_bins=2)
        >>> right, said, rows
        (array([0., 1.]), array([0.2, 0.7]), array([2., 2.]))
    """
    metric = CalibrationError(n_bins)
    metric.update(y_prob, y_true, sample_weight)
    weight, confidence, right = (part[metric.bins.weight > 0] for part in metric.bins)
    return right / weight, confidence / weight, weight


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
