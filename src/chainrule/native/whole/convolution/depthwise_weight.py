"""The gradient to the weight of a depthwise convolution: the elements of windows, each times its output, summed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import ceil, prod

from chainrule.native.contraction.outer import multiply_add
from chainrule.native.emit import V, i64, number, vector
from chainrule.native.whole.convolution.geometry import Geometry
from chainrule.native.whole.convolution.lines import Group, Lines, groups_of, one_by_one
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.convolution.taps import taps
from chainrule.native.whole.task import ENOUGH_UNITS, Task, Work, nest, steps, strides

# So many results at either end of a line may reach beyond the array; each has code of its own.
_EDGES = 8


def emit_depthwise_weight(task: Task, geometry: Geometry, batches: int) -> Work:
    """The gradient to the weight. A unit is a part of the batch and, where these are few, of the channels."""
    parts, f = Parts(task, geometry), task.f
    blocks = _blocks(geometry.every_channel, task.lanes, batches)
    channels, window = geometry.every_channel // blocks, prod(geometry.kernel)
    sums, room = _Sums(parts, channels), parts.room(window * channels, zero=False)

    with f.loop(task.frame.begin, task.frame.end) as units:
        batch, block = f.divmod(units.index, blocks)
        f.fill(room, 0, i64(window * channels * task.kernel.out.dtype.itemsize))
        size = geometry.batch // batches
        with f.loop(i64(0), i64(size)) as each:
            sums.picture(f.add(f.mul(batch, i64(size)), each.index), f.mul(block, i64(channels)), room)
        out = parts.at(task.output, (batch, geometry.every_channel * window), (block, channels * window))
        parts.rearrange([channels, window], (out, [window, 1]), (room, [1, channels]))
    return Work(batches * blocks, parts.scratch, batches)


class _Sums:
    """The elements of windows, each times its output, summed over a picture.

    Args:
        parts: The convolution under construction.
        channels: So many at once.
    """

    def __init__(self, parts: Parts, channels: int) -> None:
        self._parts, self._f, self._channels = parts, parts.f, channels
        dimensions = taps(parts.geometry)
        groups = groups_of(dimensions[-1], 1, _EDGES)
        if groups is None:
            dimensions, groups = one_by_one(dimensions)
        self._along, self._groups = dimensions[-1], groups
        self._every = parts.geometry.every_channel
        self._results = [each.results for each in dimensions]
        self._sources = [each.sources for each in dimensions]
        self._lines = Lines(parts, dimensions)
        window = list(product(*(range(each.window) for each in dimensions)))
        # All elements of a window at once, as far as there are registers: beside sums, an output and a pixel.
        at_once = ceil(len(window) / ceil(len(window) / (parts.task.target.registers - 4)))
        self._elements = [window[first : first + at_once] for first in range(0, len(window), at_once)]

    def picture(self, number: V, channel: V, room: V) -> None:
        """Add what a picture has for the channels from one on to sums in memory, (*kernel, channels)."""
        parts = self._parts
        x, g = (
            parts.at(pointer, (number, prod(sizes) * self._every), (channel, 1))
            for pointer, sizes in zip(parts.task.inputs, (self._sources, self._results), strict=True)
        )

        def some(start: V, count: int) -> None:
            here, outputs, to = (parts.at(pointer, (start, 1)) for pointer in (x, g, room))
            for elements in self._elements:
                sums = self._sums(here, outputs, elements, vector(parts.task.element, count))
                for total in sums:
                    self._f.store(self._f.add(total, parts.load(total.type, to)), to)
                    to = parts.at(to, (i64(1), self._channels))

        steps(self._f, self._channels, parts.lanes, some)

    def _sums(self, x: V, g: V, elements: Sequence[tuple[int, ...]], kind: str) -> list[V]:
        """The sums of some elements of the windows."""

        def line(at: list[V], sums: list[V]) -> list[V]:
            outputs = self._parts.at(
                g, *((p, s * self._every) for p, s in zip(at, strides(self._results), strict=False))
            )
            lines = {e[:-1]: self._lines.source(x, at, [i64(one) for one in e[:-1]]) for e in elements}
            # The first to go over a picture ask for what comes next.
            first = elements is self._elements[0]
            ahead = [self._parts.at(outputs, (i64(self._results[-1]), self._every))] if first else []
            further = self._lines.ahead(x, at) if first else []
            for group in self._groups:
                end = i64(group.first + group.times)
                with self._f.loop(i64(group.first), end, carried=sums, unroll=False, may_be_empty=False) as loop:
                    here, start = (loop.index, self._every), (self._along.start(self._f, loop.index), self._every)
                    self._lines.fetch([self._parts.at(each, here) for each in ahead], 1)
                    self._lines.fetch([self._parts.at(each, start) for each in further], self._along.advance(1))
                    pixels = [self._pixel(group, self._parts.at(lines[e[:-1]], start), e[-1], kind) for e in elements]
                    output = self._parts.load(kind, outputs, here)
                    both = zip(pixels, loop.carried, strict=True)
                    loop.next([multiply_add(self._f, self._parts.task.target, output, *each) for each in both])
                sums = loop.results
            return sums

        return nest(self._f, self._results[:-1], line, [number(0, kind)] * len(elements))

    def _pixel(self, group: Group, line: V, element: int, kind: str) -> V:
        """What an element of a line of a window falls on."""
        place, there = self._along.place(0, element), self._along.place(group.first, element)
        if place is None or there is None or not 0 <= there < self._along.sources:
            return number(0, kind)
        return self._parts.load(kind, line, (i64(place), self._every))


def _blocks(channels: int, lanes: int, batches: int) -> int:
    """Into how many equal blocks of whole vectors the channels are cut, so that there are enough units."""
    fitting = [count for count in range(1, channels // lanes + 1) if channels % (count * lanes) == 0] or [1]
    return next((count for count in fitting if count * batches >= ENOUGH_UNITS), fitting[-1])
