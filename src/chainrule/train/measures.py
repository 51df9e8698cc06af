"""The running loss and metrics of an epoch or an evaluation."""

from __future__ import annotations

import numpy as np

from chainrule._tensor import Tensor
from chainrule.train.objective import Objective


class Measures:
    """Means over rows: a batch counts by its rows, so that a smaller last one has no more than its due.

    Args:
        objective: The loss's and metrics' names and meanings.
    """

    def __init__(self, objective: Objective) -> None:
        self._metrics = objective.new_metrics()
        self._loss = 0.0
        self._rows = 0

    def add(self, loss: float, output: Tensor, target: Tensor, weight: Tensor | None) -> None:
        """Take in a batch: its mean loss, the model's output, targets, and the rows' weights."""
        rows = len(target)
        self._loss += loss * rows
        self._rows += rows
        if self._metrics:
            scores, truth = np.asarray(output), np.asarray(target)
            for metric in self._metrics.values():
                metric.update(scores, truth, None if weight is None else np.asarray(weight))

    def running(self) -> dict[str, float]:
        """What is cheap to know at any time: the mean loss so far."""
        return {"loss": self._loss / self._rows}

    def compute(self) -> dict[str, float]:
        """The mean loss, and every metric."""
        return self.running() | {name: float(metric.compute()) for name, metric in self._metrics.items()}
