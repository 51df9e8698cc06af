"""Pictures for the matrix unit: padded, split into parts of bfloat16, and in an order in which tiles are read directly.

A tile of the left operand is 16 neighbouring positions of a line. If lines are too short for that, the pictures of a
group stand side by side, so that a line goes on in the next picture; then each column of the window has a copy of its
own, in which neighbouring positions are neighbours and nothing stands between the pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, gcd, prod
from typing import NamedTuple

from chainrule.core.shape import Shape
from chainrule.native.emit import V, i64, number, vector
from chainrule.native.matrix_unit import DEPTH, LEVELS, SIDE, split
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.convolution.sweep import Sweep
from chainrule.native.whole.task import nest, offset, strides

STEP_BYTES = LEVELS * 2 * DEPTH
"""What 32 channels of a pixel fill: its parts, one after another."""


@dataclass(frozen=True)
class Layout:
    """The order of the pixels: (copies, *lines, pictures, pitch), where the pictures are those of a group.

    Attributes:
        spatial: The size of a picture.
        before: How many lines and columns of zeros stand before it.
        lines: How many lines there are, with those of zeros, along each dimension but the last.
        pitch: How far apart the same column of neighbouring pictures is.
        copies: The columns of the source at which the copies begin; none if one copy holds all columns.
        step: How far apart the columns of neighbouring positions are in the source.
        whole: Lines are filled up to multiples of so many pixels.
    """

    spatial: Shape
    before: Shape
    lines: Shape
    pitch: int
    copies: range
    step: int
    whole: int = 1

    @staticmethod
    def of(sweeps: Sequence[Sweep], spatial: Shape, group: int) -> Layout:
        """The layout for sweeps whose positions are read in groups; lines of whole groups need no copies."""
        reading = [sweep for sweep in sweeps if sweep.elements]
        reached = [[sweep.taps[d].places for sweep in reading] for d in range(len(spatial))]
        before = [max(0, *(-min(places) for places in each)) for each in reached]
        extents = [
            max((s.positions[d] - 1) * s.step[d] + max(places) for s, places in zip(reading, each, strict=True)) + 1
            for d, each in enumerate(reached)
        ]
        lines = tuple(extent + zeros for extent, zeros in zip(extents[:-1], before, strict=False))
        step = sweeps[0].step[-1]
        if all(sweep.positions[-1] % group == 0 for sweep in sweeps):
            return Layout(spatial, tuple(before), lines, extents[-1] + before[-1], range(0), step)
        columns = sorted({place for places in reached[-1] for place in places})
        apart = gcd(*(column - columns[0] for column in columns)) or 1
        copies = range(columns[0], columns[-1] + 1, apart)
        pitch = max(sweep.positions[-1] for sweep in sweeps)
        return Layout(spatial, (*before[:-1], 0), lines, pitch, copies, step, group)

    @property
    def as_it_is(self) -> bool:
        """Whether the source itself is in this order, but for where each picture stands: it needs no zeros."""
        inside = all(size >= extent for size, extent in zip(self.spatial, (*self.lines, self.pitch), strict=True))
        return not self.copies and not any(self.before) and inside

    @property
    def row(self) -> int:
        """How many pixels apart neighbouring positions are."""
        return 1 if self.copies else self.step

    def line(self, together: int) -> int:
        """The pixels of a line of so many pictures."""
        return ceil(together * self.pitch / self.whole) * self.whole

    def copy(self, together: int) -> int:
        """The pixels of a copy."""
        return prod(self.lines) * self.line(together)

    def pixels(self, together: int) -> int:
        """The pixels of all copies."""
        return max(len(self.copies), 1) * self.copy(together)

    def taps(self, sweep: Sweep, together: int) -> tuple[int, list[int]]:
        """How many pixels from its position a window's first element is, and how far the next along each dimension."""
        *lines, last = sweep.taps
        apart = [step * self.line(together) for step in strides(self.lines)]
        first = sum((tap.first + zeros) * step for tap, zeros, step in zip(lines, self.before, apart, strict=False))
        steps = [tap.step * step for tap, step in zip(lines, apart, strict=True)]
        if not self.copies:
            return first + last.first + self.before[-1], [*steps, last.step]
        copy, between = self.copy(together), self.copies.step
        return first + (last.first - self.copies.start) // between * copy, [*steps, last.step // between * copy]

    def columns(self) -> list[Columns]:
        """What the copies hold of a line of the source."""
        if not self.copies:
            size = min(self.spatial[-1], self.pitch - self.before[-1])
            return [Columns(0, 1, size, ((0, self.before[-1]),))]
        found: list[Columns] = []
        for remainder in range(self.step):
            last: tuple[int, ...] | None = None
            for column in range(remainder, self.spatial[-1], self.step):
                places = [(copy, column - first) for copy, first in enumerate(self.copies)]
                to = tuple(
                    (copy, place // self.step)
                    for copy, place in places
                    if place % self.step == 0 and 0 <= place // self.step < self.pitch
                )
                copies = tuple(copy for copy, _ in to)
                if copies == last:
                    found[-1] = found[-1]._replace(size=found[-1].size + 1)
                else:
                    found.append(Columns(column, self.step, 1, to))
                last = copies
        return [each for each in found if each.to]


class Columns(NamedTuple):
    """Columns of a line that go to the same copies.

    Attributes:
        first: The first one in the source.
        step: How far the next one is in the source.
        size: How many there are.
        to: The copies, and where in each the first one goes.
    """

    first: int
    step: int
    size: int
    to: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Pixels:
    """Pictures to be brought into a layout.

    Attributes:
        parts: The convolution under construction.
        layout: The order of the pixels.
        together: How many pictures stand side by side.
        every: How many channels a pixel of the source has.
    """

    parts: Parts
    layout: Layout
    together: int
    every: int

    def each(self, source: V, count: V, body: Callable[[V, list[V]], None]) -> None:
        """`body(address, numbers)` for each pixel of some pictures: where it stands, which ones it is in the layout."""
        for columns in self.layout.columns():
            with self.parts.f.loop(i64(0), count, unroll=False) as pictures:
                self._columns(source, pictures.index, columns, body)

    def _columns(self, source: V, picture: V, columns: Columns, body: Callable[[V, list[V]], None]) -> None:
        """Some columns of a picture."""
        layout, parts = self.layout, self.parts
        outer = list(zip(layout.spatial[:-1], layout.lines, layout.before, strict=False))
        line = layout.line(self.together)
        apart = [step * line for step in strides(layout.lines)]
        first = sum(zeros * step for (_, _, zeros), step in zip(outer, apart, strict=True))
        *from_apart, between = [step * self.every for step in strides(layout.spatial)]
        from_apart = [prod(layout.spatial) * self.every, *from_apart, columns.step * between]
        start = parts.at(source, (i64(columns.first), between))

        def pixel(indices: list[V], _: list[V]) -> None:
            at = [picture, *indices]
            number = offset(parts.f, *zip(at, [layout.pitch, *apart, 1], strict=True))
            starts = [first + copy * layout.copy(self.together) + to for copy, to in columns.to]
            numbers = [parts.f.add(i64(start), number) for start in starts]
            body(parts.at(start, *zip(at, from_apart, strict=True)), numbers)

        nest(parts.f, [*(min(size, extent - zeros) for size, extent, zeros in outer), columns.size], pixel)


class Planes:
    """Scratch memory for some channels of some pictures, split.

    Args:
        parts: The convolution under construction.
        layout: The order of the pixels.
        together: How many pictures there are at most.
        steps: How many times 32 channels there are at most.
        every: How many channels a pixel of the source has.
    """

    def __init__(self, parts: Parts, layout: Layout, together: int, steps: int, every: int) -> None:
        self._parts = parts
        self._pixels = Pixels(parts, layout, together, every)
        self.pixel = steps * STEP_BYTES
        self.room = parts.room(layout.pixels(together) * self.pixel // 4)

    def load(self, source: V, count: V, channels: int) -> None:
        """Split so many pictures, whose first channel stands at an address; zeros stay as they are."""
        f = self._parts.f

        def pixel(place: V, numbers: list[V]) -> None:
            self._split(place, [f.at(self.room, "i8", f.mul(each, i64(self.pixel))) for each in numbers], channels)

        self._pixels.each(source, count, pixel)

    def _split(self, source: V, targets: list[V], channels: int) -> None:
        """The channels of a pixel."""
        f, floats = self._parts.f, vector("float", SIDE)
        whole = channels - channels % DEPTH
        with f.loop(i64(0), i64(whole), DEPTH, unroll=False) as loop:
            place = f.at(source, "float", loop.index)
            pair = [f.load(floats, f.at(place, "float", i64(0), half)) for half in (0, SIDE)]
            self._store(pair, targets, f.mul(loop.index, i64(STEP_BYTES // DEPTH)))
        if whole < channels:
            pair = []
            for first in (whole, whole + SIDE):
                mask = f.mask(i64(max(channels - first, 0)), SIDE)
                there = f.at(source, "float", i64(0), first)
                pair.append(f.masked_load(floats, there, mask) if first < channels else number(0, floats))
            self._store(pair, targets, i64(whole * STEP_BYTES // DEPTH))

    def _store(self, pair: list[V], targets: list[V], bytes: V) -> None:
        f = self._parts.f
        levels = split(f, *pair)
        for target in targets:
            to = f.at(target, "i8", bytes)
            for level, part in enumerate(levels):
                f.store(part, f.at(to, "i8", i64(0), 2 * level * DEPTH), 64)
