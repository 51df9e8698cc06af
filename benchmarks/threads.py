"""As many threads for everyone: by the variables that libraries read, and by the cores that a process may use."""

from __future__ import annotations

import os


def variables(threads: int) -> dict[str, str]:
    """What tells each framework and each library beneath it how many threads to use."""
    names = ("CHAINRULE_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return dict.fromkeys(names, str(threads))


def pin(threads: int) -> None:
    """Let this process have so many cores only, where the system can: JAX has a thread a core, and no other setting."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
