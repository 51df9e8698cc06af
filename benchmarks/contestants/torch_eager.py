"""PyTorch as its tutorials write it: the loop by hand, each operation run at once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import numpy as np
import torch
from torch import nn

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
    Product,
    Relu,
    Residual,
)
from benchmarks.workloads import LEARNING_RATE, Array, Workload

LOSSES = {
    "cross_entropy": nn.CrossEntropyLoss,
    "binary_cross_entropy": nn.BCEWithLogitsLoss,
    "mean_squared_error": nn.MSELoss,
}
Model = Callable[[torch.Tensor], torch.Tensor]


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload with PyTorch's default Adam."""
    return loop(workload)


def loop(workload: Workload, *, fused: bool = False, channels_last: bool = False, compiled: bool = False) -> Callable:
    """The loop: a training step with Adam, or only forward, with the pictures in one of PyTorch's two formats."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model, loss_function = network(workload).to(memory_format=layout), LOSSES[workload.loss]()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=fused)
    batches = cycle(
        [(pictures(x).contiguous(memory_format=layout), torch.from_numpy(y)) for x, y in workload.batches()]
    )
    if not workload.trains:
        model.eval()
    called: Model = torch.compile(model) if compiled else model

    def train(steps: int) -> float:
        for _ in range(steps):
            x, y = next(batches)
            loss = loss_function(called(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return loss.item()

    @torch.inference_mode()
    def predict(steps: int) -> float:
        for _ in range(steps):
            x, y = next(batches)
            output = called(x)
        return loss_function(output, y).item()

    return train if workload.trains else predict


def pictures(x: Array) -> torch.Tensor:
    """Rows as PyTorch has them: of pictures the channels come first."""
    return torch.from_numpy(np.moveaxis(x, -1, 1) if x.ndim == 4 else x)


class Block(nn.Module):
    """A residual block."""

    def __init__(self, body: Layers, shortcut: Layers) -> None:
        super().__init__()
        self.body = nn.Sequential(*map(module, body))
        self.shortcut = nn.Sequential(*map(module, shortcut))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x) + self.shortcut(x)


def network(workload: Workload) -> nn.Sequential:
    """The model, with the given first weights."""
    model = nn.Sequential(*map(module, workload.layers))
    weighted = [layer for layer in model.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]
    with torch.no_grad():
        for layer, product, (weight, bias) in zip(weighted, workload.products, workload.first_weights, strict=True):
            layer.weight.copy_(torch.from_numpy(channels_first(product, weight)))
            if bias is not None:
                layer.bias.copy_(torch.from_numpy(bias))
    return model


def channels_first(product: Product, weight: Array) -> Array:
    """A weight for pictures whose channels come first."""
    if product.flattened is not None:
        of_pixels = weight.reshape(-1, *product.flattened)
        return np.moveaxis(of_pixels, -1, 1).reshape(weight.shape)
    return np.ascontiguousarray(np.moveaxis(weight, -1, 1))


def module(layer: Layer) -> nn.Module:
    """PyTorch's name for a layer."""
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
