"""The gradient to the input.

Where windows do not step it is a convolution itself, of the outputs, with the window backwards; so it is for windows of
3×3 that step by two, by fewer products. Elsewhere, and where channels do not fill a vector, each tile of output pixels
is spread over its windows, one run after another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from math import ceil, prod

from chainrule.core.shape import Shape
from chainrule.native.emit import Function, V, i64, vector
from chainrule.native.whole.convolution.depthwise import emit_depthwise_input
from chainrule.native.whole.convolution.finish import Finish
from chainrule.native.whole.convolution.forward import Block, sums_of_windows
from chainrule.native.whole.convolution.geometry import BAND, Geometry, bands, flat
from chainrule.native.whole.convolution.inside import BackByTwoWindows, InsideWindows
from chainrule.native.whole.convolution.magnitude import bits_of, is_finite, larger, largest_of, least
from chainrule.native.whole.convolution.matrix import on_matrix_unit
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.convolution.sides import Sides
from chainrule.native.whole.convolution.tile import choose_patch
from chainrule.native.whole.convolution.winograd import Scheme
from chainrule.native.whole.convolution.winograd_by_two import BackByTwo
from chainrule.native.whole.convolution.winograd_tiles import Choice, directly, schemes
from chainrule.native.whole.convolution.winograd_windows import fewer_products
from chainrule.native.whole.task import Task, Work, nest, steps, strides

# So many times as many positions, of the input as of the outputs, are gone over at most without spreading.
_MORE_POSITIONS = 1.15


def emit_convolution_input(task: Task) -> Work:
    """A unit is a picture, a band of a large one where there are few, or some small ones."""
    (g, w), out = task.kernel.specs, task.kernel.out
    if not prod(out.shape):
        return Work(0)
    geometry = Geometry.of(out.shape, w.shape, g.shape, task.kernel.params["frame"])
    if geometry.depthwise:
        return emit_depthwise_input(task, geometry)
    turned = Parts(task, geometry.turned) if geometry.turned else None
    # Each pixel is added to the windows that it is in, channels along the lanes.
    spreading = directly(replace(geometry, channels=geometry.outputs, outputs=geometry.channels), task.lanes)
    fewer: Choice[Scheme] | None = None
    if turned:
        fewer = fewer_products(turned, spreading, schemes(turned.geometry))
    else:
        back, ways = BackByTwo.of(geometry)
        stepping = Parts(task, back)
        fewer = fewer_products(stepping, spreading, ways)
    if work := on_matrix_unit(task, geometry, Sides.backward(geometry), fewer):
        return work
    if turned and (fewer or _pays(task, geometry)):
        return _turned(turned, fewer)
    if fewer:
        inside = partial(BackByTwoWindows, forward=geometry)
        return sums_of_windows(stepping, fewer, _TurnedWeight(stepping).pack_block, inside)
    backward = _BackwardInput(Parts(task, geometry), _Band.of(geometry))
    with task.f.loop(task.frame.begin, task.frame.end) as units:
        backward.unit(units.index)
    return Work(backward.units, backward.parts.scratch, backward.units)


def _pays(task: Task, geometry: Geometry) -> bool:
    """Whether the windows of the turned convolution have few zeros, and its outputs fill vectors."""
    more = prod(geometry.spatial) / prod(geometry.positions)
    return more <= _MORE_POSITIONS and geometry.channels >= task.lanes


def _turned(parts: Parts, fewer: Choice[Scheme] | None) -> Work:
    """The convolution that goes back; the channels of the input are its outputs."""
    weight = _TurnedWeight(parts)
    # Where nothing is padded, no window reaches beyond the outputs.
    if not any(map(any, parts.geometry.frame.padding)):
        return sums_of_windows(parts, fewer, weight.pack_block)
    return sums_of_windows(parts, fewer, weight.pack_block, InsideWindows, weight.finite)


class _TurnedWeight:
    """The weight of the convolution that goes back: the window backwards."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        # All outputs, of which the blocks may come from a group.
        self._geometry = parts.geometry
        # Infinities and NaN are looked for on the way, since to read the weight once more takes its time.
        self._largest = parts.room(1)

    def pack_block(self, block: Block, to: V) -> None:
        """Write a block as (depth, outputs of the block), these filled up to whole vectors."""
        f, parts, geometry = self._parts.f, self._parts, self._geometry
        window, channels, outputs = prod(geometry.kernel), geometry.outputs, geometry.channels
        full, element = parts.whole_vectors(block.width), parts.task.element
        group, last = (block.group, outputs * window * channels), (i64((window - 1) * channels), 1)
        source = parts.at(parts.task.inputs[1], group, last, (block.first, 1))
        counts = [min(parts.lanes, block.width - first) for first in range(0, block.width, parts.lanes)]

        def row(at: list[V], most: list[V]) -> list[V]:
            numbers = parts.at(source, (at[0], -channels), (at[1], window * channels))
            target, found = parts.at(to, (at[0], outputs * full), (at[1], full)), []
            for i, (before, count) in enumerate(zip(most, counts, strict=True)):
                one = parts.load(vector(element, count), numbers, (i64(i), parts.lanes))
                f.store(one, parts.at(target, (i64(i), parts.lanes)))
                found.append(larger(f, before, one))
            return found

        most = largest_of(f, nest(f, [window, outputs], row, [least(element, count) for count in counts]))
        before = f.load(most.type, self._largest)
        f.store(f.intrinsic("llvm.umax", most.type, before, most), self._largest)

    def finite(self) -> V:
        """Whether the blocks so far have neither infinities nor NaN (i1)."""
        element = self._parts.task.element
        return is_finite(self._parts.f, self._parts.f.load(bits_of(element), self._largest))


