"""PyTorch's loop with its fused Adam: one kernel that updates all weights."""

from __future__ import annotations

from collections.abc import Callable

import torch

from benchmarks.contestants.torch_eager import network, training
from benchmarks.workloads import LEARNING_RATE, Workload


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload with fused Adam."""
    model = network(workload)
    return training(workload, model, torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True))
