"""Train for long, then with ever new shapes, and watch the memory: `python -m scripts.soak [STEPS [SHAPES]]`.

After a warm-up the memory must be steady: steps may leave nothing behind. A program that is dropped leaves some 10 kB
in LLVM's linker and as much in gaps of the heap, but none of its own memory, which here is several hundred kB.
"""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

import chainrule as cr
from chainrule.errors import RetraceWarning
from chainrule.native.memory import give_back

MEGABYTE = 1 << 20
STATUS = Path("/proc/self/statm")
# How many programs of a function are kept, and a few more.
WARM_SHAPES = 70


def resident() -> int:
    """The memory in bytes that the process has, without what is free."""
    gc.collect()
    give_back()
    import resource

    return int(STATUS.read_text().split()[1]) * resource.getpagesize()


def training(hidden: int) -> Callable[[int], object]:
    """A compiled step of a small network with Adam, for a batch of so many rows."""
    cr.manual_seed(0)
    model = cr.nn.Sequential(cr.nn.Linear(8, hidden), cr.nn.ReLU(), cr.nn.Linear(hidden, 1))
    optimizer = cr.optim.Adam(model.parameters(), lr=1e-3)

    @cr.jit
    def step(x: cr.Tensor, y: cr.Tensor) -> cr.Tensor:
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    return lambda rows: step(np.ones((rows, 8), np.float32), np.ones((rows, 1), np.float32))


def grown(turns: int, warm: int, work: Callable[[int], object]) -> int:
    """By how many bytes the memory has grown between a turn and the last one."""
    before = 0
    for turn in range(turns):
        if turn == warm:
            before = resident()
        work(turn)
    return resident() - before


def main(steps: int = 100_000, shapes: int = 200) -> bool:
    """Whether the memory is steady; what was measured is told."""
    # What has been imported is not gone through again by each search for cycles.
    gc.freeze()
    step = training(16)
    by_steps = grown(steps, steps // 10, lambda turn: step(4))
    print(f"{steps} steps: {by_steps / MEGABYTE:+.2f} MB after the first tenth")
    step = training(64)

    def another_shape(turn: int) -> None:
        # In a mixed order, so that those kept at the end are not larger than those kept before.
        step(100 + turn * 61 % 211)
        # What compiling leaves in cycles would wait for a collector that comes when it likes.
        gc.collect()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RetraceWarning)
        by_shapes = grown(shapes, WARM_SHAPES, another_shape)
    print(f"{shapes} shapes: {by_shapes / MEGABYTE:+.2f} MB after the first {WARM_SHAPES}")
    return by_steps < MEGABYTE and by_shapes < 2 * MEGABYTE + (shapes - WARM_SHAPES) * 50_000


if __name__ == "__main__":
    if not STATUS.exists():
        sys.exit(f"there is no {STATUS} here to read the memory from")
    sys.exit(not main(*map(int, sys.argv[1:])))
