"""PyTorch's loop with its compiler for forward and backward, and its fused Adam, the fastest of its updates."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.contestants.torch_eager import loop
from benchmarks.workloads import Workload


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload through torch.compile."""
    return loop(workload, fused=True, compiled=True)
