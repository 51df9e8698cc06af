"""chainrule's `compile` and `fit`, or its `predict`."""

from __future__ import annotations

from collections.abc import Callable

import chainrule as cr
from benchmarks.contestants.chainrule_jit import LOSSES, network
from benchmarks.workloads import LEARNING_RATE, Workload


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload as `fit`, whose loss is the mean over the last epoch, or as `predict`, that of the last output."""
    model, loss_function = network(workload), LOSSES[workload.loss]()
    optimizer = cr.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    model.compile(optimizer, loss=loss_function, metrics=list(workload.metrics))
    x, y = workload.data

    def train(steps: int) -> float:
        history = model.fit(x, y, workload.batch, epochs=steps // workload.steps_per_epoch, verbose=0)
        return history.history["loss"][-1]

    def predict(steps: int) -> float:
        for _ in range(steps // workload.steps_per_epoch):
            output = model.predict(x, workload.batch)
        return loss_function(cr.tensor(output[: workload.batch]), cr.tensor(y[: workload.batch])).item()

    return train if workload.trains else predict