@dataclass(frozen=True)
class _Band:
    """How few large pictures are cut into bands of lines: each sums all windows that reach it.

    Attributes:
        count: The bands of a picture.
        lines: The lines of a band.
        windows: So many lines of windows reach a band, or fewer.
        room: So many lines these reach from the first one on, or the band does.
    """

    count: int
    lines: int
    windows: int
    room: int

    @staticmethod
    def of(geometry: Geometry) -> _Band | None:
        """The bands for a gradient; None where its pictures stay whole."""
        (height, *_), (before, _), stride = geometry.spatial, geometry.frame.padding[0], geometry.frame.stride[0]
        count = bands(geometry.batch, height, geometry.products // BAND)
        if count == 1:
            return None
        lines, reach = height // count, geometry.reach
        windows = min(geometry.positions[0], ceil((lines + reach - 1) / stride) + 1)
        # How far the windows reach; and how far a band does, amidst a picture and at its end.
        last = (geometry.positions[0] - windows) * stride
        room = max((windows - 1) * stride + reach, lines + reach + stride - 2, before + height - last)
        return _Band(count, lines, windows, room)

    def place(self, f: Function, geometry: Geometry, band: V) -> tuple[V, V]:
        """The first line of as many windows, with all that reach a band, and how far from there the band begins."""
        line = f.add(f.mul(band, i64(self.lines)), i64(geometry.frame.padding[0][0]))
        ahead = f.intrinsic("llvm.smax", "i64", f.sub(line, i64(geometry.reach - 1)), i64(0))
        first, _ = f.divmod(ahead, geometry.frame.stride[0])
        first = f.intrinsic("llvm.smin", "i64", first, i64(geometry.positions[0] - self.windows))
        return first, f.sub(line, f.mul(first, i64(geometry.frame.stride[0])))


class _BackwardInput:
    """The code of the gradient to the input."""

    def __init__(self, parts: Parts, band: _Band | None) -> None:
        if band:
            parts.geometry = parts.geometry.cut(band.count, band.lines, band.windows)
        self.parts = parts
        self._band = band
        self._f = parts.f
        self._geometry = geometry = parts.geometry
        # Pixels that fill a vector are added one by one; fewer channels need the pixels of a run together.
        runs, self._run = geometry.runs if geometry.channels < parts.lanes else (geometry.kernel[-1], geometry.channels)
        # A window, as runs of elements that stand one after another.
        self._runs = [*geometry.kernel[:-1], runs]
        self._patch = choose_patch(geometry.positions, self._run, parts.lanes, parts.task.target.registers)
        self._width = self._patch.tile.vectors * parts.lanes
        # How many rows of the weight there are for each run, in a group.
        self._rows = prod(self._runs) * geometry.outputs
        self._weight = self._packed(parts.task.inputs[1])
        self._finish = Finish(parts)
        # Sums become the result where they are, or else are finished in the end.
        self._aside = band is not None or any(map(any, geometry.frame.padding)) or not self._finish.plain
        lines, *inner = geometry.padded
        self._size = (band.room if band else lines) * prod(inner) * geometry.every_channel
        self._together = parts.together()
        self.units = geometry.batch // self._together
        self._sum = parts.room(self._together * self._size) if self._aside else parts.task.output

    def _packed(self, w: V) -> V:
        """The weight as (groups, blocks, *runs, outputs, elements of a block), these filled up to whole vectors."""
        geometry, parts = self._geometry, self.parts
        groups, outputs, depth = geometry.frame.groups, geometry.outputs, geometry.depth
        every = parts.whole_vectors(self._run) * self._rows
        weight = parts.room(groups * every)

        def block(start: V, width: int) -> None:
            full = parts.whole_vectors(width)
            parts.rearrange(
                [groups, prod(self._runs), outputs, width],
                (parts.at(weight, (start, self._rows)), [every, outputs * full, full, 1]),
                (parts.at(w, (start, 1)), [outputs * depth, self._run, depth, 1]),
            )

        steps(self._f, self._run, self._width, block)
        return weight

    def unit(self, index: V) -> None:
        """Some pictures with their padding; then what belongs to them."""
        f, geometry, parts = self._f, self._geometry, self.parts
        first, size = f.mul(index, i64(self._together)), prod(geometry.positions) * geometry.every_output
        pictures = self._sum if self._aside else parts.at(self._sum, (first, self._size))
        f.fill(pictures, 0, i64(self._together * self._size * parts.task.kernel.out.dtype.itemsize))
        g, result = parts.at(parts.task.inputs[0], (first, size)), pictures
        if self._band and geometry.whole:
            picture, band = f.divmod(index, self._band.count)
            window, line = self._band.place(f, geometry.whole, band)
            apart = prod(geometry.positions[1:]) * geometry.every_output
            g = parts.at(parts.task.inputs[0], (picture, geometry.whole.positions[0] * apart), (window, apart))
            result = parts.at(pictures, (line, prod(geometry.padded[1:]) * geometry.every_channel))

        def group(indices: list[V], _: list[V]) -> None:
            outputs = parts.at(g, (indices[0], geometry.outputs))
            weight = parts.at(self._weight, (indices[0], self._rows * parts.whole_vectors(self._run)))
            channels = parts.at(pictures, (indices[0], geometry.channels))

            def block(start: V, width: int) -> None:
                w, target = parts.at(weight, (start, self._rows)), parts.at(channels, (start, 1))

                def each(at: list[V], _: list[V]) -> None:
                    self._block(parts.at(outputs, (at[0], size)), w, parts.at(target, (at[0], self._size)), width)

                nest(f, [self._together], each)

            steps(f, self._run, self._width, block)

        nest(f, [geometry.frame.groups], group)
        if self._aside:
            self._finish.pictures(result, first, self._together)

    def _block(self, g: V, weight: V, picture: V, width: int) -> None:
        """Some elements of all runs, for all windows."""
        geometry, parts = self._geometry, self.parts
        across, within = geometry.steps(geometry.every_channel)
        own = [step * geometry.every_output for step in strides(geometry.positions)]
        apart = [step * geometry.outputs * parts.whole_vectors(width) for step in strides(self._runs)]

        def patch(first: list[V], offsets: list[Shape]) -> None:
            left = parts.at(g, *zip(first, own, strict=True))
            window = parts.at(picture, *zip(first, across, strict=True))

            def run(inner: list[V], _: list[V]) -> None:
                right = parts.at(weight, *zip(inner, apart, strict=True))
                sums = self._sums(left, right, flat(offsets, own), width)
                self._add(sums, parts.at(window, *zip(inner, within, strict=True)), flat(offsets, across), width)

            nest(self._f, self._runs, run)

        self._patch.over(self._f, geometry.positions, patch)

    def _sums(self, g: V, weight: V, rows: list[int], width: int) -> list[V]:
        """A tile: neighbouring output pixels times the weight of a run."""
        geometry, parts = self._geometry, self.parts
        full = parts.whole_vectors(width)

        def product(indices: list[V], sums: list[V]) -> list[V]:
            right = parts.row(parts.at(weight, (indices[0], full)), full // parts.lanes)
            return parts.take(sums, parts.at(g, (indices[0], 1)), rows, right)

        return nest(self._f, [geometry.outputs], product, parts.zeros(len(rows) * full // parts.lanes))

    def _add(self, sums: list[V], window: V, rows: list[int], width: int) -> None:
        """Add a tile to neighbouring windows; they may overlap, so one after another.

        What has just been stored is slow to load in other pieces, so windows apart from one another come in between.
        """
        f, parts, vectors = self._f, self.parts, len(sums) // len(rows)
        clear = next((i for i, row in enumerate(rows) if row - rows[0] >= width), len(rows))
        for r in sorted(range(len(rows)), key=lambda r: r % clear):
            for v in range(vectors):
                place = parts.at(window, (i64(rows[r]), 1), (i64(v), parts.lanes))
                before = f.load(vector(parts.task.element, min(parts.lanes, width - v * parts.lanes)), place)
                f.store(f.add(before, parts.first(sums[r * vectors + v], before.lanes)), place)
