"""What a process of its own does: measure one contestant on one workload, and print the figures as one line of JSON.

Nothing but the standard library is imported at the top, so that the import time is the framework's own.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.contestants import BY_MODULE, NotExpressibleError
from benchmarks.threads import pin

# A block of steps is timed as one, long enough for the clock's own cost to vanish; of a `fit` for what it does before
# its first epoch, some milliseconds, to be shared by many epochs, as it is for users.
BLOCK_SECONDS, FIT_SECONDS = 0.05, 0.25


def main() -> None:
    """Measure, or train a few steps and print the last loss."""
    parser = argparse.ArgumentParser()
    parser.add_argument("contestant")
    parser.add_argument("workload")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1.0, help="how long to measure")
    parser.add_argument("--loss-after", type=int, metavar="STEPS", help="only print the loss, without dropout")
    asked = parser.parse_args()
    pin(asked.threads)
    os.environ.update(BY_MODULE[asked.contestant].environment)
    try:
        figures = last_loss(asked) if asked.loss_after else measured(asked)
    except NotExpressibleError as reason:
        figures = {"cannot": str(reason)}
    print(json.dumps(figures))


def last_loss(asked: argparse.Namespace) -> dict[str, Any]:
    """The loss of the last of so many steps."""
    train = contestant_of(asked).prepare(workload_of(asked).to_compare(asked.loss_after))
    return {"loss": train(asked.loss_after)}


def measured(asked: argparse.Namespace) -> dict[str, Any]:
    """All figures of one contestant on one workload."""
    start = time.perf_counter()
    for package in BY_MODULE[asked.contestant].packages:
        importlib.import_module(package)
    imported = time.perf_counter() - start

    workload, contestant = workload_of(asked), contestant_of(asked)
    fits = BY_MODULE[asked.contestant].whole_epochs
    unit, block = (workload.steps_per_epoch, FIT_SECONDS) if fits else (1, BLOCK_SECONDS)
    _ = workload.data, workload.first_weights  # made by NumPy: no part of the first call
    start = time.perf_counter()
    train = contestant.prepare(workload)
    train(unit)
    first_call = time.perf_counter() - start
    times = steps(train, unit, asked.seconds, block)
    return {"import_seconds": imported, "first_call_seconds": first_call} | times | memory()


def workload_of(asked: argparse.Namespace) -> Any:
    """The workload of this name."""
    return importlib.import_module("benchmarks.catalogue").find(asked.workload)


def contestant_of(asked: argparse.Namespace) -> Any:
    """The contestant's file."""
    return importlib.import_module(f"benchmarks.contestants.{asked.contestant}")


def steps(train: Callable[[int], float], unit: int, seconds: float, block_seconds: float) -> dict[str, Any]:
    """The time of a step in blocks of many: the median of the blocks, the least and the most."""

    def timed(count: int) -> float:
        start = time.perf_counter()
        train(count)
        return time.perf_counter() - start

    # Warm-up; its fastest unit says how many make a block, whatever held up the others.
    warm_until = time.perf_counter() + seconds / 2
    fastest = timed(unit)
    while time.perf_counter() < warm_until:
        fastest = min(fastest, timed(unit))
    count = unit * max(1, round(block_seconds / fastest))
    blocks, end = [timed(count)], time.perf_counter() + seconds
    while time.perf_counter() < end or len(blocks) < 3:
        blocks.append(timed(count))
    times = [block / count for block in blocks]
    return {
        "step_seconds": statistics.median(times),
        "least_seconds": min(times),
        "most_seconds": max(times),
        "steps": count * len(blocks),
    }


def memory() -> dict[str, Any]:
    """The most memory that this process has had at any time; None where the system does not tell.

    On Linux not from `getrusage`, which counts what the parent had as it started this process.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return {"peak_bytes": int(lines["VmHWM"].split()[0]) * 1024}
    try:
        import resource
    except ImportError:  # Windows
        return {"peak_bytes": None}
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"peak_bytes": most if sys.platform == "darwin" else most * 1024}


if __name__ == "__main__":
    main()
