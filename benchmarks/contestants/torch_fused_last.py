"""PyTorch's loop with channels last in memory, and its fused Adam."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.contestants.torch_eager import loop
from benchmarks.workloads import Workload


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload in the other of the two memory formats, with fused Adam."""
    return loop(workload, fused=True, channels_last=True)
