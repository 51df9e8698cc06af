"""Sums over windows of 3×3 by fewer products: the forward pass, and the gradient to the input."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, prod

from chainrule.native.emit import V, i64
from chainrule.native.whole.convolution.finish import Finish
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.convolution.tile import even_rows
from chainrule.native.whole.convolution.winograd import (
    SUMS,
    Block,
    Cycles,
    Source,
    are_moderate,
    both_ways,
    each_block,
    is_3_by_3,
    largest,
    most_tiles,
    of_sums,
    of_weight,
    transform_pixels,
)
from chainrule.native.whole.task import nest, offset, steps

# Cycles to transform a vector of the weight; what is saved must be worth the memory, too.
_WEIGHT = 60
_WORTH = 0.85
# Bytes of the transformed weight, of which each thread has its own.
_MOST_BYTES = 1 << 25


def pays(parts: Parts) -> bool:
    """Whether fewer products take fewer cycles."""
    if not is_3_by_3(parts):
        return False
    direct, products, transforms = Cycles.of(parts.geometry, parts.lanes)
    vectors = parts.geometry.channels * ceil(parts.geometry.outputs / parts.lanes)
    bytes = SUMS * vectors * parts.lanes * parts.task.kernel.out.dtype.itemsize
    # Each of two threads makes the weight ready for itself.
    return bytes <= _MOST_BYTES and products + transforms + 2 * vectors * _WEIGHT < _WORTH * direct


class FewerProducts:
    """The code.

    Args:
        parts: The convolution, with whole tiles.
        weight: Packed as (blocks, elements of a window, channels, outputs of a block).
        width: The outputs of a block.
        finish: What is done with the results.
    """

    def __init__(self, parts: Parts, weight: V, width: int, finish: Finish) -> None:
        self.parts = parts
        self._f = parts.f
        self._geometry = geometry = parts.geometry
        self._width = width
        self._finish = finish
        rows = geometry.depth * parts.whole_vectors(geometry.outputs) // parts.lanes
        self._largest_weight = largest(parts, weight, rows, parts.lanes, parts.lanes)
        self._weight = self._transformed(weight)
        most = most_tiles(geometry)
        self._pixels = parts.room(SUMS * most * geometry.channels, zero=False)
        self._sums = parts.room(SUMS * most * width, zero=False)

    def _transformed(self, weight: V) -> V:
        """The weight as (blocks, sums, channels, outputs of a block)."""
        f, parts, channels = self._f, self.parts, self._geometry.channels
        made = parts.room(SUMS * channels * parts.whole_vectors(self._geometry.outputs), zero=False)

        def block(start: V, width: int) -> None:
            full = parts.whole_vectors(width)
            source, target = parts.at(weight, (start, 9 * channels)), parts.at(made, (start, SUMS * channels))

            def vectors(at: list[V], _: list[V]) -> None:
                place = [(at[0], full), (at[1], parts.lanes)]
                window = self._square(parts.at(source, *place), 3, channels * full)
                for e, one in enumerate(both_ways(f, window, of_weight)):
                    f.store(one, parts.at(target, *place, (i64(e), channels * full)))

            nest(f, [channels, full // parts.lanes], vectors)

        steps(f, self._geometry.outputs, self._width, block)
        return made

    def _square(self, first: V, side: int, apart: int) -> list[list[V]]:
        """Vectors that stand so far apart, as the rows of a square."""
        rows = [[self.parts.at(first, (i64(side * y + x), apart)) for x in range(side)] for y in range(side)]
        return [[self.parts.row(place, 1)[0] for place in row] for row in rows]

    def suit(self, pictures: V, count: int) -> V:
        """Whether so many pictures, and the weight, can be convolved this way (i1)."""
        f, geometry = self._f, self._geometry
        rows = count * prod(geometry.padded)
        bits = largest(self.parts, pictures, rows, geometry.channels, geometry.channels)
        return are_moderate(f, f.intrinsic("llvm.umax", "i32", bits, self._largest_weight))

    def pictures(self, pointer: V, apart: int, first: V, count: int) -> None:
        """Convolve so many pictures.

        Args:
            pointer: Where they are, with their padding.
            apart: How far apart they are.
            first: The number of the first of them.
            count: How many.
        """
        f, channels = self._f, self._geometry.channels
        source = Source(pointer, apart, channels, self._geometry.padded[1] * channels)

        def block(here: Block) -> None:
            transform_pixels(self.parts, source, here, channels, self._pixels, channels)

            def outputs(start: V, width: int) -> None:
                self._multiply(here.tiles, start, width)
                self._results(here, first, start, width)

            steps(f, self._geometry.outputs, self._width, outputs)

        each_block(f, count, self._geometry, block)

    def _multiply(self, tiles: int, start: V, width: int) -> None:
        """16 products: tiles by channels, channels by outputs of a block."""
        f, parts, channels = self._f, self.parts, self._geometry.channels
        full = parts.whole_vectors(width)
        vectors = full // parts.lanes
        weight = parts.at(self._weight, (start, SUMS * channels))

        def product(e: list[V], _: list[V]) -> None:
            left, right = parts.at(self._pixels, (e[0], tiles * channels)), parts.at(weight, (e[0], channels * full))
            target = parts.at(self._sums, (e[0], tiles * full))

            def some(tile: V, count: int) -> None:
                here, rows = parts.at(left, (tile, channels)), [r * channels for r in range(count)]

                def step(at: list[V], sums: list[V]) -> list[V]:
                    row = parts.row(parts.at(right, (at[0], full)), vectors)
                    return parts.take(sums, parts.at(here, (at[0], 1)), rows, row)

                for i, total in enumerate(nest(f, [channels], step, parts.zeros(count * vectors))):
                    f.store(total, parts.at(target, (tile, full), (i64(i), parts.lanes)))

            steps(f, tiles, even_rows(tiles, vectors, parts.task.target.registers), some)

        nest(f, [SUMS], product)

    def _results(self, block: Block, first: V, start: V, width: int) -> None:
        """The 2×2 results of each tile, finished."""
        f, parts = self._f, self.parts
        height, length = self._geometry.positions
        apart = block.tiles * parts.whole_vectors(width)

        def tile(number: V, picture: V, line: V, place: V) -> None:
            y, x = f.mul(line, i64(2)), f.mul(place, i64(2))
            row = offset(f, (f.add(first, picture), height * length), (y, length), (x, 1))

            def some(lane: int) -> None:
                here = parts.at(self._sums, (number, parts.whole_vectors(width)), (i64(lane), 1))
                results = both_ways(f, self._square(here, 4, apart), of_sums)
                column, count = f.add(start, i64(lane)), min(parts.lanes, width - lane)
                self._pair(results[:2], row, x, column, count)
                below = f.add(row, i64(length))
                self._where_inside(y, height, lambda: self._pair(results[2:], below, x, column, count))

            for lane in range(0, width, parts.lanes):
                some(lane)

        block.each(f, tile)

    def _pair(self, results: list[V], row: V, x: V, column: V, count: int) -> None:
        """Two neighbouring results, of which the second may be outside."""
        length = self._geometry.positions[1]
        if length % 2 == 0:
            self._finish.tile(results, row, column, count)
            return
        self._finish.tile(results[:1], row, column, count)
        following = self._f.add(row, i64(1))
        self._where_inside(x, length, lambda: self._finish.tile(results[1:], following, column, count))

    def _where_inside(self, first: V, length: int, body: Callable[[], None]) -> None:
        """Do something where the second of two neighbours is inside."""
        if length % 2 == 0:
            body()
            return
        with self._f.when(self._f.compare("slt", self._f.add(first, i64(1)), i64(length))):
            body()
