"""PyTorch's loop with its compiler for forward and backward, and its fused Adam, the fastest of its updates."""

from __future__ import annotations

from collections.abc import Callable

import torch

from benchmarks.contestants.torch_eager import network, training
from benchmarks.workloads import LEARNING_RATE, Workload


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload through torch.compile."""
    model = network(workload)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
    return training(workload, torch.compile(model), optimizer)
