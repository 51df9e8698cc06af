"""How far predicted numbers are from the true ones.

Definitions follow scikit-learn's functions of these names. Several outputs (predictions of shape (N, D)) are
measured one by one and averaged, scikit-learn's `multioutput="uniform_average"`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.metrics.base import Metric, Weights
from chainrule.metrics.inputs import number_rows, same_width
from chainrule.metrics.running import MeanMetric, WeightedMean, divide_by_weight

__all__ = [
    "MeanAbsoluteError",
    "MeanSquaredError",
    "R2Score",
    "RootMeanSquaredError",
    "mean_absolute_error",
    "mean_squared_error",
    "r2_score",
    "root_mean_squared_error",
]


class MeanAbsoluteError(MeanMetric):
    """The mean of |prediction - target|, in the unit of the targets.

    Example:
        >>> metric = MeanAbsoluteError()
        >>> metric.update([1.0, 2.0], [1.5, 4.5])
        >>> metric.compute()
        1.5
    """

    name = "mae"
    higher_is_better = False

    def update(self, predictions: ArrayLike, targets: ArrayLike, sample_weight: Weights = None) -> None:
        rows = number_rows(predictions, targets, sample_weight)
        self._mean.add(np.abs(rows.scores - rows.targets), rows.weights)


class MeanSquaredError(MeanMetric):
    """The mean of (prediction - target)².

    Example:
        >>> metric = MeanSquaredError()
        >>> metric.update([1.0, 2.0], [1.0, 5.0])
        >>> metric.compute()
        4.5
    """

    name = "mse"
    higher_is_better = False

    def update(self, predictions: ArrayLike, targets: ArrayLike, sample_weight: Weights = None) -> None:
        rows = number_rows(predictions, targets, sample_weight)
        self._mean.add((rows.scores - rows.targets) ** 2, rows.weights)


class RootMeanSquaredError(Metric):
    """The square root of the mean squared error, in the unit of the targets; one root for each output.

    Example:
        >>> metric = RootMeanSquaredError()
        >>> metric.update([1.0, 2.0], [4.0, 5.0])
        >>> metric.compute()
        3.0
    """

    name = "rmse"
    higher_is_better = False

    def reset(self) -> None:
        self._squares = WeightedMean()

    def update(self, predictions: ArrayLike, targets: ArrayLike, sample_weight: Weights = None) -> None:
        rows = number_rows(predictions, targets, sample_weight)
        self._squares.add((rows.scores - rows.targets) ** 2, rows.weights)

    def compute(self) -> float:
        """The mean of the outputs' roots over all rows since the last reset.

        Raises:
            EmptyDataError: No rows so far, or all weights are 0.
        """
        return float(np.sqrt(self._squares.value()).mean())


class R2Score(Metric):
    """The share of the targets' variance that the predictions explain: 1 is perfect, 0 as good as their mean.

    As scikit-learn: targets that are all equal give 1.0 where the predictions are right and 0.0 otherwise,
    and a single row gives NaN (without a warning).

    Example:
        >>> metric = R2Score()
        >>> metric.update([1.0, 2.0, 4.0], [1.0, 2.0, 3.0])
        >>> metric.compute()
        0.5
    """

    name = "r2"
    higher_is_better = True

    def reset(self) -> None:
        self._n_rows = 0
        self._weight = 0.0
        # Sums are taken of the distance to the first target: numbers far from 0 lose no digits by it, and
        # targets that are all equal give a variance of exactly 0.
        self._origin: NDArray[np.float64] | None = None
        self._mean: NDArray[np.float64] | float = 0.0
        self._variation: NDArray[np.float64] | float = 0.0
        self._residual: NDArray[np.float64] | float = 0.0

    def update(self, predictions: ArrayLike, targets: ArrayLike, sample_weight: Weights = None) -> None:
        rows = number_rows(predictions, targets, sample_weight)
        same_width(None if self._origin is None else len(self._origin), rows.targets.shape[1])
        weights = np.ones(len(rows.targets)) if rows.weights is None else rows.weights
        weight = float(weights.sum())
        if weight == 0:
            return
        if self._origin is None:
            self._origin = rows.targets[0]
        shifted = rows.targets - self._origin
        mean = weights @ shifted / weight
        # Two parts of the rows merge by Chan, Golub and LeVeque (1983).
        step = mean - self._mean
        total = self._weight + weight
        self._variation = self._variation + weights @ (shifted - mean) ** 2 + step**2 * (self._weight * weight / total)
        self._mean = self._mean + step * (weight / total)
        self._residual = self._residual + weights @ (rows.scores - rows.targets) ** 2
        self._weight = total
        self._n_rows += len(shifted)

    def compute(self) -> float:
        """The score over all rows since the last reset.

        Raises:
            EmptyDataError: No rows so far, or all weights are 0.
        """
        unexplained = divide_by_weight(self._residual, self._weight)
        variance = divide_by_weight(self._variation, self._weight)
        if self._n_rows < 2:
            return float("nan")
        scores = np.where(unexplained == 0, 1.0, 0.0)
        np.divide(variance - unexplained, variance, out=scores, where=variance > 0)
        return float(scores.mean())


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: Weights = None) -> float:
    """The mean of |prediction - target|, as scikit-learn's function.

    Args:
        y_true: True numbers, shape (N,) or (N, D).
        y_pred: Predicted numbers, in the same shape.
        sample_weight: Shape (N,). Default: 1 each.

    Raises:
        TargetShapeError: Different shapes.
        NonFiniteDataError: NaN or infinity on either side.

    Example:
        >>> mean_absolute_error([3.0, 5.0], [2.0, 5.0])
        0.5
    """
    return _score(MeanAbsoluteError(), y_true, y_pred, sample_weight)


def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: Weights = None) -> float:
    """The mean of (prediction - target)², as scikit-learn's function; arguments as `mean_absolute_error`.

    Example:
        >>> mean_squared_error([3.0, 5.0], [1.0, 5.0])
        2.0
    """
    return _score(MeanSquaredError(), y_true, y_pred, sample_weight)


def root_mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: Weights = None) -> float:
    """The root of the mean squared error, as scikit-learn's function; arguments as `mean_absolute_error`.

    Example:
        >>> root_mean_squared_error([3.0, 5.0], [6.0, 8.0])
        3.0
    """
    return _score(RootMeanSquaredError(), y_true, y_pred, sample_weight)


def r2_score(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: Weights = None) -> float:
    """The share of variance explained, as scikit-learn's function; arguments as `mean_absolute_error`.

    Example:
        >>> r2_score([1.0, 2.0, 3.0], [3.0, 2.0, 1.0])
        -3.0
    """
    return _score(R2Score(), y_true, y_pred, sample_weight)


def _score(
    metric: MeanMetric | RootMeanSquaredError | R2Score,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    sample_weight: Weights,
) -> float:
    metric.update(y_pred, y_true, sample_weight)
    return metric.compute()
