"""The gradient to the weight on the matrix unit: 32 outputs times 32 channels, summed over positions of some pictures.

Positions are the steps of k, 32 at a time. Those of a line are in order, and lines of a group of pictures stand side by
side and are filled up with zeros. So what an element of a window reads for 32 positions is a packed step of the input:
elements of the same column differ only in the line, and a packed column of the input serves all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, prod
from typing import NamedTuple

from chainrule.native import matrix_unit
from chainrule.native.contraction import splitting
from chainrule.native.emit import V, i64, vector
from chainrule.native.matrix_unit import DEPTH, ROOM, SIDE, WIDTH, Block, Tiles
from chainrule.native.whole.convolution.geometry import Geometry
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.convolution.planes import Layout, Pixels
from chainrule.native.whole.convolution.sides import STEP_CYCLES, of_threads, pays, share_of_blocks
from chainrule.native.whole.convolution.sweep import Sweep, forward_sweep
from chainrule.native.whole.convolution.winograd import Scheme
from chainrule.native.whole.convolution.winograd_tiles import Choice
from chainrule.native.whole.task import Task, Work, nest, offset, steps, strides

# Bytes of packed outputs and of a packed column of the input that are to stay in the second-level cache.
_NEAR = 3 << 19
# Cycles: to add 32 x 32 sums to the weight; to copy 32 channels of a pixel; to pack 32 pixels of these; to copy and
# pack 32 positions of 32 outputs.
_ADD, _COPY, _PACK, _PACK_OUTPUTS = 400, 8, 500, 1000
# Multiply-adds in a cycle by vectors, in practice.
_MULTIPLY_ADDS = 17


class _Division(NamedTuple):
    """How the work is divided.

    Attributes:
        together: How many pictures are done at once.
        outputs: How many blocks of 32 outputs a unit has.
        channels: How many blocks of 32 channels.
    """

    together: int
    outputs: int
    channels: int


@dataclass(frozen=True)
class _Sizes:
    """What is known of the work before it is divided.

    Attributes:
        geometry: The convolution.
        batch: The pictures that a unit sums over.
        batches: How many such parts of the batch there are.
        sweep: The windows.
        layout: The order of the input's pixels.
    """

    geometry: Geometry
    batch: int
    batches: int
    sweep: Sweep
    layout: Layout

    @property
    def lines(self) -> int:
        """The lines of positions of a picture."""
        return prod(self.sweep.positions[:-1])

    def along(self, together: int) -> int:
        """How often 32 positions are in a line of so many pictures."""
        return ceil(together * self.sweep.positions[-1] / DEPTH)

    def packed(self, together: int) -> int:
        """The bytes of a packed column of the input."""
        return prod(self.layout.lines) * self.along(together) * splitting.STEP_BYTES

    def packed_outputs(self, together: int) -> int:
        """The bytes of a packed block of outputs."""
        return self.lines * self.along(together) * splitting.STEP_BYTES

    def cost(self, division: _Division) -> float:
        """Cycles, the mean of what one to four threads need together."""
        together, outputs, channels = division
        geometry, columns = self.geometry, self.sweep.taps[-1].size
        step = STEP_CYCLES * share_of_blocks(geometry.outputs) * share_of_blocks(geometry.channels)
        sums = prod(geometry.kernel) * (self.lines * self.along(together) * step + _ADD)
        column = prod(self.layout.lines) * self.along(together) * _PACK
        copied = 0 if self.layout.as_it_is else self.layout.pixels(together)
        each = copied * _COPY + columns * column + outputs * sums
        unit = channels * each + outputs * self.lines * self.along(together) * _PACK_OUTPUTS
        unit *= self.batch // together
        spans = ceil(geometry.outputs / WIDTH / outputs) * ceil(geometry.channels / WIDTH / channels)
        units = self.batches * geometry.frame.groups * spans
        return of_threads(units) * unit

    def divided(self) -> _Division:
        """The division that takes the fewest cycles."""
        blocks = [ceil(size / WIDTH) for size in (self.geometry.outputs, self.geometry.channels)]
        counts = [sorted({ceil(each / parts) for parts in (1, 2, 4, 8, 16)}) for each in blocks]
        every = [
            _Division(together, outputs, channels)
            for together in range(1, self.batch + 1)
            if self.batch % together == 0
            for outputs in counts[0]
            for channels in counts[1]
        ]
        return min(every, key=lambda each: (self.room(each) > _NEAR, self.cost(each)))

    def room(self, division: _Division) -> int:
        """The bytes that are to stay in the second-level cache."""
        together, outputs, _ = division
        return outputs * self.packed_outputs(together) + self.packed(together)


def weight_on_matrix_unit(task: Task, geometry: Geometry, batches: int, fewer: Choice[Scheme] | None) -> Work | None:
    """The gradient to the weight, if the matrix unit does it faster than vectors.

    `fewer` is how vectors take fewer products, if they do.
    """
    if not geometry.batch * geometry.channels:
        return None
    geometry = geometry.with_pixels_in_line()
    sweep = forward_sweep(geometry)
    layout = Layout.of([sweep], geometry.spatial, DEPTH)
    sizes = _Sizes(geometry, geometry.batch // batches, batches, sweep, layout)
    division = sizes.divided()
    # What does not stay near is slower than multiply-adds, which go over some lines at a time.
    if sizes.room(division) > _NEAR or not pays(task, geometry, sizes.cost(division), _MULTIPLY_ADDS, fewer):
        return None
    parts = Parts(task, geometry)
    product = _Product(parts, sizes, division)
    matrix_unit.begin(task.f)
    with task.f.loop(task.frame.begin, task.frame.end) as units:
        product.unit(units.index)
    matrix_unit.end(task.f)
    return Work(product.units, parts.scratch, batches)


class _Product:
    """The code of the gradient to the weight.

    Attributes:
        units: How many units there are.
    """

    def __init__(self, parts: Parts, sizes: _Sizes, division: _Division) -> None:
        self._parts = parts
        self._f = parts.f
        self._geometry = geometry = parts.geometry
        self._sizes = sizes
        self._division = division
        self._blocks = [ceil(size / WIDTH) for size in (geometry.outputs, geometry.channels)]
        self._spans = [
            ceil(blocks / count)
            for blocks, count in zip(self._blocks, (division.outputs, division.channels), strict=True)
        ]
        self.units = sizes.batches * geometry.frame.groups * prod(self._spans)
        together = division.together
        self._pixels = Pixels(parts, sizes.layout, together, geometry.every_channel)
        self._steps = sizes.lines * sizes.along(together)
        self._x = parts.room(0 if sizes.layout.as_it_is else sizes.layout.pixels(together) * WIDTH)
        self._g = parts.room(self._steps * DEPTH * WIDTH if sizes.layout.copies else 0)
        self._packed_x = parts.room(sizes.packed(together) // 4, zero=False)
        self._packed_g = parts.room(division.outputs * sizes.packed_outputs(together) // 4, zero=False)
        self._sums = parts.room(ROOM // 4, zero=False)

    def unit(self, index: V) -> None:
        """A part of the batch, some blocks of a group's outputs and channels."""
        f, geometry, division, parts = self._f, self._geometry, self._division, self._parts
        rest, channels = f.divmod(index, self._spans[1])
        rest, outputs = f.divmod(rest, self._spans[0])
        batch, group = f.divmod(rest, geometry.frame.groups)
        channels, outputs = f.mul(channels, i64(division.channels)), f.mul(outputs, i64(division.outputs))
        weight = parts.at(
            parts.task.output,
            (batch, geometry.every_output * geometry.depth),
            (group, geometry.outputs * geometry.depth),
        )
        with f.loop(i64(0), i64(self._sizes.batch), division.together, unroll=False, may_be_empty=False) as pictures:
            picture = f.add(f.mul(batch, i64(self._sizes.batch)), pictures.index)
            x = parts.at(
                parts.task.inputs[0],
                (picture, prod(geometry.spatial) * geometry.every_channel),
                (group, geometry.channels),
            )
            g = parts.at(
                parts.task.inputs[1],
                (picture, prod(geometry.positions) * geometry.every_output),
                (group, geometry.outputs),
            )
            self._each_block(0, outputs, lambda block, width: self._pack_outputs(g, outputs, block, width))

            def channels_of(block: V, width: int) -> None:
                column = f.mul(block, i64(WIDTH))
                source = self._loaded(parts.at(x, (column, 1)), width)
                self._columns(source, parts.at(weight, (column, 1)), outputs, width, pictures.index)

            self._each_block(1, channels, channels_of)

    def _each_block(self, which: int, first: V, body: Callable[[V, int], None]) -> None:
        """`body(block, width)` for a unit's blocks of outputs (0) or channels (1); the last one may be narrower."""
        f = self._f
        size = (self._geometry.outputs, self._geometry.channels)[which]
        end = f.add(first, i64((self._division.outputs, self._division.channels)[which]))
        whole, rest = divmod(size, WIDTH)
        if whole:
            with f.loop(first, f.intrinsic("llvm.smin", "i64", end, i64(whole)), unroll=False) as blocks:
                body(blocks.index, WIDTH)
        if rest:
            with f.when(f.compare("sgt", end, i64(whole))):
                body(i64(whole), rest)

    def _pack_outputs(self, g: V, first: V, block: V, width: int) -> None:
        """Pack a block of outputs; those of short lines are copied side by side first."""
        f, geometry, parts, together = self._f, self._geometry, self._parts, self._division.together
        g, to = parts.at(g, (block, WIDTH)), self._outputs(f.sub(block, first))
        *lines, last = geometry.positions
        line = self._sizes.along(together) * DEPTH * WIDTH
        picture, *apart = (step * geometry.every_output for step in strides([together, *geometry.positions]))
        if self._sizes.layout.copies:
            parts.rearrange(
                [*lines, together, last, width],
                (self._g, [*(step * line for step in strides(lines)), last * WIDTH, WIDTH, 1]),
                (g, [*apart[:-1], picture, apart[-1], 1]),
            )
            strip = splitting.Strip(self._g, 1, WIDTH, width, True)
            splitting.pack_strip(f, strip, i64(self._steps * DEPTH), 0, to)
            return

        def a_line(indices: list[V], _: list[V]) -> None:
            place = parts.at(g, *zip(indices, [*apart[:-1], picture], strict=True))
            strip = splitting.Strip(place, 1, geometry.every_output, width, True)
            number = offset(f, *zip(indices, strides([*lines, together]), strict=True))
            there = f.at(to, "i8", f.mul(number, i64(last // DEPTH * splitting.STEP_BYTES)))
            splitting.pack_strip(f, strip, i64(last), 0, there)

        nest(f, [*lines, together], a_line)

    def _outputs(self, block: V) -> V:
        """Where a unit's packed block of outputs is."""
        bytes = self._sizes.packed_outputs(self._division.together)
        return self._f.at(self._packed_g, "i8", self._f.mul(block, i64(bytes)))

    def _loaded(self, x: V, width: int) -> _Pixels:
        """Some channels of the pictures, brought into order unless they are."""
        f, parts, layout = self._f, self._parts, self._sizes.layout
        every = self._geometry.every_channel
        if layout.as_it_is:
            return _Pixels(x, every, layout.spatial[-1] * every, prod(layout.spatial) * every)

        def pixel(place: V, numbers: list[V]) -> None:
            def some(start: V, size: int) -> None:
                value = parts.load(vector("float", size), place, (start, 1))
                for number in numbers:
                    f.store(value, parts.at(self._x, (number, WIDTH), (start, 1)))

            steps(f, width, SIDE, some)

        self._pixels.each(x, i64(self._division.together), pixel)
        return _Pixels(self._x, WIDTH, layout.line(self._division.together) * WIDTH, layout.pitch * WIDTH)

    def _columns(self, x: _Pixels, weight: V, first: V, width: int, done: V) -> None:
        """The sums of all elements of the window, of a block of channels and all of the unit's outputs."""
        f, geometry, parts = self._f, self._geometry, self._parts
        apart = [step * geometry.channels for step in strides(geometry.kernel)]
        *lines, _ = geometry.kernel

        def column(indices: list[V], _: list[V]) -> None:
            self._pack_column(x, indices[0], width)
            here = parts.at(weight, (indices[0], apart[-1]))

            def outputs(block: V, height: int) -> None:
                rows = parts.at(here, (block, WIDTH * geometry.depth))
                packed = self._outputs(f.sub(block, first))

                def element(at: list[V], _: list[V]) -> None:
                    self._compute(packed, at, height, width)
                    self._add(parts.at(rows, *zip(at, apart, strict=False)), height, width, done)

                nest(f, lines, element)

            self._each_block(0, first, outputs)

        nest(f, [geometry.kernel[-1]], column)

    def _pack_column(self, x: _Pixels, column: V, width: int) -> None:
        """Pack what a column of the window reads."""
        f, parts, layout, together = self._f, self._parts, self._sizes.layout, self._division.together
        tap = self._sizes.sweep.taps[-1]
        if layout.copies:
            # Lines follow one another without gaps.
            counts, lines, size = [1, 1], [1], layout.copy(together)
            move = tap.step // layout.copies.step * size
            first = (tap.first - layout.copies.start) // layout.copies.step * size
        else:
            lines = list(layout.lines)
            counts, size = [*lines, together], self._sizes.sweep.positions[-1]
            move, first = tap.step, tap.first + layout.before[-1]
        inner = strides(layout.spatial[:-1] if layout.as_it_is else lines)

        def strip(indices: list[V], _: list[V]) -> None:
            pixel = offset(f, (i64(1), first), (column, move))
            apart = [step * x.line for step in inner]
            place = parts.at(x.start, (pixel, x.apart), *zip(indices, [*apart, x.picture], strict=True))
            number = offset(f, *zip(indices, strides(counts), strict=True))
            to = f.at(self._packed_x, "i8", f.mul(number, i64(size // DEPTH * splitting.STEP_BYTES)))
            packing = splitting.Strip(place, 1, layout.row * x.apart, width, False)
            splitting.pack_strip(f, packing, i64(size), 0, to)

        nest(f, counts, strip)

    def _compute(self, outputs: V, lines: list[V], height: int, width: int) -> None:
        """The sums of an element of the window; `lines` are its indices but the last."""
        f, sizes = self._f, self._sizes
        along = sizes.along(self._division.together)
        counts = [*sizes.sweep.positions[:-1], along]
        apart = [step * along for step in strides(sizes.layout.lines)]
        first = sum(
            (tap.first + zeros) * step
            for tap, zeros, step in zip(sizes.sweep.taps, sizes.layout.before, apart, strict=False)
        )
        moves = [tap.step * step for tap, step in zip(sizes.sweep.taps, apart, strict=False)]
        start = offset(f, (i64(1), first), *zip(lines, moves, strict=True))
        across = [*(s * step for s, step in zip(sizes.sweep.step, apart, strict=False)), 1]

        def over(take: Callable[[Tiles, Tiles], None]) -> None:
            def step(indices: list[V], _: list[V]) -> None:
                left = offset(f, *zip(indices, strides(counts), strict=True))
                right = offset(f, (start, 1), *zip(indices, across, strict=True))
                take(
                    splitting.packed_tiles(f, outputs, left),
                    splitting.packed_tiles(f, self._packed_x, right),
                )

            nest(f, counts, step)

        Block(ceil(height / SIDE), ceil(width / SIDE)).sums(f, over, self._sums)

    def _add(self, place: V, height: int, width: int, done: V) -> None:
        """Add the sums to those of the pictures before, if there are any."""
        f, depth = self._f, self._geometry.depth

        def row(indices: list[V], _: list[V]) -> None:
            for lane in range(0, width, SIDE):
                type = vector("float", min(width - lane, SIDE))
                total = f.load(type, self._parts.at(self._sums, (indices[0], WIDTH), (i64(lane), 1)))
                to = self._parts.at(place, (indices[0], depth), (i64(lane), 1))
                if self._sizes.batch > self._division.together:
                    mask = f.splat(f.compare("ne", done, i64(0)), total.lanes)
                    total = f.add(total, f.masked_load(type, to, mask))
                f.store(total, to)

        nest(f, [height], row)


class _Pixels(NamedTuple):
    """Where some channels of the input stand.

    Attributes:
        start: The address of the first pixel.
        apart: How far apart pixels are.
        line: How far apart lines are.
        picture: How far apart pictures are.
    """

    start: V
    apart: int
    line: int
    picture: int
