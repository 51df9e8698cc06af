"""chainrule's `compile` and `fit`."""

from __future__ import annotations

from collections.abc import Callable

import chainrule as cr
from benchmarks.contestants.chainrule_jit import LOSSES, network
from benchmarks.workloads import LEARNING_RATE, Workload


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload as `fit`; the loss is the mean over the last epoch."""
    model = network(workload)
    optimizer = cr.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    model.compile(optimizer, loss=LOSSES[workload.loss](), metrics=list(workload.metrics))
    x, y = workload.data

    def train(steps: int) -> float:
        history = model.fit(x, y, workload.batch, epochs=steps // workload.steps_per_epoch, verbose=0)
        return history.history["loss"][-1]

    return train
