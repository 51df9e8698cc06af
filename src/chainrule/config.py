"""What a user sets for the whole process: the default dtype, the number of threads, and the cache."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from chainrule.errors import ArgumentError, DTypeError
from chainrule.processors import available

_default_dtype: np.dtype = np.dtype(np.float32)
_num_threads: int | None = None

# Rises whenever the number of threads may have changed.
threads_revision = 0


def get_default_dtype() -> np.dtype:
    """The floating dtype of tensors made from Python numbers (float32 unless changed).

    >>> get_default_dtype()
    dtype('float32')
    """
    return _default_dtype


def set_default_dtype(dtype: np.dtype | type | str) -> None:
    """Make `dtype` the floating dtype of tensors made from Python numbers.

    Args:
        dtype: float32 or float64.

    Raises:
        DTypeError: If `dtype` is not one of the two.

    >>> set_default_dtype("float64")
    >>> cr.tensor(0.5).dtype
    dtype('float64')
    >>> set_default_dtype("float32")
    """
    global _default_dtype
    chosen = np.dtype(dtype)
    if chosen not in (np.float32, np.float64):
        raise DTypeError("the default dtype must be a floating one.", expected="float32 or float64", got=chosen)
    _default_dtype = chosen


def get_num_threads() -> int:
    """How many threads compiled programs compute with.

    As many as the process may use (its affinity mask, a container's quota), unless `CHAINRULE_THREADS` or
    `set_num_threads` says otherwise. Results are the same bits for any number; small programs use fewer.

    Raises:
        ArgumentError: If `CHAINRULE_THREADS` is no whole number of at least 1.

    >>> get_num_threads() >= 1
    True
    """
    return asked_threads() or available()


def set_num_threads(threads: int) -> None:
    """Compute with this many threads.

    Compiled programs use so many where their work is worth it. What runs without being compiled multiplies matrices
    with so many.

    Raises:
        ArgumentError: If it is no whole number of at least 1.

    >>> cr.set_num_threads(1)
    """
    global _num_threads
    _num_threads = _checked(threads, "threads")
    threads_changed()


def asked_threads() -> int | None:
    """The number of threads that the user has asked for, if so.

    Raises:
        ArgumentError: If `CHAINRULE_THREADS` is no whole number of at least 1.
    """
    given = os.environ.get("CHAINRULE_THREADS")
    if _num_threads is not None or given is None:
        return _num_threads
    return _checked(int(given) if given.isascii() and given.isdigit() else given, "CHAINRULE_THREADS")


def threads_changed() -> None:
    """Have compiled programs look for the number of threads again: each remembers the revision that it has seen."""
    global threads_revision
    threads_revision += 1


def cache_folder() -> Path | None:
    """Where compiled programs are kept: `CHAINRULE_CACHE`, or the user's folder for such files; None if nowhere.

    `CHAINRULE_CACHE=off` (or `0`) keeps nothing.
    """
    given = os.environ.get("CHAINRULE_CACHE", "")
    if given.lower() in ("0", "off"):
        return None
    if given:
        return Path(given)
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "chainrule"


def cache_megabytes() -> int:
    """How many megabytes of compiled programs are kept: `CHAINRULE_CACHE_SIZE`, or 512.

    Raises:
        ArgumentError: If `CHAINRULE_CACHE_SIZE` is no whole number of megabytes.
    """
    given = os.environ.get("CHAINRULE_CACHE_SIZE", "512")
    if not (given.isascii() and given.isdigit()):
        raise ArgumentError(
            "this is no number of megabytes.", where="CHAINRULE_CACHE_SIZE", expected="0 or more", got=repr(given)
        )
    return int(given)


def _checked(threads: object, where: str) -> int:
    if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
        raise ArgumentError("this is no number of threads.", where=where, expected="1 or more", got=repr(threads))
    return threads
