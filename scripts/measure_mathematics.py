"""Measure the mathematical functions of float32 over all 2**32 arguments: `python -m scripts.measure_mathematics exp`.

The truth is the same function of float64, which is a few units in its own last place exact
(`tests/native/test_mathematics.py`), hence to 2**-27 of a unit of float32. Without names: those that are computed in
float32 lanes; the others are float64 rounded. Two targets: this machine, and the baseline without fused multiply-add.
"""

from __future__ import annotations

import sys

import numpy as np

from tests.native.accuracy import errors
from tests.native.elementwise import Native
from tests.native.harness import RUNNABLE

IN_FLOAT32 = ("exp", "expm1", "log", "log1p", "rsqrt", "sigmoid", "tanh", "erf")
CHUNK = 1 << 18


def largest_error(native: Native) -> tuple[float, np.float32]:
    """Over all float32, and where it is. What equals the rounded truth is within 0.5 and not looked at."""
    worst, where = 0.5, np.float32(0)
    for first in range(0, 1 << 32, CHUNK):
        x = np.arange(first, first + CHUNK, dtype=np.uint32).view(np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            result, truth = native(x), native(x.astype(np.float64))
            differs = result.view(np.uint32) != truth.astype(np.float32).view(np.uint32)
        found = errors(result[differs], truth[differs])
        if found.size and found.max() > worst:
            worst, where = found.max(), x[differs][found.argmax()]
    return worst, where


if __name__ == "__main__":
    for name in sys.argv[1:] or IN_FLOAT32:
        for target in (RUNNABLE[0], RUNNABLE[-1]):
            worst, where = largest_error(Native(name, target))
            print(f"{target.name:7} {name:8} {worst:.3f} at {where!r}", flush=True)
