"""Convolutions by tiles that take fewer products: what the passes share beside the transforms (`winograd`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from math import ceil, prod
from typing import Generic, NamedTuple, TypeVar

from chainrule.core.shape import Shape
from chainrule.native.emit import Function, V, i64, number, vector
from chainrule.native.whole.convolution.geometry import Geometry
from chainrule.native.whole.convolution.magnitude import larger, largest_of, least
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.convolution.winograd import BY_ONE, Line, Made, Scheme, WeightScheme
from chainrule.native.whole.convolution.winograd_by_two import BY_TWO
from chainrule.native.whole.task import CACHE_LINE, ENOUGH_UNITS, nest, offset, steps

# Cycles to transform a vector of a tile, for each of the sums that it becomes or is made of.
_TRANSFORM = 4
# What is saved must be worth the memory.
_WORTH = 0.85
# The fewest and the most tiles that go through the products together.
_FEWEST, _MOST = 16, 64
# Vectors of a row that are looked at together.
_LOOKED_AT = 8
# Numbers from 2^44 on might overflow where direct sums do not, as sums for a weight are up to 2^13 times the product of
# two, from each of a batch's tiles: its bits.
_LARGEST = (127 + 44) << 23


def apart(numbers: int) -> int:
    """How far apart the sums of as many numbers stand: a cache line more, lest those of a tile meet there."""
    return numbers + CACHE_LINE // 4


def can_be(parts: Parts) -> bool:
    """Whether it is a convolution of float32 that can be done this way, if windows step as they should."""
    geometry = parts.geometry
    return (
        parts.task.kernel.out.dtype.name == "float32"
        and (geometry.kernel, geometry.frame.dilation, geometry.frame.groups) == ((3, 3), (1, 1), 1)
        and min(geometry.channels, geometry.outputs) >= parts.lanes
    )


def schemes(geometry: Geometry) -> tuple[WeightScheme, ...]:
    """What suits the steps of windows."""
    ways: dict[Shape, tuple[WeightScheme, ...]] = {(1, 1): BY_ONE, (2, 2): BY_TWO}
    return ways.get(geometry.frame.stride, ())


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


class Tiles(NamedTuple):
    """The tiles of a convolution's results.

    Attributes:
        scheme: How large they are.
        lines: How many lines of them a picture has.
        in_line: How many there are in a line.
        together: How many are to go through the products together, about.
    """

    scheme: Scheme
    lines: int
    in_line: int
    together: int

    @staticmethod
    def of(scheme: Scheme, geometry: Geometry, elements: int) -> Tiles:
        """Those of a convolution; so many elements of transformed pixels should go through the products together."""
        together = elements // (scheme.sums * geometry.channels)
        return Tiles(scheme, *scheme.tiles(geometry), min(max(together, _FEWEST), _MOST))

    @property
    def positions(self) -> int:
        """The results of as many."""
        return self.together * self.scheme.results**2

    def units(self, pictures: int, groups: int) -> int:
        """Into how many pieces so many pictures are divided at least: fewer where these would have few tiles each.

        Every piece needs the whole weight of a group of outputs.
        """
        tiles = pictures * self.lines * self.in_line
        return max((ENOUGH_UNITS if tiles >= ENOUGH_UNITS * _FEWEST else ENOUGH_UNITS // 2) // groups, 1)

    @property
    def most(self) -> int:
        """How many the largest block has."""
        return max(self.together, self.in_line)

    def each_block(self, f: Function, pictures: int, body: Callable[[Block], None]) -> None:
        """All tiles of so many pictures, block by block."""
        each = self.lines * self.in_line
        if each < self.together:
            some = self.together // each
            steps(f, pictures, some, lambda first, count: body(Block(first, count, i64(0), self.lines, self.in_line)))
            return

        def picture(at: list[V], _: list[V]) -> None:
            lines = max(self.together // self.in_line, 1)
            steps(f, self.lines, lines, lambda first, count: body(Block(at[0], 1, first, count, self.in_line)))

        nest(f, [pictures], picture)


class Transform:
    """Transforms squares of vectors both ways: each column, then each row of what comes out.

    A few rows are made at a time, so that all that is in between stays in registers: elements are loaded again for the
    next ones, which costs less than to write and to read what each column becomes.

    Attributes:
        parts: The convolution.
    """

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def __call__(
        self,
        columns: int,
        element: Callable[[int, int], V],
        once: Callable[[Function, Line], Made],
        row: Callable[[int, list[V]], None],
    ) -> None:
        """`once` for each column, then for each row.

        Args:
            columns: How many.
            element: Loads an element, by the numbers of its column and its row.
            once: Transforms a line.
            row: Is given each row by its number, transformed.
        """
        f = self.parts.f
        made = [once(f, partial(element, x)) for x in range(columns)]
        for some in zip(*made, strict=True):
            for y in some[0]:
                line = [column[y] for column in some]
                found = {place: one for each in once(f, line.__getitem__) for place, one in each.items()}
                row(y, [found[place] for place in range(len(found))])

    def square_at(self, first: V, side: int, step: int) -> Callable[[int, int], V]:
        """What loads the elements of a square of whole vectors that stand so far apart, row by row."""
        parts = self.parts
        kind = vector(parts.task.element, parts.lanes)
        return lambda x, y: parts.load(kind, first, (i64((side * y + x) * step), 1))

    def rows_to(self, first: V, step: int) -> Callable[[int, list[V]], None]:
        """What writes rows of what a tile or a window becomes, its sums so far apart."""
        parts = self.parts

        def row(y: int, sums: list[V]) -> None:
            for x, one in enumerate(sums):
                parts.f.store(one, parts.at(first, (i64((len(sums) * y + x) * step), 1)))

        return row


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


def transform_pixels(
    parts: Parts, scheme: Scheme, source: Source, block: Block, to: V, channels: int, width: int
) -> None:
    """What each tile's pixels become, to (sums, tiles, channels, of which there is room for more).

    Args:
        parts: The convolution.
        scheme: How tiles are transformed.
        source: The pictures; those of the block are counted from here.
        block: The tiles.
        to: Where they go.
        channels: How many channels of each pixel.
        width: The room for the channels of a tile.
    """
    _, *apart = source
    sizes = scheme.name, block.pictures, block.lines, block.in_line, *apart, channels, width

    def write(own: Parts, args: list[V]) -> None:
        pointer, picture, line, to = args
        here = block._replace(picture=picture, line=line)
        _transform_pixels(own, scheme, source._replace(pointer=pointer), here, to, channels, width)

    args = source.pointer, block.picture, block.line, to
    parts.shared("pixels." + ".".join(map(str, sizes)), args, write)


def _transform_pixels(
    parts: Parts, scheme: Scheme, source: Source, block: Block, to: V, channels: int, width: int
) -> None:
    f, transform, step = parts.f, Transform(parts), apart(block.tiles * width)

    def tile(number_of_tile: V, picture: V, line: V, place: V) -> None:
        steps_to_tile = (line, scheme.step * source.line), (place, scheme.step * source.pixel)
        corner = parts.at(source.pointer, (picture, source.apart), *steps_to_tile)
        target = parts.at(to, (number_of_tile, width))

        def some(start: V, count: int) -> None:
            kind, here = vector(parts.task.element, count), parts.at(corner, (start, 1))

            def element(x: int, y: int) -> V:
                return parts.load(kind, here, (i64(x * source.pixel + y * source.line), 1))

            transform(scheme.side, element, scheme.of_pixels, transform.rows_to(parts.at(target, (start, 1)), step))

        steps(f, channels, parts.lanes, some)

    block.each(f, tile)


def largest(parts: Parts, numbers: V, rows: int, step: int, width: int) -> V:
    """The bits of the largest magnitude among so many rows of numbers."""
    f, element = parts.f, parts.task.element
    while step == width > _LOOKED_AT * parts.lanes and width % 2 == 0:
        # Rows that follow one another are as good as twice as many, half as long: theirs fit the registers.
        rows, step, width = 2 * rows, step // 2, width // 2
    counts = [min(parts.lanes, width - first) for first in range(0, width, parts.lanes)]

    def row(at: list[V], most: list[V]) -> list[V]:
        found = []
        for i, (before, count) in enumerate(zip(most, counts, strict=True)):
            place = parts.at(numbers, (at[0], step), (i64(i), parts.lanes))
            found.append(larger(f, before, f.load(vector(element, count), place)))
        return found

    return largest_of(f, nest(f, [rows], row, [least(element, count) for count in counts]))


def are_moderate(f: Function, bits: V) -> V:
    """Whether the largest magnitude is far from overflowing (i1)."""
    return f.compare("ult", bits, number(_LARGEST, "i32"))


class Cycles(NamedTuple):
    """About how many a pass takes, without what is done to the weight, with two multiply-adds of vectors in each.

    Attributes:
        products: The products.
        transforms: The sums before and after them.
    """

    products: float
    transforms: float

    @staticmethod
    def of(scheme: Scheme, geometry: Geometry, lanes: int) -> Cycles:
        """Those of a convolution."""
        tiles = geometry.batch * prod(scheme.tiles(geometry))
        across, channels = ceil(geometry.outputs / lanes), ceil(geometry.channels / lanes)
        products = tiles * scheme.sums * geometry.channels * across / 2
        return Cycles(products, tiles * (channels + across) * scheme.sums * _TRANSFORM)


AnyScheme = TypeVar("AnyScheme", bound=Scheme, covariant=True)


@dataclass(frozen=True)
class Choice(Generic[AnyScheme]):
    """A way to take fewer products.

    Attributes:
        scheme: How large tiles are.
        cycles: About how many it takes.
        groups: Into how many groups its outputs are divided, each with all pictures to itself.
    """

    scheme: AnyScheme
    cycles: float
    groups: int = 1


def choose(ways: Iterable[Choice[AnyScheme]], directly: float) -> Choice[AnyScheme] | None:
    """The way that takes the fewest cycles; None if there is none, or window by window it takes not many more."""
    best = min(ways, key=lambda way: way.cycles, default=None)
    return best if best is not None and best.cycles < _WORTH * directly else None


def directly(geometry: Geometry, lanes: int) -> float:
    """The cycles that windows take one by one, with outputs along the lanes."""
    return geometry.batch * prod(geometry.positions) * geometry.depth * ceil(geometry.outputs / lanes) / 2
