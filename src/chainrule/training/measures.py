"""The running loss and metrics of an epoch or an evaluation."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from chainrule.core.shape import Shape
from chainrule.errors import ArgumentError, EmptyDataError
from chainrule.nn.losses import Loss
from chainrule.training.objective import Objective
from chainrule.training.precheck import located
from chainrule.training.running import Ran

# How many numbers metrics are tried on before training, about.
TRIED = 1 << 16


class Measures:
    """Means over rows: a batch counts by its rows, so that a smaller last one has no more than its due.

    Args:
        objective: The loss's and metrics' names and meanings.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._metrics = objective.new_metrics()
        self._loss = 0.0
        self._share = 0.0

    def add(self, ran: Ran) -> None:
        """Take in some batches."""
        self._loss += float(np.dot(ran.losses, ran.shares))
        self._share += float(np.sum(ran.shares))
        if self._metrics and ran.measured is not None:
            counted = _without_ignored(*ran.measured, self._objective.ignored)
            for metric in self._metrics.values():
                metric.update(*counted)

    def running(self) -> dict[str, float]:
        """What is cheap to know at any time: the mean loss so far."""
        return {"loss": self._loss / self._share if self._share else float("nan")}

    def compute(self) -> dict[str, float]:
        """The mean loss, and every metric."""
        return self.running() | {name: float(metric.compute()) for name, metric in self._metrics.items()}


def _without_ignored(
    scores: np.ndarray, targets: np.ndarray, weights: np.ndarray | None, ignored: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Scores, targets and weights of what counts: where targets are class indices, one of them may not."""
    if ignored is None or targets.dtype.kind not in "iu" or not (targets == ignored).any():
        return scores, targets, weights
    kept = targets != ignored
    if weights is not None:
        each = weights.reshape(len(weights), *[1] * (targets.ndim - 1))
        weights = np.broadcast_to(each, targets.shape)[kept]
    return scores[kept], targets[kept], weights


def check_metrics(objective: Objective, output: Shape, targets: np.ndarray) -> None:
    """Raise where a metric cannot measure such outputs and targets: before training, not after its first epoch.

    Raises:
        ArgumentError: If a metric gives more than one number.
        ChainruleError: What the metric raises.
    """
    rows = min(len(targets), max(2, TRIED // max(1, int(np.prod(output[1:])))))
    takes = objective.loss.takes if isinstance(objective.loss, Loss) else "numbers"
    even = 1 / output[-1] if objective.task == "multiclass" and takes == "probabilities" else 0.0
    scores = np.full((rows, *output[1:]), even, np.float32)
    for name, metric in objective.new_metrics().items():
        # A metric of the user's own may divide by zero over such outputs.
        with suppress(EmptyDataError, ArithmeticError), located(f"metric {name!r}"):
            metric.update(*_without_ignored(scores, targets[:rows], None, objective.ignored))
            if np.ndim(metric.compute()) > 0:
                raise ArgumentError(
                    "this metric gives more than one number.",
                    expected="one number an epoch",
                    remedy='an average ("macro"); or measure after training: '
                    "metric.update(model.predict(x), y); metric.compute()",
                )
