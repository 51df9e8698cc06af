"""Making things ahead of their use: while one is in use, the next is made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def made_ahead(
    makers: Iterable[Callable[[], T]], waited: Callable[[float], None] = lambda seconds: None
) -> Iterator[T]:
    """What each of the makers makes, in order; the next one is made, in a thread, while the last one is in use.

    Never more than two are there at a time, so that memory is bounded.

    Args:
        makers: What makes each item; the next maker is asked for when the item before it is handed out.
        waited: Is told how many seconds each item was waited for.

    Example:
        >>> from chainrule.data.ahead import made_ahead
        >>> list(made_ahead([lambda: 1, lambda: 2]))
        [1, 2]
    """
    with ThreadPoolExecutor(1, "ahead") as pool:
        coming: Future[T] | None = None
        for make in makers:
            following = pool.submit(make)
            if coming is not None:
                yield _when_made(coming, waited)
            coming = following
        if coming is not None:
            yield _when_made(coming, waited)


def _when_made(coming: Future[T], waited: Callable[[float], None]) -> T:
    begun = time.perf_counter()
    item = coming.result()
    waited(time.perf_counter() - begun)
    return item
