"""PyTorch's loop with pictures whose channels come last in memory, as its guide to performance advises."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.contestants.torch_eager import loop
from benchmarks.workloads import Workload


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload in the other of the two memory formats."""
    return loop(workload, channels_last=True)
