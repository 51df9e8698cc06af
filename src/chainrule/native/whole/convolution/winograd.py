"""Windows of 3×3 with four products for each pixel and channel rather than nine: what the passes share.

S. Winograd's minimal filtering, as A. Lavin and S. Gray apply it ("Fast algorithms for convolutional neural networks",
CVPR 2016, F(2×2, 3×3)): 4×4 pixels, whose windows make 2×2 results, become 16 sums and differences of them; so does the
weight, of its 9 elements; multiplied and summed over the channels, these are 16 numbers that the 2×2 results are sums
and differences of. For all tiles and channels that is 16 matrix products. The gradient to the weight goes the same way
backwards.

Sums are shorter than those of windows, so errors are smaller as a rule; but they are relative to all 16 pixels, not to
the nine that a result is made of. Infinities, NaN and numbers near the largest would spread to neighbours: where there
are such, windows are summed directly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil, prod
from typing import NamedTuple, TypeAlias

from chainrule.native.emit import Function, V, i64, number, vector
from chainrule.native.whole.convolution.geometry import Geometry
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.task import nest, offset, steps

# The sums and differences of a tile, and of a window.
SUMS = 16
# Tiles that go through the products together: more use each weight more often, but outgrow the second-level cache.
_TILES = 64
# Cycles to transform a vector of a tile, all 16 of them.
_TRANSFORM = 45
# Numbers from 2^60 on might overflow where direct sums do not: its bits.
_LARGEST = (127 + 60) << 23

Transform: TypeAlias = Callable[[Function, Sequence[V]], list[V]]


def is_3_by_3(parts: Parts) -> bool:
    """Whether it is a convolution of float32 that can be done this way."""
    geometry = parts.geometry
    frame, ones = geometry.frame, (1, 1)
    return (
        parts.task.kernel.out.dtype.name == "float32"
        and (geometry.kernel, frame.stride, frame.dilation, frame.groups) == ((3, 3), ones, ones, 1)
        and min(geometry.channels, geometry.outputs) >= parts.lanes
    )


def with_whole_tiles(geometry: Geometry) -> Geometry:
    """The same, with pictures padded so far that the last tiles of a line and of a picture are whole."""
    padding = tuple(
        (before, after + n % 2) for (before, after), n in zip(geometry.frame.padding, geometry.positions, strict=True)
    )
    return replace(geometry, frame=geometry.frame._replace(padding=padding))


def tiles_of(geometry: Geometry) -> tuple[int, int]:
    """How many lines of tiles a picture has, and how many tiles a line."""
    height, width = geometry.positions
    return ceil(height / 2), ceil(width / 2)


def of_weight(f: Function, a: Sequence[V]) -> list[V]:
    """Three elements of a window."""
    half = number(0.5, a[0].type)
    ends, middle = f.mul(f.add(a[0], a[2]), half), f.mul(a[1], half)
    return [a[0], f.add(ends, middle), f.sub(ends, middle), a[2]]


def of_pixels(f: Function, a: Sequence[V]) -> list[V]:
    """Four neighbouring pixels."""
    return [f.sub(a[0], a[2]), f.add(a[1], a[2]), f.sub(a[2], a[1]), f.sub(a[1], a[3])]


def of_sums(f: Function, a: Sequence[V]) -> list[V]:
    """Two results, of four sums of products."""
    return [f.add(f.add(a[0], a[1]), a[2]), f.sub(f.sub(a[1], a[2]), a[3])]


def of_gradients(f: Function, a: Sequence[V]) -> list[V]:
    """Two gradients of results: the opposite of `of_sums`."""
    return [a[0], f.add(a[0], a[1]), f.sub(a[0], a[1]), f.neg(a[1])]


def of_weight_sums(f: Function, a: Sequence[V]) -> list[V]:
    """The gradients to three elements of a window, of four sums of products: the opposite of `of_weight`."""
    half = number(0.5, a[0].type)
    ends, middle = f.mul(f.add(a[1], a[2]), half), f.mul(f.sub(a[1], a[2]), half)
    return [f.add(a[0], ends), middle, f.add(ends, a[3])]


def both_ways(f: Function, numbers: Sequence[Sequence[V]], once: Transform) -> list[V]:
    """`once` applied to each column, then to each row of what comes out; in one list, row by row."""
    columns = [once(f, column) for column in zip(*numbers, strict=True)]
    return [one for row in zip(*columns, strict=True) for one in once(f, row)]


class Block(NamedTuple):
    """Some lines of tiles of some pictures.

    Attributes:
        picture: The first picture.
        pictures: How many.
        line: The first line of tiles.
        lines: How many.
        in_line: The tiles of a line.
    """

    picture: V
    pictures: int
    line: V
    lines: int
    in_line: int

    @property
    def tiles(self) -> int:
        """How many tiles it has."""
        return self.pictures * self.lines * self.in_line

    def each(self, f: Function, body: Callable[[V, V, V, V], None]) -> None:
        """`body(tile, picture, line, place in the line)` for every tile; its number, and where it is."""

        def one(at: list[V], _: list[V]) -> None:
            tile = offset(f, (at[0], self.lines * self.in_line), (at[1], self.in_line), (at[2], 1))
            body(tile, f.add(self.picture, at[0]), f.add(self.line, at[1]), at[2])

        nest(f, [self.pictures, self.lines, self.in_line], one)


def each_block(f: Function, pictures: int, geometry: Geometry, body: Callable[[Block], None]) -> None:
    """All tiles of so many pictures, block by block."""
    lines, in_line = tiles_of(geometry)
    if lines * in_line < _TILES:
        together = _TILES // (lines * in_line)
        steps(f, pictures, together, lambda first, count: body(Block(first, count, i64(0), lines, in_line)))
        return

    def picture(at: list[V], _: list[V]) -> None:
        together = max(_TILES // in_line, 1)
        steps(f, lines, together, lambda first, count: body(Block(at[0], 1, first, count, in_line)))

    nest(f, [pictures], picture)


def most_tiles(geometry: Geometry) -> int:
    """The tiles of the largest block."""
    return max(_TILES, tiles_of(geometry)[1])


class Source(NamedTuple):
    """Padded pictures.

    Attributes:
        pointer: Where they are.
        apart: How far apart pictures are.
        pixel: How far apart pixels are.
        line: How far apart lines are.
    """

    pointer: V
    apart: int
    pixel: int
    line: int


def transform_pixels(parts: Parts, source: Source, block: Block, channels: int, to: V, width: int) -> None:
    """The 16 sums and differences of each tile's pixels, to (sums, tiles, channels, of which there is room for more).

    Args:
        parts: The convolution.
        source: The pictures; those of the block are counted from here.
        block: The tiles.
        channels: How many channels of each pixel.
        to: Where they go.
        width: The room for the channels of a tile.
    """
    f = parts.f

    def tile(number_of_tile: V, picture: V, line: V, place: V) -> None:
        terms = (picture, source.apart), (line, 2 * source.line), (place, 2 * source.pixel)
        corner, target = parts.at(source.pointer, *terms), parts.at(to, (number_of_tile, width))

        def some(start: V, count: int) -> None:
            kind, here = vector(parts.task.element, count), parts.at(corner, (start, 1))
            pixels = [
                [parts.load(kind, here, (i64(y * source.line + x * source.pixel), 1)) for x in range(4)]
                for y in range(4)
            ]
            for e, one in enumerate(both_ways(f, pixels, of_pixels)):
                f.store(one, parts.at(target, (start, 1), (i64(e), block.tiles * width)))

        steps(f, channels, parts.lanes, some)

    block.each(f, tile)


def largest(parts: Parts, numbers: V, rows: int, apart: int, width: int) -> V:
    """The bits of the largest magnitude among so many rows of numbers, which order as magnitudes do, NaN last (i32)."""
    f = parts.f
    counts = [min(parts.lanes, width - first) for first in range(0, width, parts.lanes)]

    def row(at: list[V], most: list[V]) -> list[V]:
        found = []
        for i, before in enumerate(most):
            place = parts.at(numbers, (at[0], apart), (i64(i), parts.lanes))
            bits = f.binary("and", f.load(before.type, place), number(0x7FFFFFFF, before.type))
            found.append(f.intrinsic("llvm.umax", before.type, before, bits))
        return found

    total = number(0, "i32")
    for each in nest(f, [rows], row, [number(0, vector("i32", count)) for count in counts]):
        one = f.intrinsic("llvm.vector.reduce.umax", "i32", each, overload=each.type)
        total = f.intrinsic("llvm.umax", "i32", total, one)
    return total


def are_moderate(f: Function, bits: V) -> V:
    """Whether the largest magnitude is far from overflowing (i1)."""
    return f.compare("ult", bits, number(_LARGEST, "i32"))


class Cycles(NamedTuple):
    """About how many a pass takes, without what is done to the weight.

    Attributes:
        direct: Window by window.
        products: Of fewer products, these.
        transforms: Of fewer products, the sums and differences before and after them.
    """

    direct: float
    products: float
    transforms: float

    @staticmethod
    def of(geometry: Geometry, lanes: int) -> Cycles:
        """Those of a convolution."""
        tiles = geometry.batch * prod(tiles_of(geometry))
        across, channels = ceil(geometry.outputs / lanes), ceil(geometry.channels / lanes)
        direct = geometry.batch * prod(geometry.positions) * geometry.depth * across / 2
        products = tiles * SUMS * geometry.channels * across / 2
        return Cycles(direct, products, tiles * (channels + across) * _TRANSFORM)
