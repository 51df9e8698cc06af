"""Running a step to measure it, on copies of everything that it reads and writes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from chainrule.core.held import Buffer
from chainrule.graph.fingerprint import fingerprint
from chainrule.jit import Lowered


class Measured(NamedTuple):
    """The mean seconds of some steps: of a whole one, and of each kernel in it where these were timed."""

    step: float
    kernels: list[float]


class Trial:
    """A step with memory of its own.

    Args:
        lowered: What is run.
        timed: Whether each kernel is timed, which makes the step slower.
    """

    def __init__(self, lowered: Lowered, *, timed: bool = False) -> None:
        from chainrule.jit.faults import error_of
        from chainrule.native.executable import build

        key = fingerprint(lowered.graph)
        self._executable = build(lambda: lowered.program, key, timed=timed, explain=error_of)
        self._found = lowered.inputs()
        self._inputs = [Buffer(array.shape, array.dtype) for array in self._found]
        self._results = [Buffer(value.shape, value.dtype) for value in lowered.graph.results]
        for number, buffer in enumerate((*self._inputs, *self._results)):
            self._executable.addresses[number] = buffer.address

    def measure(self, times: int, seconds: float, steps: int | None) -> Iterator[Measured]:
        """Measure several times.

        Args:
            times: How often.
            seconds: How long each is to take about.
            steps: How many steps there are to be in all, however long they take; None for as many as there are.
        """
        if steps is None:
            each = max(1, int(seconds / self._run(1).step))
        else:
            times, each = min(times, steps), max(1, steps // times)
        self._run(each)
        for _ in range(times):
            yield self._run(each)

    def _run(self, steps: int) -> Measured:
        """So many steps, from where the user's state stands."""
        for buffer, array in zip(self._inputs, self._found, strict=True):
            np.copyto(buffer.array, array)
        start = time.perf_counter()
        self._executable.run(steps)
        elapsed = time.perf_counter() - start
        return Measured(elapsed / steps, self._executable.seconds() if self._executable.layout.timed else [])


# On a busy machine most of them are interrupted; the best one counts.
_TRIALS = 20


@cache
def machine_limit(threads: int) -> float:
    """The float32 operations a second that so many threads can do at most; measured once."""
    from chainrule.native.limit import fma_limit

    return fma_limit(threads, _TRIALS)
