"""How many threads the matrix products under NumPy use while a model is trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from chainrule.config import asked_threads

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    """The libraries that are loaded; looking for them takes milliseconds, so once."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def limited_threads() -> Iterator[None]:
    """Within the block (or the decorated function) BLAS uses one thread; then as many as before.

    Its threads wait for one another on a busy machine, and make the products of small networks many times slower
    (`docs/performance.md`). It uses more only if `CHAINRULE_THREADS` or `set_num_threads` asks for them.

    >>> from chainrule.core.threads import limited_threads
    >>> with limited_threads():
    ...     bool((cr.ones(2, 2) @ cr.ones(2, 2) == 2).all())
    True
    """
    with _controller().limit(limits=asked_threads() or 1, user_api="blas"):
        yield
