"""The figures of a run, as JSON on disk: what was measured, where, with which versions, and what is missing."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.contestants import BY_MODULE, CONTESTANTS, Contestant
from benchmarks.threads import cores

FOLDER = Path("build") / "bench"


@dataclass
class Measurement:
    """One contestant on one workload with so many threads: the figures of each of its processes.

    Attributes:
        contestant: The name of its file.
        workload: The workload's name.
        threads: How many threads it was given.
        rounds: What its processes printed, in order: see `benchmarks.process`.
        cannot: Why the contestant cannot express the workload; empty if it can.
        failed: The last line that a process wrote as it failed; empty if none did.
    """

    contestant: str
    workload: str
    threads: int
    rounds: list[dict[str, Any]] = field(default_factory=list)
    cannot: str = ""
    failed: str = ""

    @property
    def step_seconds(self) -> float | None:
        """The median over the rounds of a process's median step; None if there is none."""
        return self._median("step_seconds", self.rounds)

    @property
    def spread(self) -> tuple[float, float]:
        """The least and the most of the rounds' medians."""
        medians = [one["step_seconds"] for one in self.rounds]
        return min(medians), max(medians)

    @property
    def first_call(self) -> tuple[float | None, float | None]:
        """Seconds of the first call: in the first round, with empty caches on disk, and the median of the others."""
        return self._median("first_call_seconds", self.rounds[:1]), self._median("first_call_seconds", self.rounds[1:])

    @property
    def import_seconds(self) -> float | None:
        """The median import time."""
        return self._median("import_seconds", self.rounds)

    @property
    def peak_bytes(self) -> float | None:
        """The median of the most memory that a process had; None where the system does not tell."""
        return self._median("peak_bytes", self.rounds)

    def _median(self, name: str, rounds: Iterable[dict[str, Any]]) -> float | None:
        known = [one[name] for one in rounds if one[name] is not None]
        return statistics.median(known) if known else None


@dataclass
class Agreement:
    """Whether a contestant's loss after so many steps from the same weights on the same batches is PyTorch's.

    Attributes:
        contestant: The name of its file.
        workload: The workload's name.
        steps: How many steps were trained.
        loss: Its loss; None if it failed.
        reference: PyTorch's.
        tolerance: How far they may differ, relative to PyTorch's.
    """

    contestant: str
    workload: str
    steps: int
    loss: float | None
    reference: float
    tolerance: float

    @property
    def difference(self) -> float:
        """How far apart they are, relative to PyTorch's."""
        return float("inf") if self.loss is None else abs(self.loss - self.reference) / abs(self.reference)

    @property
    def holds(self) -> bool:
        """Whether they agree."""
        return self.difference <= self.tolerance


@dataclass
class Results:
    """All of a run.

    Attributes:
        date: When it began, in UTC.
        machine: The processor, its cores, the system, Python, and how busy it was: the load as the run began.
        versions: Of every package of those who took part.
        missing: Contestants that could not take part, with what is not installed.
        left_out: Contestants that nobody asked for in this run.
        seconds: How long a process measures.
        limits: By the number of threads, the machine's floating-point operations a second, a round each; empty if
            they could not be measured.
        measurements: In the order of the workloads.
        agreements: In the order of the workloads.
        no_agreement: Why agreement was not checked; empty if it was.
    """

    date: str
    machine: dict[str, Any]
    versions: dict[str, str]
    missing: dict[str, list[str]]
    left_out: list[str]
    seconds: float
    limits: dict[str, list[float]] = field(default_factory=dict)
    measurements: list[Measurement] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)
    no_agreement: str = ""

    @classmethod
    def beginning(cls, asked: list[Contestant], seconds: float) -> Results:
        """Those of a run that begins now."""
        here = [contestant for contestant in asked if not contestant.missing()]
        packages = dict.fromkeys(package for contestant in here for package in contestant.packages)
        return cls(
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            machine=machine(),
            versions={package: version(package) for package in packages},
            missing={one.module: one.missing() for one in asked if one.missing()},
            left_out=[one.module for one in CONTESTANTS if one not in asked],
            seconds=seconds,
        )

    def limit(self, threads: int) -> float | None:
        """The machine's floating-point operations a second on so many threads; None if not measured."""
        measured = self.limits.get(str(threads))
        return statistics.median(measured) if measured else None

    def fastest_peer(self, workload: str, threads: int) -> float | None:
        """The step time of the fastest peer; None if no peer was measured."""
        return min((time for one, time in self.steps(workload, threads) if not BY_MODULE[one].ours), default=None)

    def steps(self, workload: str, threads: int) -> list[tuple[str, float]]:
        """The step time of everyone who was measured."""
        return [
            (one.contestant, one.step_seconds)
            for one in self.measurements
            if one.workload == workload and one.threads == threads and one.step_seconds is not None
        ]

    @property
    def broken(self) -> list[str]:
        """What makes the run a failure: an installed contestant that failed, a loss that does not agree."""
        return [
            *[f"{one.contestant} failed on {one.workload}: {one.failed}" for one in self.measurements if one.failed],
            *[
                f"{one.contestant} does not train as PyTorch on {one.workload}"
                for one in self.agreements
                if not one.holds
            ],
        ]

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read what `save` has written."""
        read = json.loads(path.read_text(encoding="utf-8"))
        read["measurements"] = [Measurement(**one) for one in read["measurements"]]
        read["agreements"] = [Agreement(**one) for one in read["agreements"]]
        return cls(**read)


def machine() -> dict[str, Any]:
    """What runs all this."""
    return {
        "processor": processor(),
        "cores": cores(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def processor() -> str:
    """The processor's name, as far as the system knows it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def version(package: str) -> str:
    """The version of the distribution that brings an importable package."""
    try:
        return metadata.version({"sklearn": "scikit-learn"}.get(package, package))
    except metadata.PackageNotFoundError:
        return "from its source"
