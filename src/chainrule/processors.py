"""How many processors this process may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def available(root: Path = Path("/")) -> int:
    """The processors that the affinity mask allows, or fewer if a container's quota (cgroup 1 or 2) says so.

    A quota of one processor and a half counts as one: a second thread would be stopped again and again, and whoever
    waits for it with it.

    Args:
        root: Where the system's folders are.

    >>> from chainrule.processors import available
    >>> available() >= 1
    True
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([allowed, *map(int, _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """How many processors' time is granted to each control group that this process is in."""
    groups = root / "sys/fs/cgroup"
    with suppress(OSError, ValueError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                yield from _within(groups, path)
            elif "cpu" in controllers.split(","):
                yield from _within(groups / "cpu", path)


def _within(mount: Path, path: str) -> Iterator[float]:
    """The quotas of a group and of those that it is part of. Within a container some of these are not to be seen."""
    group = mount / path.strip("/")
    for folder in (group, *group.parents):
        with suppress(OSError, ValueError):
            quota, period = _limit(folder)
            if quota > 0:
                yield quota / period
        if folder == mount:
            return


def _limit(folder: Path) -> tuple[int, int]:
    """Microseconds of processors' time, and in how many microseconds. A quota that is no number above 0 is no limit."""
    if (folder / "cpu.max").exists():
        quota, period = (folder / "cpu.max").read_text().split()
        return int(quota), int(period)
    return int((folder / "cpu.cfs_quota_us").read_text()), int((folder / "cpu.cfs_period_us").read_text())
