"""PyTorch's loop with its fused Adam: one kernel that updates all weights."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.contestants.torch_eager import loop
from benchmarks.workloads import Workload


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload with fused Adam."""
    return loop(workload, fused=True)
