"""The worker threads of the process: one team, which all programs share.

Workers are Python threads that stay in native code, where they need no interpreter lock: they wait for jobs there and
sleep there, on locks of Python's own C interface, which exist on every system.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from chainrule import config
from chainrule.native import team
from chainrule.native.cache import Entry, cached
from chainrule.native.machine_code import compiled, linked
from chainrule.native.memory import aligned_block
from chainrule.native.target import host
from chainrule.native.worker import worker_text

# How long a thread looks again and again for what it waits for, which keeps a processor busy but notices at once; and
# how long a worker then goes on looking while it lets others run, before it sleeps, from which waking takes longer.
_SPIN_SECONDS, _YIELD_SECONDS = 50e-6, 2e-3

# How long the caller, done with its own share, waits for a worker to begin before it does the worker's share itself.
_PATIENCE_SECONDS = 1.5e-6

# A step that runs when the interpreter ends is waited for so long.
_EXIT_SECONDS = 5.0

# Looked up by name in brackets, since functions that are looked up as attributes are everybody's to change.
_allocate_lock = ctypes.pythonapi["PyThread_allocate_lock"]
_allocate_lock.restype, _allocate_lock.argtypes = ctypes.c_void_p, []
_acquire_lock = ctypes.pythonapi["PyThread_acquire_lock"]
_acquire_lock.restype, _acquire_lock.argtypes = ctypes.c_int, [ctypes.c_void_p, ctypes.c_int]
_release_lock = ctypes.pythonapi["PyThread_release_lock"]
_free_lock = ctypes.pythonapi["PyThread_free_lock"]
_free_lock.restype, _free_lock.argtypes = None, [ctypes.c_void_p]


class Team:
    """The caller and its workers.

    Args:
        threads: How many in all; fewer if the system does not let us have so many.

    Attributes:
        wanted: How many were asked for.
        threads: How many there are.
        address: Of the words that they share (`native/team.py`).
        lock: Held by the caller during a job.
        alive: False once it has been stopped.
    """

    def __init__(self, threads: int) -> None:
        self.lock = threading.Lock()
        self.alive = True
        self.wanted = threads
        self._words = aligned_block(team.team_bytes(threads), team.LINE).view(np.int64)
        self._words[:] = 0
        self.address: int = self._words.ctypes.data
        self._native = _native()
        # Sections count from 1: nobody has claimed a share of section 0.
        self._set(team.STATE, 1 << team.NUMBER_SHIFT)
        self._set(team.SPINS, self._native.spins(_SPIN_SECONDS))
        self._set(team.PATIENCE, self._native.spins(_PATIENCE_SECONDS))
        self._set(team.YIELDS, self._native.yields(_YIELD_SECONDS))
        self._set(team.YIELD, _address(_yield()))
        self._set(team.SLEEP, _address(_acquire_lock))
        self._set(team.WAKE, _address(_release_lock))
        self._workers: list[threading.Thread] = []
        self._locks: list[int] = []
        while 1 + len(self._workers) < min(threads, team.MOST_THREADS) and self._start():
            pass
        self.threads = 1 + len(self._workers)

    def stop(self, timeout: float = -1) -> None:
        """Have the workers return after the job that they are at; give up if that takes longer than the timeout."""
        if not self.lock.acquire(timeout=timeout):
            return
        try:
            if self.alive:
                self.alive = False
                self._native.stop(self.address, self.threads)
                for worker, lock in zip(self._workers, self._locks, strict=True):
                    worker.join()
                    _free_lock(lock)
        finally:
            self.lock.release()

    def _start(self) -> bool:
        """One more worker; False if the system gives no more threads."""
        number = 1 + len(self._workers)
        lock = _allocate_lock()
        # A worker sleeps by acquiring a lock that is held, and is woken by its release.
        _acquire_lock(lock, 1)
        self._set(team.THREAD + number * team.THREAD_BYTES + team.LOCK, lock)
        arguments = (self.address, number)
        worker = threading.Thread(target=self._native.worker, args=arguments, name=f"chainrule {number}", daemon=True)
        try:
            worker.start()
        except RuntimeError:
            _free_lock(lock)
            return False
        self._workers.append(worker)
        self._locks.append(lock)
        return True

    def _set(self, offset: int, value: int) -> None:
        self._words[offset // 8] = value


_current: Team | None = None
_changing = threading.Lock()


def current_team(threads: int) -> Team:
    """The process's team, with so many threads; another one is stopped."""
    global _current
    with _changing:
        if _current is None or _current.wanted != threads or not _current.alive:
            if _current is not None:
                _current.stop()
            _current = Team(threads)
        return _current


def _stop_at_exit() -> None:
    if _current is not None:
        _current.stop(_EXIT_SECONDS)


def _forget_after_fork() -> None:
    """A child has the memory of its parent but none of its workers; it starts its own when it needs them."""
    global _current, _changing
    _current, _changing = None, threading.Lock()
    config.threads_changed()


atexit.register(_stop_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)


class _Native:
    """The functions of the workers' module."""

    def __init__(self) -> None:
        entry = cached(b"workers", lambda: Entry(compiled(worker_text(host()), host())))
        at, self._library = linked(entry.code, "worker", "stop", "spin", "yields")
        pointer, number = ctypes.c_void_p, ctypes.c_int64
        self.worker: Callable[..., None] = ctypes.CFUNCTYPE(None, pointer, number)(at["worker"])
        self.stop: Callable[..., None] = ctypes.CFUNCTYPE(None, pointer, number)(at["stop"])
        self._spin = ctypes.CFUNCTYPE(None, pointer, number)(at["spin"])
        self._yields = ctypes.CFUNCTYPE(None, pointer, number)(at["yields"])

    def spins(self, seconds: float) -> int:
        """How often a waiting loop looks within this time, about."""
        word = ctypes.c_int64()
        return _turns(lambda count: self._spin(ctypes.addressof(word), count), 500, seconds)

    def yields(self, seconds: float) -> int:
        """How often a thread that nobody else waits for can yield within this time, about."""
        return _turns(lambda count: self._yields(_address(_yield()), count), 50, seconds)


_native = cache(_Native)


def _turns(work: Callable[[int], None], sample: int, seconds: float) -> int:
    """How many turns of a loop fit into a time; by the fastest of three samples, as others may have been at work."""

    def timed() -> float:
        start = time.perf_counter()
        work(sample)
        return time.perf_counter() - start

    return max(1, int(sample * seconds / max(min(timed() for _ in range(3)), 1e-9)))


@cache
def _yield() -> Any:
    """The system's function that lets other threads run."""
    if sys.platform == "win32":
        return ctypes.WinDLL("kernel32").SwitchToThread
    return ctypes.CDLL(None).sched_yield


def _address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0
