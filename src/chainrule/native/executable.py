"""A program that can be called.

What compiles is imported where something is compiled: a program that is in the cache does not wait for it.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
import weakref
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from chainrule import config
from chainrule.native import layout as context
from chainrule.native.cache import Entry, cached
from chainrule.native.layout import Layout
from chainrule.native.machine_code import linked
from chainrule.native.memory import aligned_block
from chainrule.native.pace import Pace
from chainrule.native.target import host
from chainrule.native.threads import Team, current_team

if TYPE_CHECKING:
    from chainrule.compiler.kernel import Kernel, Program
    from chainrule.native.convention import Fault

# Many steps at once return to Python about so often, which looks then whether the user has pressed Ctrl-C; and after so
# many steps while it is being tried how they are fastest.
_SLICE_SECONDS, _TRIED_STEPS = 0.05, 4


class ProgramFault(Exception):  # noqa: N818 - it says what bad data met, and is made into the user's error elsewhere
    """A kernel has met bad data.

    Attributes:
        kernel: Which one.
        fault: What it has met.
        value: The offending value.
        steps: How many steps were done before this one.
    """

    def __init__(self, kernel: Kernel, fault: Fault, value: int, steps: int) -> None:
        super().__init__(f"{kernel.name}: {fault.name.lower().replace('_', ' ')}: {value}")
        self.kernel = kernel
        self.fault = fault
        self.value = value
        self.steps = steps


Explain = Callable[[ProgramFault], Exception]


def build(
    make: Callable[[], Program],
    key: bytes | None = None,
    *,
    timed: bool = False,
    explain: Explain | None = None,
) -> Executable:
    """Compile a program for this processor, or take it from the cache.

    Args:
        make: Gives the program. Only called where it is needed: if it is not in the cache, and for texts and faults.
        key: Says which program it is, so that it can be kept on disk: two programs with the same key must be the same,
            constants included. None keeps it in memory only.
        timed: Whether to measure the time of each kernel (`Executable.seconds`); the program is slower then.
        explain: Makes the error for the user of a fault.
    """

    def compile_program() -> Entry:
        from chainrule.native.program import compiled_program

        return compiled_program(make(), host(), timed=timed)

    entry = cached(None if key is None else key + (b"timed" if timed else b""), compile_program)
    return Executable(entry, make, explain)


class Executable:
    """Machine code with the memory that it works in.

    The addresses of inputs and results are the caller's to set, and so is it to keep those arrays alive.

    A program has one set of addresses and one arena: whoever shares an executable between Python threads holds its
    `lock` from setting the addresses to reading the results.

    Args:
        entry: What was compiled.
        make: Gives the program, where more is asked than to run it.
        explain: Makes the error for the user of a fault, which otherwise is the error.

    Attributes:
        layout: What is known of it.
        addresses: Of the inputs, then of the results: contiguous arrays.
        lock: For those who share it.
    """

    def __init__(self, entry: Entry, make: Callable[[], Program], explain: Explain | None = None) -> None:
        self.layout = Layout.from_json(entry.layout)
        self.lock = threading.Lock()
        self._make = make
        self._explain = explain
        functions, self._library = linked(entry.code, "run")
        self._run: Callable[[int], int] = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(functions["run"])
        # The same, but without letting other Python threads run meanwhile.
        self._run_briefly: Callable[[int], int] = ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(functions["run"])
        block = aligned_block(8 * self.layout.words)
        block[:] = 0
        self._context: int = block.ctypes.data
        self._words = (ctypes.c_int64 * self.layout.words).from_buffer(block.data)
        count = self.layout.inputs + self.layout.results
        self.addresses = (ctypes.c_uint64 * count).from_buffer(block.data, 8 * self.layout.addresses)
        self._constants = aligned_block(len(entry.constants))
        self._constants[:] = np.frombuffer(entry.constants, np.uint8)
        self._words[context.CONSTANTS] = self._constants.ctypes.data
        self._words[context.REPEAT] = 1
        self._call: Callable[[int], int] = self._run
        self._team: Team | None = None
        self._pace: Pace | None = None
        self._revision = -1
        self._steps, self._seconds = 0, 0.0
        _executables.add(self)

    @cached_property
    def program(self) -> Program:
        """The program that it was compiled from."""
        return self._make()

    def run(self, repeat: int = 1) -> int:
        """Run the step, or so many steps one after another.

        Args:
            repeat: How many, above 0. Between slices of a twentieth of a second Python handles signals such as Ctrl-C.

        Returns:
            How many steps were done: `repeat`.

        Raises:
            ProgramFault: If a kernel has met bad data, or what explains it. The steps before were done; what of this
                one (`native/step.py`).
        """
        if self._revision != config.threads_revision:
            self._prepare()
        if repeat != 1 or self.layout.timed:
            return self._run_slices(repeat)
        # Without a team no more is to be done than this one call; of a small step it is a good part.
        done = self._call(self._context) if self._team is None else self._advance()[0]
        if done != 1:
            raise self._fault(0)
        return 1

    def seconds(self) -> list[float]:
        """The mean time of each kernel in a step since this was last asked, if it was built to be timed."""
        ticks = np.array(self._words[self.layout.spent :], np.float64)
        found: list[float] = (ticks / max(ticks.sum(), 1) * self._seconds / max(self._steps, 1)).tolist()
        self._words[self.layout.spent :] = [0] * self.layout.kernels
        self._steps, self._seconds = 0, 0.0
        return found

    def _run_slices(self, repeat: int) -> int:
        # As many as take so long by what is known of a step; the first says nothing yet.
        done, slice_ = 0, max(1, int(_SLICE_SECONDS * self._steps / self._seconds)) if self._seconds else 1
        try:
            while done < repeat:
                most = min(slice_, _TRIED_STEPS) if self._pace is not None and self._pace.on_trial else slice_
                wanted = self._words[context.REPEAT] = min(most, repeat - done)
                self._words[context.TURN] = done
                finished, seconds = self._advance()
                done += finished
                self._steps, self._seconds = self._steps + finished, self._seconds + seconds
                if finished != wanted:
                    raise self._fault(done)
                slice_ = max(1, min(8 * wanted, int(wanted * _SLICE_SECONDS / max(seconds, 1e-9))))
        finally:
            self._words[context.REPEAT], self._words[context.TURN] = 1, 0
        return done

    def _advance(self) -> tuple[int, float]:
        """So many steps as the context says; how many were done, and in how many seconds."""
        start = time.perf_counter()
        finished = self._together()
        seconds = time.perf_counter() - start
        if self._pace is not None:
            self._pace.took(seconds, finished)
        return finished, seconds

    def _together(self) -> int:
        """The steps, on one thread or several; one program at a time has the workers."""
        while (team := self._team) is not None:
            if self._pace is not None and self._pace.alone:
                self._words[context.THREADS] = 1
                return self._call(self._context)
            self._words[context.THREADS] = min(team.threads, self.layout.threads)
            with team.lock:
                if team.alive:
                    return self._run(self._context)
            self._prepare()
        return self._call(self._context)

    def _prepare(self) -> None:
        """Memory and threads, at the first run and whenever the number of threads has changed."""
        layout = self.layout
        self._revision = config.threads_revision
        wanted = config.get_num_threads()
        team = current_team(wanted) if min(wanted, layout.threads) > 1 else None
        threads = min(team.threads, layout.threads) if team is not None else 1
        self._team = team if threads > 1 else None
        # What is timed is to be timed as it usually runs.
        self._pace = Pace() if threads > 1 and not layout.timed else None
        if self._team is not None:
            self._words[context.TEAM] = self._team.address
        self._call = self._run_briefly if layout.brief else self._run
        self._words[context.THREADS] = threads
        if not self._words[context.ARENA]:
            self._arena = aligned_block(layout.arena)
            self._words[context.ARENA] = self._arena.ctypes.data
        self._scratch = aligned_block(threads * layout.scratch, 128)
        self._words[context.SCRATCH] = self._scratch.ctypes.data

    def _fault(self, steps: int) -> Exception:
        from chainrule.native.convention import Fault

        first, last = context.FAULTS, context.FAULTS + self.layout.kernels
        words = self._words[first:last]
        self._words[first:last] = [0] * len(words)
        number, word = next((number, word) for number, word in enumerate(words) if word)
        fault = ProgramFault(self.program.kernels[number], Fault(word & 0xFF), word >> 8, steps)
        return fault if self._explain is None else self._explain(fault)


_executables: weakref.WeakSet[Executable] = weakref.WeakSet()


def _unlock_after_fork() -> None:
    """A lock that another thread of the parent held is nobody's in the child."""
    for executable in _executables:
        executable.lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_after_fork)
