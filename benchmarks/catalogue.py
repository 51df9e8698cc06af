"""All that can be run, by name."""

from __future__ import annotations

from benchmarks.contestants import CONTESTANTS, Contestant
from benchmarks.scaling import CURVES
from benchmarks.workloads import WORKLOADS, Workload

# What `--only` takes: the workloads of the table, and the curves, each as a whole.
PARTS: dict[str, list[Workload]] = {workload.name: [workload] for workload in WORKLOADS} | dict(CURVES)
BY_NAME = {workload.name: workload for part in PARTS.values() for workload in part}


def find(name: str) -> Workload:
    """The workload of this name: a row of the table, or a point of a curve."""
    return BY_NAME[name]


def contestants_of(workload: Workload) -> list[Contestant]:
    """Who takes part in it."""
    return [
        one
        for one in CONTESTANTS
        if (workload.contestants is None or one.module in workload.contestants)
        and one.pictures in (True, "only" if workload.of_pictures else False)
    ]
