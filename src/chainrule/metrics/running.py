"""A weighted mean that is gathered over batches: what accuracies and errors are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.metrics.base import Metric
from chainrule.metrics.inputs import nothing_to_measure, same_width

__all__ = ["MeanMetric", "WeightedMean", "divide_by_weight"]


class WeightedMean:
    """Sums of rows and of their weights, in float64.

    Attributes:
        width: The number of columns of the rows; None before the first.
    """

    def __init__(self) -> None:
        self.width: int | None = None
        self._total: NDArray[np.float64] | float = 0.0
        self._weight = 0.0

    def add(self, rows: NDArray[Any], weights: NDArray[np.float64] | None) -> None:
        """Take in rows of shape (R,) or (R, D), with weights of shape (R,)."""
        self.width = same_width(self.width, rows.shape[1] if rows.ndim == 2 else 1)
        if weights is None:
            self._total = self._total + rows.sum(axis=0, dtype=np.float64)
            self._weight += len(rows)
        else:
            self._total = self._total + weights @ rows
            self._weight += float(weights.sum())

    def value(self) -> NDArray[np.float64]:
        """The mean of each column, shape () or (D,); an EmptyDataError before the first row."""
        return divide_by_weight(self._total, self._weight)


class MeanMetric(Metric):
    """The base of metrics that are a mean over rows."""

    def reset(self) -> None:
        self._mean = WeightedMean()

    def compute(self) -> float:
        """The mean over all rows since the last reset.

        Raises:
            EmptyDataError: No rows so far, or all weights are 0.
        """
        return float(self._mean.value().mean())


def divide_by_weight(total: NDArray[np.float64] | float, weight: float) -> NDArray[np.float64]:
    """A weighted sum by its weight; an EmptyDataError where the weight is 0."""
    if weight == 0:
        raise nothing_to_measure()
    return np.asarray(total / weight, dtype=np.float64)
