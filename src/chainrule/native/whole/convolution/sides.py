"""What a convolution is to the matrix unit, and how the work is divided."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod
from typing import NamedTuple

from chainrule.core.shape import Shape
from chainrule.native.contraction import splitting
from chainrule.native.matrix_unit import DEPTH, SIDE, WIDTH
from chainrule.native.whole.convolution.geometry import Geometry
from chainrule.native.whole.convolution.planes import STEP_BYTES, Layout
from chainrule.native.whole.convolution.sweep import Sweep, backward_sweeps, forward_sweep
from chainrule.native.whole.convolution.winograd import Scheme
from chainrule.native.whole.convolution.winograd_tiles import Choice
from chainrule.native.whole.task import Task, strides

# Bytes of split pictures, and of a block of the weight, that are to stay in the second-level cache.
_NEAR = 1 << 20
_NEAR_WEIGHT = 1 << 19
# Cycles, in practice: for the products of 32 steps of k with a block of 32 x 32 sums; to finish such a block; to split
# 32 channels of a pixel; to pack 32 steps of 32 columns of the weight.
STEP_CYCLES = 480
# What a block of 16 takes of that.
_NARROW = 0.58
_FINISH, _SPLIT, _PACK = 300, 16, 800


class Apart(NamedTuple):
    """How far apart elements of the weight are: from group to group, along n, along k."""

    group: int
    n: int
    k: int


@dataclass(frozen=True)
class Sides:
    """What a convolution is to the matrix unit: sums over `k` channels of a source make `n` channels of a result.

    Attributes:
        batch: How many pictures.
        groups: How many groups of channels.
        spatial: The size of the source's pictures.
        k: The channels of a group in the source.
        result: The size of the result's pictures.
        n: The channels of a group in the result.
        sweeps: What is summed.
        weight: How far apart elements of the weight are.
        window: How far apart they are along the dimensions of the window.
    """

    batch: int
    groups: int
    spatial: Shape
    k: int
    result: Shape
    n: int
    sweeps: tuple[Sweep, ...]
    weight: Apart
    window: Shape

    @staticmethod
    def forward(geometry: Geometry) -> Sides:
        """The forward pass."""
        size, sweep = geometry.depth, forward_sweep(geometry)
        window = tuple(step * geometry.channels for step in strides(geometry.kernel))
        sizes = (geometry.spatial, geometry.channels, geometry.positions, geometry.outputs)
        return Sides(
            geometry.batch, geometry.frame.groups, *sizes, (sweep,), Apart(geometry.outputs * size, size, 1), window
        )

    @staticmethod
    def backward(geometry: Geometry) -> Sides:
        """The gradient to the input."""
        size, sweeps = geometry.depth, backward_sweeps(geometry)
        window = tuple(step * geometry.channels for step in strides(geometry.kernel))
        sizes = (geometry.positions, geometry.outputs, geometry.spatial, geometry.channels)
        return Sides(
            geometry.batch,
            geometry.frame.groups,
            *sizes,
            tuple(sweeps),
            Apart(geometry.outputs * size, 1, size),
            window,
        )

    @property
    def blocks(self) -> int:
        """How many blocks of columns there are; the last one holds the rest."""
        return ceil(self.n / WIDTH)

    @property
    def elements(self) -> int:
        """The most elements of a window that a sweep sums."""
        return max(sweep.elements for sweep in self.sweeps)


class Division(NamedTuple):
    """How the work is divided.

    Attributes:
        together: How many pictures a unit has.
        blocks: How many blocks of columns.
        depth: How many channels of the source are split at once.
    """

    together: int
    blocks: int
    depth: int


def divide(sides: Sides, layout: Layout) -> Division:
    """The division that takes the fewest cycles."""
    counts = sorted({ceil(sides.batch / parts) for parts in (1, 2, 4, 8, 16, 32, 64, 128)} | {1, 2, 4, 8})
    groups = sorted({ceil(sides.blocks / parts) for parts in (1, 2, 4, 8, 16)})
    every = [
        Division(together, blocks, _depth(sides, layout, together))
        for together in counts
        for blocks in groups
        if together <= sides.batch
    ]
    fitting = [each for each in every if each.together == 1 or layout.pixels(each.together) * STEP_BYTES <= _NEAR]
    return min(fitting, key=lambda each: cost(sides, layout, each))


def _depth(sides: Sides, layout: Layout, together: int) -> int:
    """As many channels as the caches hold, in parts of about the same length."""
    near = min(_NEAR // (layout.pixels(together) * STEP_BYTES), _NEAR_WEIGHT // (sides.elements * splitting.STEP_BYTES))
    steps = ceil(sides.k / DEPTH)
    return ceil(steps / ceil(steps / max(near, 1))) * DEPTH


def cost(sides: Sides, layout: Layout, division: Division) -> float:
    """Cycles, the mean of what one to four threads need together."""
    together, blocks, _ = division
    steps = ceil(sides.k / DEPTH)
    unit = float(layout.pixels(together) * steps * _SPLIT)
    for sweep in sides.sweeps:
        elements = sweep.elements * steps
        tiles = prod(sweep.positions[:-1]) * ceil(together * sweep.positions[-1] / SIDE)
        step = STEP_CYCLES * share_of_blocks(sides.n)
        unit += blocks * (elements * _PACK + ceil(tiles / 2) * (elements * step + _FINISH))
    return of_threads(ceil(sides.batch / together) * sides.groups * ceil(sides.blocks / blocks)) * unit


def share_of_blocks(size: int) -> float:
    """What the blocks of 32 that make a size take, in the mean, of what full ones take."""
    blocks, rest = ceil(size / WIDTH), size % WIDTH
    return (blocks - 1 + _NARROW) / blocks if 0 < rest <= SIDE else 1.0


def of_threads(units: int) -> float:
    """How many times a unit's time so many units take, of one to four threads together in the mean."""
    return sum(threads * ceil(units / threads) for threads in (1, 2, 3, 4)) / 4


def pays(task: Task, geometry: Geometry, cycles: float, rate: float, fewer: Choice[Scheme] | None) -> bool:
    """Whether the matrix unit, if there is one, needs fewer cycles than vectors would.

    Args:
        task: The convolution.
        geometry: Its sizes.
        cycles: What the matrix unit needs.
        rate: The multiply-adds of vectors in a cycle, in practice.
        fewer: How vectors take fewer products, if they do.
    """
    if not task.target.matrix or task.kernel.out.dtype.name != "float32":
        return False
    multiply_adds: float = geometry.batch * prod(geometry.positions) * geometry.every_output * geometry.depth
    if fewer is not None:
        multiply_adds = min(multiply_adds, fewer.cycles * 2 * task.lanes)
    return cycles < multiply_adds / rate
