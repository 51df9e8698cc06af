"""chainrule's loop by hand, the whole step under `cr.jit`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import chainrule as cr
from benchmarks.layers import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Layer,
    Layers,
    MaxPool,
    Relu,
    Residual,
)
from benchmarks.workloads import LEARNING_RATE, Workload
from chainrule import nn

LOSSES = {
    "cross_entropy": nn.CrossEntropyLoss,
    "binary_cross_entropy": nn.BCEWithLogitsLoss,
    "mean_squared_error": nn.MSELoss,
}


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload as one compiled step."""
    model, loss_function = network(workload), LOSSES[workload.loss]()
    batches = cycle([(cr.tensor(x), cr.tensor(y)) for x, y in workload.batches()])
    if not workload.trains:
        return predicting(model, loss_function, batches)
    optimizer = cr.optim.Adam(model.parameters(), lr=LEARNING_RATE)

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


def predicting(model: nn.Module, loss_function: nn.Module, batches: cycle) -> Callable[[int], float]:
    """Only forward."""
    model.eval()

    @cr.jit
    def step(x: cr.Tensor) -> cr.Tensor:
        with cr.no_grad():
            return model(x)

    def predict(steps: int) -> float:
        for _ in range(steps):
            x, y = next(batches)
            output = step(x)
        return loss_function(output, y).item()

    return predict


class Block(nn.Module):
    """A residual block."""

    def __init__(self, body: Layers, shortcut: Layers) -> None:
        super().__init__()
        self.body = nn.Sequential(*map(module, body))
        self.shortcut = nn.Sequential(*map(module, shortcut)) if shortcut else nn.Identity()

    def forward(self, x: cr.Tensor) -> cr.Tensor:
        return self.body(x) + self.shortcut(x)


def network(workload: Workload) -> nn.Sequential:
    """The model, with the given first weights."""
    model = nn.Sequential(*map(module, workload.layers))
    weighted = [layer for layer in model.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]
    with cr.no_grad():
        for layer, (weight, bias) in zip(weighted, workload.first_weights, strict=True):
            layer.weight.copy_(cr.tensor(weight))
            if bias is not None:
                layer.bias.copy_(cr.tensor(bias))
    return model


def module(layer: Layer) -> nn.Module:
    """The name of a layer."""
    match layer:
        case Dense(inputs, outputs, bias):
            return nn.Linear(inputs, outputs, bias)
        case Conv(inputs, outputs, kernel, stride, padding, groups, bias):
            return nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=bias)
        case Relu():
            return nn.ReLU()
        case BatchNorm(units, of_pictures):
            return nn.BatchNorm2d(units) if of_pictures else nn.BatchNorm1d(units)
        case Dropout(p):
            return nn.Dropout(p)
        case MaxPool(size):
            return nn.MaxPool2d(size)
        case GlobalPool():
            return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        case Flatten():
            return nn.Flatten()
        case Residual(body, shortcut):
            return Block(body, shortcut)
