"""Sums over windows of 3×3 by fewer products: the forward pass, and the gradient to the input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from math import ceil, prod

from chainrule.native.emit import V, i64
from chainrule.native.whole.convolution.finish import Finish
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.convolution.tile import even_rows
from chainrule.native.whole.convolution.winograd import Scheme
from chainrule.native.whole.convolution.winograd_tiles import (
    Block,
    Choice,
    Cycles,
    Source,
    Tiles,
    Transform,
    apart,
    are_moderate,
    can_be,
    choose,
    largest,
    transform_pixels,
)
from chainrule.native.whole.task import CACHE_LINE, ENOUGH_UNITS, nest, offset, steps

# Elements of transformed pixels that go through the products together: more use each weight more often, and weights of
# many channels come from far.
TOGETHER = 9 << 16
# LLVM moves sums to the stack now and then where tiles take more registers; smaller ones are as fast.
_REGISTERS = 28
# Cycles to transform a vector of the weight, for each of its sums.
_WEIGHT = 4
# The outputs of a group are whole blocks, at least.
FEWEST_OUTPUTS = 64
# Bytes of a group's transformed weight, of which each thread has its own.
_MOST_BYTES = 1 << 26


def fewer_products(parts: Parts, directly: float, schemes: Iterable[Scheme]) -> Choice[Scheme] | None:
    """The way to take fewer products, of these, if one takes fewer cycles than so many."""
    return choose(_ways(parts, schemes) if can_be(parts) else (), directly)


def _ways(parts: Parts, schemes: Iterable[Scheme]) -> Iterator[Choice[Scheme]]:
    vectors = parts.geometry.channels * ceil(parts.geometry.outputs / parts.lanes)
    for scheme in schemes:
        groups = _groups(parts, scheme)
        if scheme.weights * vectors * parts.task.target.vector_bytes <= groups * _MOST_BYTES:
            products, transforms = Cycles.of(scheme, parts.geometry, parts.lanes)
            # Each of two threads makes the weight ready for itself; a group's by whoever does that.
            weights = (1 if groups > 1 else 2) * vectors * scheme.weights * _WEIGHT
            yield Choice(scheme, products + groups * transforms + weights, groups)


def _groups(parts: Parts, scheme: Scheme) -> int:
    """Into how many groups outputs are best divided: pixels are transformed for each, but each weight only once.

    So it pays where the weight is larger than the pixels. Stretches of a batch have all outputs, group by group or not.
    """
    geometry = parts.geometry
    tiles = geometry.batch * prod(scheme.tiles(geometry))
    most = 1 if parts.task.kernel.stretches > 1 else min(geometry.outputs // tiles, ENOUGH_UNITS)
    return next((n for n in (8, 4, 2) if n <= most and geometry.outputs % (n * FEWEST_OUTPUTS) == 0), 1)


class FewerProducts:
    """The code.

    Args:
        parts: The convolution, with whole tiles.
        tiles: The tiles.
        weight: Packed as (blocks, elements of a window, channels, outputs of a block).
        width: The outputs of a block.
        finish: What is done with the results.
        first: The first output of all.
    """

    def __init__(self, parts: Parts, tiles: Tiles, weight: V, width: int, finish: Finish, first: V) -> None:
        self.parts = parts
        self._tiles = tiles
        self._scheme = scheme = tiles.scheme
        self._transform = Transform(parts)
        self._f = parts.f
        self._geometry = geometry = parts.geometry
        self._width = width
        self._finish = finish
        self._first = first
        rows = geometry.depth * parts.whole_vectors(geometry.outputs) // parts.lanes
        self._largest_weight = largest(parts, weight, rows, parts.lanes, parts.lanes)
        self._weight = self._transformed(weight)
        self._pixels = parts.room(scheme.sums * apart(tiles.most * geometry.channels), zero=False)
        self._sums = parts.room(scheme.sums * apart(tiles.most * width), zero=False)

    def _transformed(self, weight: V) -> V:
        """The weight as (blocks, sums, channels, outputs of a block)."""
        geometry, scheme, width = self._geometry, self._scheme, self._width
        blocks = ceil(geometry.outputs / width)
        made = self.parts.room(scheme.weights * blocks * apart(geometry.channels * width), zero=False)
        name = f"weight.{scheme.name}.{geometry.channels}.{geometry.outputs}.{width}"
        self.parts.shared(name, (weight, made), self._transform_weight)
        return made

    def _transform_weight(self, parts: Parts, args: list[V]) -> None:
        """Write what transforms a weight."""
        (weight, made), f, scheme, channels = args, parts.f, self._scheme, self._geometry.channels
        transform = Transform(parts)

        def block(start: V, width: int) -> None:
            full = parts.whole_vectors(width)
            source, step = parts.at(weight, (start, 9 * channels)), apart(channels * full)
            number = f.binary("udiv", start, i64(self._width))
            target = parts.at(made, (number, scheme.weights * apart(channels * self._width)))

            def vectors(at: list[V], _: list[V]) -> None:
                place = [(at[0], full), (at[1], parts.lanes)]
                window = transform.square_at(parts.at(source, *place), 3, channels * full)
                transform(3, window, scheme.of_weight, transform.rows_to(parts.at(target, *place), step))

            nest(f, [channels, full // parts.lanes], vectors)

        steps(f, self._geometry.outputs, self._width, block)

    def _block_of_weight(self, weight: V, start: V) -> V:
        """Where the block begins whose first output this is."""
        block = self._f.binary("udiv", start, i64(self._width))
        return self.parts.at(weight, (block, self._scheme.weights * apart(self._geometry.channels * self._width)))

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
            transform_pixels(self.parts, self._scheme, source, here, self._pixels, channels, channels)

            def outputs(start: V, width: int) -> None:
                self._multiply(here.tiles, start, width)
                self._results(here, first, start, width)

            steps(f, self._geometry.outputs, self._width, outputs)

        self._tiles.each_block(f, count, block)

    def _multiply(self, tiles: int, start: V, width: int) -> None:
        """The products: tiles by channels, channels by outputs of a block."""
        weight = self._block_of_weight(self._weight, start)

        def write(parts: Parts, args: list[V]) -> None:
            self._write_products(parts, args, tiles, width)

        name = f"products.{self._scheme.name}.{tiles}.{self._geometry.channels}.{width}"
        self.parts.shared(name, (self._pixels, weight, self._sums), write)

    def _write_products(self, parts: Parts, args: list[V], tiles: int, width: int) -> None:
        """Write what multiplies."""
        (pixels, weight, to), f, channels = args, parts.f, self._geometry.channels
        full = parts.whole_vectors(width)
        vectors = full // parts.lanes

        def product(e: list[V], _: list[V]) -> None:
            left = parts.at(pixels, (e[0], apart(tiles * channels)))
            right = parts.at(weight, (self._scheme.weight_of(f, e[0]), apart(channels * full)))
            target = parts.at(to, (e[0], apart(tiles * full)))

            def some(tile: V, count: int) -> None:
                here, rows = parts.at(left, (tile, channels)), [r * channels for r in range(count)]
                # Each tile fetches its share of the weights of the next sum, which come from far.
                next_sum = parts.at(right, (tile, channels * full // tiles), (i64(apart(channels * full)), 1))
                share = ceil(full * count / tiles)

                def step(at: list[V], sums: list[V]) -> list[V]:
                    for line in range(0, share, CACHE_LINE // 4):
                        f.prefetch(parts.at(next_sum, (at[0], share), (i64(line), 1)))
                    row = parts.row(parts.at(right, (at[0], full)), vectors)
                    return parts.take(sums, parts.at(here, (at[0], 1)), rows, row)

                for i, total in enumerate(nest(f, [channels], step, parts.zeros(count * vectors))):
                    f.store(total, parts.at(target, (tile, full), (i64(i), parts.lanes)))

            steps(f, tiles, even_rows(tiles, vectors, min(parts.task.target.registers, _REGISTERS)), some)

        nest(f, [self._scheme.sums], product)

    def _results(self, block: Block, first: V, start: V, width: int) -> None:
        """The results of each tile, finished."""
        f, parts, scheme = self._f, self.parts, self._scheme
        height, length = self._geometry.positions
        full = parts.whole_vectors(width)
        step = apart(block.tiles * full)

        def tile(number: V, picture: V, line: V, place: V) -> None:
            top, x = f.mul(line, i64(scheme.results)), f.mul(place, i64(scheme.results))
            pixel = offset(f, (f.add(first, picture), height * length), (top, length), (x, 1))

            def some(lane: V, count: int) -> None:
                here = parts.at(self._sums, (number, full), (lane, 1))
                column = offset(f, (self._first, 1), (start, 1), (lane, 1))

                def row(y: int, results: list[V]) -> None:
                    with self._where_inside(f.add(top, i64(y)), height):
                        self._line(results, f.add(pixel, i64(y * length)), x, column, count)

                tile_of_sums = self._transform.square_at(here, scheme.places, step)
                self._transform(scheme.places, tile_of_sums, scheme.of_sums, row)

            steps(f, width, parts.lanes, some)

        block.each(f, tile)

    def _line(self, results: list[V], row: V, x: V, column: V, count: int) -> None:
        """Neighbouring results, of which the last ones may be outside."""
        f, length = self._f, self._geometry.positions[1]
        rest = length % len(results)
        if not rest:
            self._finish.tile(results, row, column, count)
            return
        inside = f.compare("sle", f.add(x, i64(len(results))), i64(length))
        with f.when(inside):
            self._finish.tile(results, row, column, count)
        with f.when(f.binary("xor", inside, V("true", "i1"))):
            self._finish.tile(results[:rest], row, column, count)

    def _where_inside(self, line: V, height: int) -> AbstractContextManager[None]:
        """Only if there is such a line."""
        if height % self._scheme.results == 0:
            return nullcontext()
        return self._f.when(self._f.compare("slt", line, i64(height)))
