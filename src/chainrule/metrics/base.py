"""What every metric is: a number (or an array of them) that is gathered over batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, TypeAlias

from numpy.typing import ArrayLike, NDArray

__all__ = ["Metric", "Weights"]

# One number for each row, or None where every row counts 1.
Weights: TypeAlias = ArrayLike | None


class Metric(ABC):
    """A measure of predictions against targets, gathered batch by batch.

    A metric of your own is a short class with the three methods below and a `name`; `fit` and `evaluate`
    then take it like any other. The order of the batches, and how the rows are cut into batches, must not
    change the result by more than rounding.

    Attributes:
        name: The name under which the value is printed and kept in the history.
        higher_is_better: True for an accuracy, False for an error, None where neither holds.

    Example:
        >>> import numpy as np
        >>> class LargestError(Metric):
        ...     name = "largest_error"
        ...     higher_is_better = False
        ...     def reset(self):
        ...         self.largest = 0.0
        ...     def update(self, predictions, targets, sample_weight=None):
        ...         self.largest = max(self.largest, float(np.abs(predictions - targets).max()))
        ...     def compute(self):
        ...         return self.largest
        >>> metric = LargestError()
        >>> metric.update(np.array([1.0, 2.0]), np.array([1.5, 2.0]))
        >>> metric.update(np.array([3.0]), np.array([2.0]))
        >>> metric.compute()
        1.0
    """

    name: str
    higher_is_better: bool | None = None

    def __init__(self) -> None:
        self.reset()

    @abstractmethod
    def reset(self) -> None:
        """Forget all batches."""

    @abstractmethod
    def update(self, predictions: ArrayLike, targets: ArrayLike, sample_weight: Weights = None) -> None:
        """Take in one batch.

        Args:
            predictions: What the model's last layer gives: scores of shape (N,), (N, 1) or (N, C) for
                classes, numbers of shape (N,) or (N, D) otherwise.
            targets: What is true, for the same N rows.
            sample_weight: How much each row counts, shape (N,), not negative. Default: 1 each.
        """

    @abstractmethod
    def compute(self) -> float | NDArray[Any]:
        """The value over all batches since the last reset."""
