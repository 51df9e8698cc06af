"""The gradient to a weight of 3×3 by fewer products."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, prod

from chainrule.native.contraction.outer import multiply_add
from chainrule.native.emit import V, i64, number, vector
from chainrule.native.whole.convolution.geometry import Geometry, at_once
from chainrule.native.whole.convolution.parts import Parts, Pictures
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
    of_gradients,
    of_weight_sums,
    tiles_of,
    transform_pixels,
    with_whole_tiles,
)
from chainrule.native.whole.task import Task, Work, nest, offset, steps

# A unit has so many channels and outputs: its sums, and the tiles that go into them, stay in the second-level cache.
_SIDE = 128
# Cycles to take a vector of sums from memory and back, and to make the gradient of one; what is saved must be worth it.
_TAKEN, _FINISH = 2, 40
_WORTH = 0.85
# Vectors of channels that a tile of sums has.
_VECTORS = 2


def weight_by_fewer_products(task: Task, geometry: Geometry, batches: int) -> Work | None:
    """The gradient, if fewer products take fewer cycles. A unit is a part of the batch and a block of the weight."""
    parts = Parts(task, geometry)
    if not is_3_by_3(parts) or not _pays(geometry, parts.lanes, batches):
        return None
    weight = _FewerProducts(task, geometry, batches)
    with task.f.loop(task.frame.begin, task.frame.end) as units:
        weight.unit(units.index)
    return Work(weight.units, weight.parts.scratch, batches)


def _pays(geometry: Geometry, lanes: int, batches: int) -> bool:
    if _block_of(geometry.channels, lanes) > _SIDE:
        return False
    direct = Cycles.of(geometry, lanes).direct
    # Channels lie along the lanes here.
    turned = replace(geometry, channels=geometry.outputs, outputs=geometry.channels)
    _, products, transforms = Cycles.of(turned, lanes)
    vectors = geometry.outputs * ceil(geometry.channels / lanes)
    blocks = ceil(geometry.batch * prod(tiles_of(geometry)) / most_tiles(geometry))
    # Pixels are transformed for each block of outputs, gradients for each block of channels.
    transforms *= ceil(max(geometry.channels, geometry.outputs) / _SIDE)
    sums = vectors * (blocks * SUMS * _TAKEN + batches * _FINISH)
    return products + transforms + sums < _WORTH * direct


def _block_of(channels: int, lanes: int) -> int:
    """The channels of a block: equal parts of whole vectors, or all."""
    return max((n for n in range(lanes, _SIDE + 1, lanes) if channels % n == 0), default=channels)


class _FewerProducts:
    """The code.

    Attributes:
        units: How many units there are.
    """

    def __init__(self, task: Task, geometry: Geometry, batches: int) -> None:
        self._f = task.f
        self._geometry = geometry = with_whole_tiles(geometry)
        self._channels = _block_of(geometry.channels, task.lanes)
        self._blocks = geometry.channels // self._channels
        # To the pictures, blocks of channels are groups.
        frame = geometry.frame._replace(groups=self._blocks)
        self.parts = parts = Parts(task, replace(geometry, channels=self._channels, frame=frame))
        self._batch = geometry.batch // batches
        self._together = at_once(self._batch, prod(geometry.positions))
        self._pictures = Pictures(parts, task.inputs[0], self._together)
        self._full, most = parts.whole_vectors(self._channels), most_tiles(geometry)
        self._pixels = parts.room(SUMS * most * self._full, zero=False)
        self._gradients = parts.room(SUMS * most * _SIDE, zero=False)
        self._sums = parts.room(SUMS * _SIDE * self._full, zero=False)
        # What stands for gradients of results that are outside.
        self._nothing = parts.room(_SIDE)
        self._largest = self._f.alloca("i32", 1)
        self.units = batches * ceil(geometry.outputs / _SIDE) * self._blocks

    def unit(self, index: V) -> None:
        """A block of the weight; the last one may have fewer outputs."""
        f, outputs = self._f, self._geometry.outputs
        index, channels = f.divmod(index, self._blocks)
        batch, block = f.divmod(index, ceil(outputs / _SIDE))
        whole, rest = divmod(outputs, _SIDE)
        if whole:
            with f.when(f.compare("ult", block, i64(whole))):
                self._block(batch, channels, f.mul(block, i64(_SIDE)), _SIDE)
        if rest:
            with f.when(f.compare("eq", block, i64(whole))):
                self._block(batch, channels, i64(whole * _SIDE), rest)

    def _block(self, batch: V, channels: V, output: V, width: int) -> None:
        f, parts, geometry = self._f, self.parts, self._geometry
        f.fill(self._sums, 0, i64(SUMS * width * self._full * parts.task.kernel.out.dtype.itemsize))
        f.store(number(0, "i32"), self._largest)
        with f.loop(i64(0), i64(self._batch), self._together, unroll=False) as pictures:
            x, g = self._load(batch, pictures.index, channels, output)
            self._look_at(x, g, width)
            source = Source(x, self._pictures.apart, self._pictures.pixel, geometry.padded[1] * self._pictures.pixel)

            def block(here: Block) -> None:
                transform_pixels(parts, source, here, self._channels, self._pixels, self._full)
                self._transform_gradients(g, here, width)
                self._multiply(here.tiles, width)

            each_block(f, self._together, geometry, block)
        moderate = are_moderate(f, f.load("i32", self._largest))
        size = geometry.outputs * geometry.depth
        terms = (batch, size), (output, geometry.depth), (channels, self._channels)
        to = parts.at(parts.task.output, *terms)
        with f.when(moderate):
            self._finish(to, width)
        with f.when(f.binary("xor", moderate, V("true", "i1"))):
            self._directly((batch, channels, output), to, width)

    def _load(self, batch: V, picture: V, channels: V, output: V) -> tuple[V, V]:
        """Some padded pictures, and the gradients of their results."""
        f, geometry = self._f, self._geometry
        first = f.add(f.mul(batch, i64(self._batch)), picture)
        g = self.parts.at(self.parts.task.inputs[1], (first, prod(geometry.positions) * geometry.outputs), (output, 1))
        return self._pictures.load(first, channels), g

    def _look_at(self, x: V, g: V, width: int) -> None:
        """Remember the largest number."""
        f, parts, geometry = self._f, self.parts, self._geometry
        pixels, positions = self._together * prod(geometry.padded), self._together * prod(geometry.positions)
        found = f.load("i32", self._largest)
        for bits in (
            largest(parts, x, pixels, self._pictures.pixel, self._channels),
            largest(parts, g, positions, geometry.outputs, width),
        ):
            found = f.intrinsic("llvm.umax", "i32", found, bits)
        f.store(found, self._largest)

    def _transform_gradients(self, g: V, block: Block, width: int) -> None:
        """The 16 sums and differences of each tile's gradients, as (sums, tiles, outputs)."""
        f, parts, geometry = self._f, self.parts, self._geometry
        height, length = geometry.positions
        line, every = length * geometry.outputs, height * length * geometry.outputs

        def tile(number_of_tile: V, picture: V, row: V, place: V) -> None:
            y, x = f.mul(row, i64(2)), f.mul(place, i64(2))
            corner = parts.at(g, (picture, every), (y, line), (x, geometry.outputs))
            below, beside = self._is_inside(y, height), self._is_inside(x, length)
            target = parts.at(self._gradients, (number_of_tile, width))

            def some(start: V, count: int) -> None:
                kind, nothing = vector(parts.task.element, count), parts.at(self._nothing, (start, 1))

                def at(down: int, along: int) -> V:
                    pointer = parts.at(corner, (start, 1), (i64(down), line), (i64(along), geometry.outputs))
                    for inside in [below] * down + [beside] * along:
                        pointer = pointer if inside is None else f.select(inside, pointer, nothing)
                    return parts.load(kind, pointer)

                results = [[at(down, along) for along in range(2)] for down in range(2)]
                for e, one in enumerate(both_ways(f, results, of_gradients)):
                    f.store(one, parts.at(target, (start, 1), (i64(e), block.tiles * width)))

            steps(f, width, parts.lanes, some)

        block.each(f, tile)

    def _is_inside(self, first: V, length: int) -> V | None:
        """Whether the second of two neighbours is inside (i1); None where it always is."""
        if length % 2 == 0:
            return None
        return self._f.compare("slt", self._f.add(first, i64(1)), i64(length))

    def _multiply(self, tiles: int, width: int) -> None:
        """16 products, outputs by tiles and tiles by channels, added to the sums (sums, outputs, channels)."""
        f, parts, full = self._f, self.parts, self._full

        def product(e: list[V], _: list[V]) -> None:
            left, right = parts.at(self._gradients, (e[0], tiles * width)), parts.at(self._pixels, (e[0], tiles * full))
            target = parts.at(self._sums, (e[0], width * full))

            def panel(first: V, vectors: int) -> None:
                column = f.mul(first, i64(parts.lanes))

                def some(row: V, count: int) -> None:
                    def step(at: list[V], sums: list[V]) -> list[V]:
                        channels = parts.row(parts.at(right, (at[0], full), (column, 1)), vectors)
                        return parts.take(sums, parts.at(left, (at[0], width), (row, 1)), range(count), channels)

                    for i, total in enumerate(nest(f, [tiles], step, parts.zeros(count * vectors))):
                        r, v = divmod(i, vectors)
                        place = parts.at(target, (row, full), (column, 1), (i64(r), full), (i64(v), parts.lanes))
                        f.store(f.add(f.load(total.type, place), total), place)

                # Two registers to spare, where sums are carried through loops within loops.
                steps(f, width, even_rows(width, vectors, parts.task.target.registers - 2), some)

            steps(f, full // parts.lanes, _VECTORS, panel)

        nest(f, [SUMS], product)

    def _finish(self, to: V, width: int) -> None:
        """The gradients to the elements of the window."""
        f, parts, full, channels = self._f, self.parts, self._full, self._geometry.channels

        def output(at: list[V], _: list[V]) -> None:
            def some(start: V, count: int) -> None:
                here = parts.at(self._sums, (at[0], full), (start, 1))
                sums = [
                    [parts.row(parts.at(here, (i64(4 * i + j), width * full)), 1)[0] for j in range(4)]
                    for i in range(4)
                ]
                place = parts.at(to, (at[0], self._geometry.depth), (start, 1))
                for element, one in enumerate(both_ways(f, sums, of_weight_sums)):
                    f.store(parts.first(one, count), parts.at(place, (i64(element), channels)))

            steps(f, self._channels, parts.lanes, some)

        nest(f, [width], output)

    def _directly(self, where: tuple[V, V, V], to: V, width: int) -> None:
        """The same by all products, one after another: slow, but infinities and NaN stay where they are."""
        f, parts, geometry = self._f, self.parts, self._geometry
        batch, channels, output = where
        line, pixel, apart = geometry.padded[1] * self._pictures.pixel, self._pictures.pixel, self._pictures.apart
        length, outputs = geometry.positions[1], geometry.outputs

        with f.loop(i64(0), i64(self._batch), self._together, unroll=False) as pictures:
            x, g = self._load(batch, pictures.index, channels, output)
            fresh = f.compare("eq", pictures.index, i64(0))

            def each(at: list[V], _: list[V]) -> None:
                one, down, along = at

                def some(start: V, count: int) -> None:
                    kind = vector(parts.task.element, count)
                    place = parts.at(
                        to, (one, geometry.depth), (down, 3 * geometry.channels), (along, geometry.channels), (start, 1)
                    )
                    window = parts.at(x, (down, line), (along, pixel), (start, 1))

                    def product(p: list[V], total: list[V]) -> list[V]:
                        pixels = parts.load(kind, window, (p[0], apart), (p[1], line), (p[2], pixel))
                        result = offset(f, (p[0], prod(geometry.positions)), (p[1], length), (p[2], 1))
                        gradient = f.splat(parts.load(parts.task.element, g, (result, outputs), (one, 1)), count)
                        return [multiply_add(f, parts.task.target, gradient, pixels, total[0])]

                    before = f.select(f.splat(fresh, count), number(0, kind), parts.load(kind, place))
                    (total,) = nest(f, [self._together, *geometry.positions], product, [before])
                    f.store(total, place)

                steps(f, self._channels, parts.lanes, some)

            nest(f, [width, 3, 3], each)
