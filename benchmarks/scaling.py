"""How the cost grows as the work does: one network along batch, width and depth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmarks.workloads import Layer, Workload, classes, mlp

CONTESTANTS = ("chainrule_jit", "torch_fused", "jax_optax")


def point(axis: str, value: int, layers: tuple[Layer, ...], batch: int) -> Workload:
    """One point of a curve."""
    name, rows = f"{axis}-{value}", max(4 * batch, 64)
    return Workload(
        name, f"{axis} {value:,}", layers, "cross_entropy", classes(10), batch, rows, contestants=CONTESTANTS
    )


def powers_of_two(first: int, last: int) -> Iterable[int]:
    """From `first` to `last`, doubling."""
    while first <= last:
        yield first
        first *= 2


# By the axis; each with what stays the same along it.
CURVES: Mapping[str, list[Workload]] = {
    "batch": [point("batch", n, mlp(784, 128, 64, 10), n) for n in powers_of_two(1, 4096)],
    "width": [point("width", n, mlp(64, n, n, 10), 64) for n in powers_of_two(16, 4096)],
    "depth": [point("depth", n, mlp(64, *[64] * n, 10), 64) for n in powers_of_two(1, 64)],
}
TITLES = {
    "batch": "rows a batch, MLP 784-128-64-10",
    "width": "units a layer, MLP 64-n-n-10, batch 64",
    "depth": "hidden layers of 64 units, batch 64",
}


def value(workload: str) -> int:
    """Where on its axis a point stands, by the workload's name.

    >>> value("batch-64")
    64
    """
    return int(workload.partition("-")[2])
