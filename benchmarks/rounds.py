"""All processes of a run, in alternation: a round is everyone once, so that what slows the machine slows everyone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.catalogue import contestants_of
from benchmarks.contestants import BY_MODULE, Contestant
from benchmarks.results import Measurement, Results
from benchmarks.threads import variables
from benchmarks.workloads import Workload

REPOSITORY = Path(__file__).parents[1]
# A process that takes longer than this hangs.
PATIENCE_SECONDS = 600


class ProcessFailedError(Exception):
    """A process ended without its figures; the message is the last line that it wrote."""


@dataclass(frozen=True)
class Plan:
    """What a run measures.

    Attributes:
        workloads: In the order of the table.
        contestants: Those asked for.
        threads: One table each.
        rounds: How often everyone's process is run.
        seconds: How long a process measures.
    """

    workloads: Sequence[Workload]
    contestants: Sequence[Contestant]
    threads: Sequence[int]
    rounds: int
    seconds: float

    def measurements(self) -> list[Measurement]:
        """Everyone who takes part, with nothing measured yet."""
        return [
            Measurement(contestant.module, workload.name, threads)
            for threads in self.threads
            for workload in self.workloads
            for contestant in contestants_of(workload)
            if contestant in self.contestants and not contestant.missing()
        ]


def run(plan: Plan, results: Results) -> Iterator[tuple[int, int, str]]:
    """Measure everything into `results`; what was just measured is told as (done, of, text)."""
    measurements = plan.measurements()
    results.measurements += measurements
    total = plan.rounds * (len(measurements) + len(plan.threads))
    done = 0
    with tempfile.TemporaryDirectory(prefix="chainrule-bench-") as folder:
        for _ in range(plan.rounds):
            for threads in plan.threads:
                done += 1
                yield done, total, measure_limit(results, threads)
            for one in measurements:
                done += 1
                # A cache of its own, empty in the first round, for those who keep compiled code on disk.
                cache = Path(folder) / f"{one.contestant}-{one.workload}-{one.threads}"
                yield done, total, measure(one, plan.seconds, cache)


def measure_limit(results: Results, threads: int) -> str:
    """Add a measurement of the machine's limit, and say what it was."""
    try:
        flops = in_a_process(["benchmarks.limit", "--threads", str(threads)], threads)["flops"]
    except ProcessFailedError as error:
        return f"the machine's limit could not be measured: {error}"
    results.limits.setdefault(str(threads), []).append(flops)
    return f"the machine's limit, threads: {threads}: {flops / 1e9:,.0f} GFLOP/s"


def measure(one: Measurement, seconds: float, cache: Path) -> str:
    """Run one process, add its figures, and say what they were."""
    what = f"{one.workload}, threads: {one.threads}, {BY_MODULE[one.contestant].title}: "
    if one.cannot or one.failed:
        return what + "not again"
    arguments = [one.contestant, one.workload, "--threads", str(one.threads), "--seconds", str(seconds)]
    try:
        figures = in_a_process(["benchmarks.process", *arguments], one.threads, cache)
    except ProcessFailedError as error:
        one.failed = str(error)
        return what + f"failed: {error}"
    if "cannot" in figures:
        one.cannot = figures["cannot"]
        return what + one.cannot
    one.rounds.append(figures)
    return what + f"{figures['step_seconds'] * 1e6:,.1f} µs a step"


def in_a_process(module: Sequence[str], threads: int, cache: Path | None = None) -> dict[str, Any]:
    """What a module prints as its last line of JSON."""
    environment = os.environ | variables(threads)
    if cache is not None:
        environment |= {"CHAINRULE_CACHE": str(cache), "TORCHINDUCTOR_CACHE_DIR": str(cache)}
    command = [sys.executable, "-m", *module]
    try:
        ended = subprocess.run(
            command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise ProcessFailedError(f"no end after {PATIENCE_SECONDS} seconds") from None
    if ended.returncode:
        raise ProcessFailedError((ended.stderr.strip() or f"exit status {ended.returncode}").splitlines()[-1])
    return json.loads(ended.stdout.splitlines()[-1])
