"""PyTorch as its tutorials write it: the loop by hand, each operation run at once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import torch
from torch import nn

from benchmarks.workloads import LEARNING_RATE, BatchNorm, Dense, Dropout, Layer, Relu, Workload

LOSSES = {
    "cross_entropy": nn.CrossEntropyLoss,
    "binary_cross_entropy": nn.BCEWithLogitsLoss,
    "mean_squared_error": nn.MSELoss,
}


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload with PyTorch's default Adam."""
    model = network(workload)
    return training(workload, model, torch.optim.Adam(model.parameters(), lr=LEARNING_RATE))


def network(workload: Workload) -> nn.Sequential:
    """The model, with the given first weights."""
    model = nn.Sequential(*[module(layer) for layer in workload.layers])
    dense = [layer for layer in model if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        for layer, (weight, bias) in zip(dense, workload.first_weights(), strict=True):
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.copy_(torch.from_numpy(bias))
    return model


def module(layer: Layer) -> nn.Module:
    """PyTorch's name for a layer."""
    match layer:
        case Dense(inputs, outputs):
            return nn.Linear(inputs, outputs)
        case Relu():
            return nn.ReLU()
        case BatchNorm(units):
            return nn.BatchNorm1d(units)
        case Dropout(p):
            return nn.Dropout(p)


def training(
    workload: Workload, model: Callable[..., torch.Tensor], optimizer: torch.optim.Optimizer
) -> Callable[[int], float]:
    """The training loop."""
    loss_function = LOSSES[workload.loss]()
    batches = cycle([(torch.from_numpy(x), torch.from_numpy(y)) for x, y in workload.batches()])

    def train(steps: int) -> float:
        for _ in range(steps):
            x, y = next(batches)
            loss = loss_function(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return loss.item()

    return train
