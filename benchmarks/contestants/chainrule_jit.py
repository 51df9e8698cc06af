"""chainrule's loop by hand, the whole step under `cr.jit`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import chainrule as cr
from benchmarks.workloads import LEARNING_RATE, BatchNorm, Dense, Dropout, Layer, Relu, Workload
from chainrule import nn

LOSSES = {
    "cross_entropy": nn.CrossEntropyLoss,
    "binary_cross_entropy": nn.BCEWithLogitsLoss,
    "mean_squared_error": nn.MSELoss,
}


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload as one compiled step."""
    model = network(workload)
    optimizer, loss_function = cr.optim.Adam(model.parameters(), lr=LEARNING_RATE), LOSSES[workload.loss]()
    batches = cycle([(cr.tensor(x), cr.tensor(y)) for x, y in workload.batches()])

    @cr.jit
    def step(x: cr.Tensor, y: cr.Tensor) -> cr.Tensor:
        loss = loss_function(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    def train(steps: int) -> float:
        for _ in range(steps):
            loss = step(*next(batches))
        return loss.item()

    return train


def network(workload: Workload) -> nn.Sequential:
    """The model, with the given first weights."""
    model = nn.Sequential(*[module(layer) for layer in workload.layers])
    dense = [layer for layer in model if isinstance(layer, nn.Linear)]
    with cr.no_grad():
        for layer, (weight, bias) in zip(dense, workload.first_weights(), strict=True):
            layer.weight.copy_(cr.tensor(weight))
            layer.bias.copy_(cr.tensor(bias))
    return model


def module(layer: Layer) -> nn.Module:
    """The name of a layer."""
    match layer:
        case Dense(inputs, outputs):
            return nn.Linear(inputs, outputs)
        case Relu():
            return nn.ReLU()
        case BatchNorm(units):
            return nn.BatchNorm1d(units)
        case Dropout(p):
            return nn.Dropout(p)
