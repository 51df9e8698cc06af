"""How the cost grows as the work does: one network along batch, width and depth, one along what pictures have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmarks.layers import Conv, Dense, GlobalPool, Layers, Relu, Shape
from benchmarks.networks import mlp
from benchmarks.workloads import Workload, classifier

CONTESTANTS = ("chainrule_jit", "torch_fused", "torch_fused_last", "jax_optax")


def point(axis: str, value: int, layers: Layers, row: Shape, batch: int) -> Workload:
    """One point of a curve."""
    name, rows = f"{axis}-{value}", max(4 * batch, 64)
    return classifier(name, f"{axis} {value:,}", layers, row, batch, rows, contestants=CONTESTANTS)


def perceptron(axis: str, value: int, units: tuple[int, ...], batch: int) -> Workload:
    """A point of dense layers."""
    return point(axis, value, mlp(*units), units[:1], batch)


def convolutions(axis: str, value: int, channels: int, size: int, batch: int) -> Workload:
    """A point of two convolutions: the second has all three passes."""
    conv = Conv(channels, channels, 3, padding=1)
    layers = (conv, Relu(), conv, Relu(), GlobalPool(), Dense(channels, 10))
    return point(axis, value, layers, (size, size, channels), batch)


def powers_of_two(first: int, last: int) -> Iterable[int]:
    """From `first` to `last`, doubling."""
    while first <= last:
        yield first
        first *= 2


# Sizes and channels that fill vectors, tiles and caches, and those around them, which do not.
SIZES = (7, 8, 13, 16, 17, 28, 31, 32, 33, 64, 65)
CHANNELS = (3, 4, 8, 15, 16, 17, 32, 33, 64, 65, 128, 129, 256, 257, 512, 513)

# By the axis; each with what stays the same along it.
CURVES: Mapping[str, list[Workload]] = {
    "batch": [perceptron("batch", n, (784, 128, 64, 10), n) for n in powers_of_two(1, 4096)],
    "width": [perceptron("width", n, (64, n, n, 10), 64) for n in powers_of_two(16, 4096)],
    "depth": [perceptron("depth", n, (64, *[64] * n, 10), 64) for n in powers_of_two(1, 64)],
    "pictures": [convolutions("pictures", n, channels=32, size=16, batch=n) for n in powers_of_two(1, 512)],
    "size": [convolutions("size", n, channels=32, size=n, batch=16) for n in SIZES],
    "channels": [convolutions("channels", n, channels=n, size=14, batch=16) for n in CHANNELS],
}
TITLES = {
    "batch": "rows a batch, MLP 784-128-64-10",
    "width": "units a layer, MLP 64-n-n-10, batch 64",
    "depth": "hidden layers of 64 units, batch 64",
    "pictures": "pictures a batch, two convolutions of 32 channels, 16×16",
    "size": "pixels a side, two convolutions of 32 channels, batch 16",
    "channels": "channels of two convolutions, 14×14, batch 16",
}


def value(workload: str) -> int:
    """Where on its axis a point stands, by the workload's name.

    >>> value("batch-64")
    64
    """
    return int(workload.partition("-")[2])
