"""The gradient to a weight of 3×3 by fewer products."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import ceil, prod

from chainrule.native.contraction.outer import multiply_add
from chainrule.native.emit import V, i64, number, vector
from chainrule.native.whole.convolution.geometry import Geometry, at_once
from chainrule.native.whole.convolution.parts import Parts, Pictures
from chainrule.native.whole.convolution.tile import even_rows
from chainrule.native.whole.convolution.winograd import WeightScheme
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
    directly,
    largest,
    schemes,
    transform_pixels,
)
from chainrule.native.whole.task import Task, Work, nest, offset, steps

# A unit has so many channels and outputs: its sums, and the tiles that go into them, stay in the second-level cache.
_SIDE = 128
# Channels that cannot be divided into blocks are one, up to so many: its sums come from further away, which costs less
# than all the products.
_LARGEST_SIDE = 5 * _SIDE
# Elements of transformed pixels that go through the products together: they share the second-level cache with the sums.
_TOGETHER = 9 << 14
# Cycles to take a vector of sums from memory and back, and to make the gradient of one.
_TAKEN, _FINISH = 2, 3
# Vectors of channels that a tile of sums has.
_VECTORS = 2


def weight_by_fewer_products(task: Task, scheme: WeightScheme, geometry: Geometry, batches: int) -> Work:
    """The gradient. A unit is a part of the batch and a block of the weight."""
    weight = _FewerProducts(task, scheme, geometry, batches)
    with task.f.loop(task.frame.begin, task.frame.end) as units:
        weight.unit(units.index)
    return Work(weight.units, weight.parts.scratch, batches)


def fewer_products(parts: Parts, batches: int) -> Choice[WeightScheme] | None:
    """The way to take fewer products, if that takes fewer cycles."""
    return choose(_ways(parts, batches), directly(parts.geometry, parts.lanes))


def _ways(parts: Parts, batches: int) -> Iterator[Choice[WeightScheme]]:
    geometry, lanes = parts.geometry, parts.lanes
    if not can_be(parts) or _block_of(geometry.channels, lanes) > _LARGEST_SIDE:
        return
    # Channels lie along the lanes here.
    turned = replace(geometry, channels=geometry.outputs, outputs=geometry.channels)
    vectors = geometry.outputs * ceil(geometry.channels / lanes)
    for scheme in schemes(geometry):
        products, transforms = Cycles.of(scheme, turned, lanes)
        blocks = ceil(geometry.batch * prod(scheme.tiles(geometry)) / Tiles.of(scheme, geometry, _TOGETHER).most)
        # Pixels are transformed for each block of outputs, gradients for each block of channels.
        transforms *= ceil(max(geometry.channels, geometry.outputs) / _SIDE)
        sums = vectors * (blocks * scheme.sums * _TAKEN + batches * scheme.weights * _FINISH)
        yield Choice(scheme, products + transforms + sums)


def _block_of(channels: int, lanes: int) -> int:
    """The channels of a block: equal parts of whole vectors, or all."""
    return max((n for n in range(lanes, _SIDE + 1, lanes) if channels % n == 0), default=channels)


class _FewerProducts:
    """The code.

    Attributes:
        units: How many units there are.
    """

    def __init__(self, task: Task, scheme: WeightScheme, geometry: Geometry, batches: int) -> None:
        self._f = task.f
        self._scheme = scheme
        self._geometry = geometry = scheme.with_whole_tiles(geometry)
        self._channels = _block_of(geometry.channels, task.lanes)
        self._blocks = geometry.channels // self._channels
        # To the pictures, blocks of channels are groups.
        frame = geometry.frame._replace(groups=self._blocks)
        self.parts = parts = Parts(task, replace(geometry, channels=self._channels, frame=frame))
        self._batch = geometry.batch // batches
        self._transform = Transform(parts)
        self._tiles = Tiles.of(scheme, parts.geometry, _TOGETHER)
        self._together = at_once(self._batch, prod(geometry.positions), most=self._tiles.positions)
        self._pictures = Pictures(parts, task.inputs[0], self._together)
        self._full, most = parts.whole_vectors(self._channels), self._tiles.most
        self._pixels = parts.room(scheme.sums * apart(most * self._full), zero=False)
        self._gradients = parts.room(scheme.sums * apart(most * _SIDE), zero=False)
        self._sums = parts.room(scheme.weights * apart(_SIDE * self._full), zero=False)
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
        f, parts, scheme, geometry = self._f, self.parts, self._scheme, self._geometry
        f.fill(self._sums, 0, i64(scheme.weights * apart(width * self._full) * parts.task.kernel.out.dtype.itemsize))
        f.store(number(0, "i32"), self._largest)
        with f.loop(i64(0), i64(self._batch), self._together, unroll=False) as pictures:
            x, g = self._load(batch, pictures.index, channels, output)
            self._look_at(x, g, width)
            source = Source(x, self._pictures.apart, self._pictures.pixel, geometry.padded[1] * self._pictures.pixel)

            def block(here: Block) -> None:
                transform_pixels(parts, scheme, source, here, self._pixels, self._channels, self._full)
                self._transform_gradients(g, here, width)
                self._multiply(here.tiles, width)

            self._tiles.each_block(f, self._together, block)
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
        """What each tile's gradients become, as (sums, tiles, outputs)."""
        f, parts, scheme, geometry = self._f, self.parts, self._scheme, self._geometry
        height, length = geometry.positions
        line, every = length * geometry.outputs, height * length * geometry.outputs
        step = apart(block.tiles * width)

        def tile(number_of_tile: V, picture: V, row: V, place: V) -> None:
            top, left = f.mul(row, i64(scheme.results)), f.mul(place, i64(scheme.results))
            corner = parts.at(g, (picture, every), (top, line), (left, geometry.outputs))
            target = parts.at(self._gradients, (number_of_tile, width))
            beside, below = (
                [self._is_inside(f.add(first, i64(n)), count) for n in range(scheme.results)]
                for first, count in ((left, length), (top, height))
            )

            def some(start: V, count: int) -> None:
                kind, nothing = vector(parts.task.element, count), parts.at(self._nothing, (start, 1))
                here = parts.at(corner, (start, 1))

                def element(x: int, y: int) -> V:
                    pointer = parts.at(here, (i64(x * geometry.outputs + y * line), 1))
                    for inside in beside[x], below[y]:
                        pointer = pointer if inside is None else f.select(inside, pointer, nothing)
                    return parts.load(kind, pointer)

                rows = self._transform.rows_to(parts.at(target, (start, 1)), step)
                self._transform(scheme.results, element, scheme.of_gradients, rows)

            steps(f, width, parts.lanes, some)

        block.each(f, tile)

    def _is_inside(self, place: V, length: int) -> V | None:
        """Whether a line, or a result in a line, is inside (i1); None where all are."""
        if length % self._scheme.results == 0:
            return None
        return self._f.compare("slt", place, i64(length))

    def _multiply(self, tiles: int, width: int) -> None:
        """The products, outputs by tiles and tiles by channels, added to the sums (sums, outputs, channels)."""
        f, parts, full = self._f, self.parts, self._full

        def product(e: list[V], _: list[V]) -> None:
            left = parts.at(self._gradients, (e[0], apart(tiles * width)))
            right = parts.at(self._pixels, (e[0], apart(tiles * full)))
            target = parts.at(self._sums, (self._scheme.weight_of(f, e[0]), apart(width * full)))

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

        nest(f, [self._scheme.sums], product)

    def _finish(self, to: V, width: int) -> None:
        """The gradients to the elements of the window."""
        f, parts, full, channels = self._f, self.parts, self._full, self._geometry.channels
        side, step = self._scheme.windows, apart(width * full)

        def output(at: list[V], _: list[V]) -> None:
            def some(start: V, count: int) -> None:
                here = parts.at(self._sums, (at[0], full), (start, 1))
                place = parts.at(to, (at[0], self._geometry.depth), (start, 1))

                def row(y: int, elements: list[V]) -> None:
                    for x, one in enumerate(elements):
                        f.store(parts.first(one, count), parts.at(place, (i64((3 * y + x) * channels), 1)))

                self._transform(side, self._transform.square_at(here, side, step), self._scheme.of_weight_sums, row)

            steps(f, self._channels, parts.lanes, some)

        nest(f, [width], output)

    def _directly(self, where: tuple[V, V, V], to: V, width: int) -> None:
        """The same by all products, one after another: slow, but infinities and NaN stay where they are."""
        f, parts, geometry = self._f, self.parts, self._geometry
        batch, channels, output = where
        across, within = geometry.steps(self._pictures.pixel)
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
                    window = parts.at(x, *zip((down, along), within, strict=True), (start, 1))

                    def product(p: list[V], total: list[V]) -> list[V]:
                        pixels = parts.load(kind, window, *zip(p, (self._pictures.apart, *across), strict=True))
                        result = offset(f, (p[0], prod(geometry.positions)), (p[1], length), (p[2], 1))
                        gradient = f.splat(parts.load(parts.task.element, g, (result, outputs), (one, 1)), count)
                        return [multiply_add(f, parts.task.target, gradient, pixels, total[0])]

                    before = f.select(f.splat(fresh, count), number(0, kind), parts.load(kind, place))
                    (total,) = nest(f, [self._together, *geometry.positions], product, [before])
                    f.store(total, place)

                steps(f, self._channels, parts.lanes, some)

            nest(f, [width, 3, 3], each)
