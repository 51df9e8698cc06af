"""What a user sets for the whole process: the default dtype, and the number of threads."""

from __future__ import annotations

import os

import numpy as np

from chainrule.errors import ArgumentError, DTypeError

_default_dtype: np.dtype = np.dtype(np.float32)
_num_threads: int | None = None


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
    """How many threads `fit`, `evaluate` and `predict` compute with: 1, unless `CHAINRULE_THREADS` or a call says more.

    One is the default because the matrices of small networks are multiplied in microseconds, and threads that wait
    for one another on a busy machine make each product many times slower (`docs/performance.md` has the figures).

    Raises:
        ArgumentError: If `CHAINRULE_THREADS` is no whole number of at least 1.

    >>> get_num_threads()
    1
    """
    if _num_threads is not None:
        return _num_threads
    given = os.environ.get("CHAINRULE_THREADS", "1")
    return _checked(int(given) if given.isascii() and given.isdigit() else given, "CHAINRULE_THREADS")


def set_num_threads(threads: int) -> None:
    """Compute with this many threads in `fit`, `evaluate` and `predict`: more pay where matrices are large.

    Raises:
        ArgumentError: If it is no whole number of at least 1.

    >>> cr.set_num_threads(1)
    """
    global _num_threads
    _num_threads = _checked(threads, "threads")


def _checked(threads: object, where: str) -> int:
    if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
        raise ArgumentError("this is no number of threads.", where=where, expected="1 or more", got=repr(threads))
    return threads
