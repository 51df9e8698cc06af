"""A sweep on the matrix unit: 16 x 16 sums, whose left operands are read from split pictures where they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, prod
from typing import NamedTuple

from chainrule.native import matrix_unit
from chainrule.native.contraction import splitting
from chainrule.native.emit import V, i64, vector
from chainrule.native.matrix_unit import DEPTH, ROOM, SIDE, WIDTH, Block, Tile, Tiles
from chainrule.native.whole.convolution.finish import Finish
from chainrule.native.whole.convolution.geometry import Geometry
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.convolution.planes import STEP_BYTES, Layout, Planes
from chainrule.native.whole.convolution.sides import Division, Sides, cost, divide, pays
from chainrule.native.whole.convolution.sweep import Sweep
from chainrule.native.whole.convolution.winograd import Scheme
from chainrule.native.whole.convolution.winograd_tiles import Choice
from chainrule.native.whole.task import Task, Work, nest, offset, steps, strides

# Multiply-adds in a cycle by vectors, in practice.
_MULTIPLY_ADDS = 23
# Bytes of 32 channels of a split picture beyond which memory takes longer than multiply-adds.
_FAR = 1 << 24


def on_matrix_unit(task: Task, geometry: Geometry, sides: Sides, fewer: Choice[Scheme] | None) -> Work | None:
    """The forward pass or the gradient to the input, if the matrix unit does it faster than vectors.

    `fewer` is how vectors take fewer products, if they do.

    A unit is some pictures and some blocks of 32 channels of the result.
    """
    if not sides.elements * sides.k:
        return None
    layout = Layout.of(sides.sweeps, sides.spatial, SIDE)
    if layout.pixels(1) * STEP_BYTES > _FAR:
        return None
    division = divide(sides, layout)
    if not pays(task, geometry, cost(sides, layout, division), _MULTIPLY_ADDS, fewer):
        return None
    product = _Product(Parts(task, geometry), sides, layout, division)
    matrix_unit.begin(task.f)
    with task.f.loop(task.frame.begin, task.frame.end) as units:
        product.unit(units.index)
    matrix_unit.end(task.f)
    whole, rest = divmod(sides.batch, division.together)
    return Work(product.units, product.parts.scratch, 1 if rest else whole)


class _Product:
    """The code of a convolution's sweeps.

    Attributes:
        units: How many units there are.
    """

    def __init__(self, parts: Parts, sides: Sides, layout: Layout, division: Division) -> None:
        self.parts = parts
        self._f = parts.f
        self._sides = sides
        self._layout = layout
        self._division = division
        self._source, self._weight = parts.task.inputs
        self._steps = ceil(min(division.depth, sides.k) / DEPTH)
        self._planes = Planes(parts, layout, division.together, self._steps, sides.groups * sides.k)
        self._strip = parts.room(sides.elements * self._steps * splitting.STEP_BYTES // 4, zero=False)
        self._sums = parts.room(ROOM // 4, zero=False)
        self._finish = Finish(parts)
        self._parted = sides.k > division.depth
        kept = division.blocks * self._tiles(sides.sweeps) * SIDE * WIDTH if self._parted else 0
        self._kept = parts.room(kept, zero=False)
        self._spans = ceil(sides.blocks / division.blocks)
        self.units = ceil(sides.batch / division.together) * sides.groups * self._spans

    def unit(self, index: V) -> None:
        """Some pictures, some blocks of a group's channels."""
        f, sides, division, parts = self._f, self._sides, self._division, self.parts
        rest, span = f.divmod(index, self._spans)
        some, group = f.divmod(rest, sides.groups)
        picture = f.mul(some, i64(division.together))
        count = i64(division.together)
        if sides.batch % division.together:
            count = f.intrinsic("llvm.smin", "i64", count, f.sub(i64(sides.batch), picture))
        every = sides.groups * sides.k
        source = parts.at(self._source, (picture, prod(sides.spatial) * every), (group, sides.k))
        weight = parts.at(self._weight, (group, sides.weight.group))
        row, columns = f.mul(picture, i64(prod(sides.result))), f.mul(group, i64(sides.n))
        first = f.mul(span, i64(division.blocks))
        last = f.intrinsic("llvm.smin", "i64", f.add(first, i64(division.blocks)), i64(sides.blocks))

        def some_channels(start: V, channels: int) -> None:
            self._planes.load(parts.at(source, (start, 1)), count, channels)
            part = parts.at(weight, (start, sides.weight.k))

            def columns_of(number: V, width: int) -> None:
                column = f.mul(number, i64(WIDTH))
                block = f.sub(number, first)
                here = _Part(parts.at(part, (column, sides.weight.n)), row, f.add(columns, column), block, start)
                for sweep in sides.sweeps:
                    self._sweep(sweep, here, count, channels, width)

            whole, rest = divmod(sides.n, WIDTH)
            if whole:
                with f.loop(first, f.intrinsic("llvm.smin", "i64", last, i64(whole)), unroll=False) as blocks:
                    columns_of(blocks.index, WIDTH)
            if rest:
                with f.when(f.compare("eq", last, i64(whole + 1))):
                    columns_of(i64(whole), rest)

        steps(f, sides.k, division.depth, some_channels)

    def _sweep(self, sweep: Sweep, part: _Part, count: V, channels: int, width: int) -> None:
        """Some columns of a sweep, from some channels."""
        f, layout = self._f, self._layout
        self._pack(sweep, part.weight, channels, width)
        across = layout.pitch if layout.copies else sweep.positions[-1]
        length = f.mul(count, i64(across))
        line = f.binary("udiv", f.add(length, i64(SIDE - 1)), i64(SIDE))
        tiles = f.mul(line, i64(prod(sweep.positions[:-1])))
        pairs = f.binary("and", tiles, i64(-2))

        def some(first: V, down: int) -> None:
            places = [self._place(sweep, f.add(first, i64(i)), line, across) for i in range(down)]
            self._compute(sweep, places, channels, width)
            for i, place in enumerate(places):
                left = f.intrinsic("llvm.smin", "i64", i64(SIDE), f.sub(length, place.start))
                sums = f.at(self._sums, "float", i64(i * SIDE * WIDTH))
                self._end(sweep, place, left, across, sums, part, width)

        with f.loop(i64(0), pairs, 2, unroll=False) as loop:
            some(loop.index, 2)
        if self._sides.batch % self._division.together or self._tiles([sweep]) % 2:
            with f.when(f.compare("ne", pairs, tiles)):
                some(pairs, 1)

    def _place(self, sweep: Sweep, tile: V, line: V, across: int) -> _Place:
        """Where a tile is."""
        f, layout = self._f, self._layout
        at, rest = f.binary("udiv", tile, line), f.binary("urem", tile, line)
        start = f.mul(rest, i64(SIDE))
        lines: list[V] = []
        for extent in reversed(sweep.positions[1:-1]):
            at, one = f.divmod(at, extent)
            lines.insert(0, one)
        if len(sweep.positions) > 1:
            lines.insert(0, at)
        picture, column = f.divmod(start, across)
        together = self._division.together
        apart = [step * layout.line(together) * s for step, s in zip(strides(layout.lines), sweep.step, strict=False)]
        pixel = offset(f, *zip(lines, apart, strict=True), (picture, layout.pitch), (column, layout.row))
        return _Place(tile, f.at(self._planes.room, "i8", f.mul(pixel, i64(self._planes.pixel))), lines, start)

    def _pack(self, sweep: Sweep, weight: V, channels: int, width: int) -> None:
        """A block of the weight, in the order in which it is used."""
        f, sides, parts = self._f, self._sides, self.parts
        first = sum(tap.element * step for tap, step in zip(sweep.taps, sides.window, strict=True))
        apart = [tap.element_step * step for tap, step in zip(sweep.taps, sides.window, strict=True)]
        counts = [tap.size for tap in sweep.taps]
        to = [step * self._steps * splitting.STEP_BYTES // 4 for step in strides(counts)]

        def element(indices: list[V], _: list[V]) -> None:
            place = parts.at(weight, (i64(first), 1), *zip(indices, apart, strict=True))
            strip = splitting.Strip(place, sides.weight.n, sides.weight.k, width, False)
            splitting.pack_strip(
                f, strip, i64(channels), channels % DEPTH, parts.at(self._strip, *zip(indices, to, strict=True))
            )

        nest(f, counts, element)

    def _compute(self, sweep: Sweep, places: Sequence[_Place], channels: int, width: int) -> None:
        """The sums of one or two tiles' positions."""
        f, pixel = self._f, self._planes.pixel
        first, apart = self._layout.taps(sweep, self._division.together)
        counts = [*(tap.size for tap in sweep.taps), ceil(channels / DEPTH)]
        moves = [*(step * pixel for step in apart), STEP_BYTES]
        order = [step * self._steps for step in strides(counts[:-1])] + [1]

        def over(take: Callable[[Tiles, Tiles], None]) -> None:
            def step(indices: list[V], _: list[V]) -> None:
                move = offset(f, (i64(1), first * pixel), *zip(indices, moves, strict=True))
                rows = [f.at(place.pixel, "i8", move) for place in places]
                number = offset(f, *zip(indices, order, strict=True))

                def left(level: int, which: int) -> Tile:
                    return Tile(f.at(rows[which], "i8", i64(0), level * 2 * DEPTH), self._layout.row * pixel)

                take(left, splitting.packed_tiles(f, self._strip, number))

            nest(f, counts, step)

        Block(len(places), ceil(width / SIDE)).sums(f, over, self._sums)

    def _end(self, sweep: Sweep, place: _Place, left: V, across: int, sums: V, part: _Part, width: int) -> None:
        """Finish so many sums of a tile; those of the first channels are only kept."""
        f = self._f
        if not self._parted:
            self._finish_tile(sweep, place, left, across, sums, part, width)
            return
        tile = f.add(place.number, i64(self._tiles(self._sides.sweeps[: self._sides.sweeps.index(sweep)])))
        tile = f.add(f.mul(part.block, i64(self._tiles(self._sides.sweeps))), tile)
        kept = f.at(self._kept, "float", f.mul(tile, i64(SIDE * WIDTH)))

        def add(indices: list[V], _: list[V]) -> None:
            to, new = (f.at(each, "float", f.mul(indices[0], i64(SIDE))) for each in (kept, sums))
            total = f.load(vector("float", SIDE), new)
            mask = f.splat(f.compare("ne", part.start, i64(0)), SIDE)
            f.store(f.add(total, f.masked_load(total.type, to, mask)), to)

        nest(f, [SIDE * WIDTH // SIDE], add)
        with f.when(f.compare("sge", f.add(part.start, i64(self._division.depth)), i64(self._sides.k))):
            self._finish_tile(sweep, place, left, across, kept, part, width)

    def _tiles(self, sweeps: Sequence[Sweep]) -> int:
        """How many tiles some sweeps have in a unit at most."""
        together, copies = self._division.together, self._layout.copies
        along = [ceil(together * (self._layout.pitch if copies else each.positions[-1]) / SIDE) for each in sweeps]
        return sum(prod(each.positions[:-1]) * tiles for each, tiles in zip(sweeps, along, strict=True))

    def _finish_tile(self, sweep: Sweep, place: _Place, left: V, across: int, sums: V, part: _Part, width: int) -> None:
        """Finish so many sums of a tile."""
        f, sides = self._f, self._sides
        result = strides(sides.result)
        first = sum(one * step for one, step in zip(sweep.first, result, strict=True))
        apart = [step * s for step, s in zip(result, sweep.apart, strict=True)]
        line = offset(f, (part.row, 1), (i64(1), first), *zip(place.lines, apart, strict=False))
        finish = self._finish.pixel(part.column, width)
        with f.loop(i64(0), left, unroll=False, may_be_empty=False) as loop:
            picture, column = f.divmod(f.add(place.start, loop.index), across)
            row = offset(f, (line, 1), (picture, prod(sides.result)), (column, apart[-1]))
            total = f.at(sums, "float", f.mul(loop.index, i64(WIDTH)))
            if across > sweep.positions[-1]:
                with f.when(f.compare("ult", column, i64(sweep.positions[-1]))):
                    finish(row, total)
            else:
                finish(row, total)


class _Part(NamedTuple):
    """What a unit is at.

    Attributes:
        weight: The weight of the channels and columns.
        row: The first pixel of the first picture.
        column: The first of the columns.
        block: Which of the unit's blocks of columns it is.
        start: The first channel.
    """

    weight: V
    row: V
    column: V
    block: V
    start: V


class _Place(NamedTuple):
    """A tile of positions.

    Attributes:
        number: Which one of the sweep's it is.
        pixel: The address of the first one's pixel.
        lines: Its indices along the dimensions but the last.
        start: How far it is from the start of its line.
    """

    number: V
    pixel: V
    lines: list[V]
    start: V
