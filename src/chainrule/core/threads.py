"""How many threads the matrix products under NumPy use while a model is trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from chainrule.config import get_num_threads

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    """The libraries that are loaded; looking for them takes milliseconds, so once."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def limited_threads() -> Iterator[None]:
    """Within the block (or the decorated function) BLAS uses `get_num_threads()` threads; then as many as before.

    >>> from chainrule.core.threads import limited_threads
    >>> with limited_threads():
    ...     bool((cr.ones(2, 2) @ cr.ones(2, 2) == 2).all())
    True
    """
    with _controller().limit(limits=get_num_threads(), user_api="blas"):
        yield
