"""The figures of a run, as JSON on disk."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import results

FOLDER = results.FOLDER / "tabular"
PACKAGES = ("chainrule", "numpy", "pandas", "sklearn", "duckdb")


@dataclass
class Runs:
    """One contestant on one table.

    Attributes:
        contestant: Its name.
        task: The table's.
        scores: By the seed, in order.
        seconds: The same.
        peak_bytes: The most memory that each of the processes had; None where the system does not tell.
        failed: The last line that a process wrote as it failed; empty if none did.
    """

    contestant: str
    task: str
    scores: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    peak_bytes: list[int | None] = field(default_factory=list)
    failed: str = ""

    @property
    def score(self) -> float:
        """The mean over the seeds."""
        return statistics.fmean(self.scores)

    @property
    def spread(self) -> float:
        """The standard deviation from seed to seed."""
        return statistics.stdev(self.scores) if len(self.scores) > 1 else 0.0


@dataclass
class Results:
    """All of a run.

    Attributes:
        date: When it began, in UTC.
        machine: What it ran on.
        versions: Of the packages that took part.
        runs: A contestant on a table each.
        large: How the large table was read, by the limit of memory that was set: "none", or bytes.
        missing: What could not be measured, and why.
    """

    date: str
    machine: dict[str, Any]
    versions: dict[str, str]
    runs: list[Runs] = field(default_factory=list)
    large: dict[str, dict[str, Any]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    @classmethod
    def beginning(cls) -> Results:
        """Those of a run that begins now."""
        versions = {package: results.version(package) for package in PACKAGES}
        return cls(datetime.now(UTC).isoformat(timespec="seconds"), results.machine(), versions)

    def of(self, contestant: str, task: str) -> Runs | None:
        """The runs of one contestant on one table, if there are some."""
        return next((one for one in self.runs if (one.contestant, one.task) == (contestant, task) and one.scores), None)

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read what `save` has written."""
        read = json.loads(path.read_text(encoding="utf-8"))
        return cls(**read | {"runs": [Runs(**one) for one in read["runs"]]})
