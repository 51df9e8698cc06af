"""The machine's limit: a loop of nothing but multiply-adds, as every measured share of the limit means it."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from chainrule.native.emit import Function, Module, i64, vector
from chainrule.native.machine_code import compiled, linked
from chainrule.native.target import Target, host

# Some ten milliseconds, so that starting the threads does not count.
_TURNS = 2_000_000


def fma_limit(threads: int = 1, trials: int = 5) -> float:
    """The float32 operations a second that the processor can do at most: multiply-adds, each of which counts as two.

    Args:
        threads: How many threads do them at once.
        trials: How often it is measured; the best counts.

    Returns:
        Operations a second, of all threads together.

    >>> fma_limit(trials=1) > 1e8
    True
    """
    call, _ = _loop()
    width = host().vector_bytes * (_chains(host()) + 1)

    def run(_: int) -> None:
        call(ctypes.create_string_buffer(width))

    operations = 2 * _TURNS * _chains(host()) * host().lanes() * threads
    best = float("inf")
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(trials):
            start = time.perf_counter()
            list(pool.map(run, range(threads)))
            best = min(best, time.perf_counter() - start)
    return operations / best


def _chains(target: Target) -> int:
    """Sums that do not wait for one another: enough to hide the latency, few enough for the registers."""
    return 24 if target.registers >= 32 else 12


@cache
def _loop() -> tuple[Callable[[object], object], object]:
    """The loop, given memory for its factor and its sums, and what keeps it alive."""
    target = host()
    module = Module()
    type = vector("float", target.lanes())
    f = Function(module, "limit", [("ptr", "")], linkage="")
    (memory,) = f.params
    places = [f.at(memory, "float", i64(0), i * target.lanes()) for i in range(_chains(target) + 1)]
    factor, *sums = [f.load(type, place) for place in places]
    with f.loop(i64(0), i64(_TURNS), carried=sums, unroll=False, may_be_empty=False) as loop:
        if target.fused:
            loop.next([f.fma(factor, factor, each) for each in loop.carried])
        else:
            product = f.mul(factor, factor)
            loop.next([f.add(f.mul(product, factor), each) for each in loop.carried])
    for place, each in zip(places[1:], loop.results, strict=True):
        f.store(each, place)
    f.finish()
    addresses, library = linked(compiled(str(module), target), "limit")
    return ctypes.CFUNCTYPE(None, ctypes.c_char_p)(addresses["limit"]), library
