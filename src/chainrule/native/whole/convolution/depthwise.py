"""Depthwise convolution: each channel by itself, so channels lie along the lanes and nothing is spread over them.

Forward and the gradient to the input gather: a result is summed from what `taps` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from chainrule.native.contraction.outer import multiply_add
from chainrule.native.emit import V, i64, number, vector
from chainrule.native.whole.convolution.finish import Finish
from chainrule.native.whole.convolution.geometry import BAND, Geometry, bands
from chainrule.native.whole.convolution.lines import Group, Lines, groups_of, one_by_one
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.convolution.taps import Taps, taps
from chainrule.native.whole.task import Task, Work, nest, offset, steps, strides

# Vectors of sums at once: enough to hide the latency of a multiply-add, few enough for registers. They are of so many
# neighbours, so that whole cache lines of their channels are read.
_SUMS, _NEIGHBOURS = 8, 4
# The last dimension of a window is written out, up to so many elements: what neighbouring windows share is loaded once.
_WRITTEN_OUT = 16
# So many groups at either end of a line may reach beyond the array; each has code of its own.
_EDGES = 3


def emit_depthwise(task: Task, geometry: Geometry) -> Work:
    """The forward pass. A unit is a picture, or a band of a large one where there are few."""
    return _gathered(Parts(task, geometry), taps(geometry))


def emit_depthwise_input(task: Task, geometry: Geometry) -> Work:
    """The gradient to the input, in units as forward."""
    return _gathered(Parts(task, geometry), [each.backward for each in taps(geometry)])


def _gathered(parts: Parts, dimensions: Sequence[Taps]) -> Work:
    """The results of a batch."""
    task, gather = parts.task, _Gather(parts, dimensions)
    with task.f.loop(task.frame.begin, task.frame.end) as units:
        gather.band(units.index)
    count = parts.geometry.batch * gather.bands
    return Work(count, parts.scratch, count)


class _Line(NamedTuple):
    """A line of results.

    Attributes:
        number: Which of the batch's results is its first.
        at: Where it stands, along the dimensions but the last.
        spans: The elements of a window that it has there.
        picture: The picture that it is gathered from.
        ahead: The lines of the picture that the next line will be the first to read.
    """

    number: V
    at: Sequence[V]
    spans: Sequence[tuple[V, V]]
    picture: V
    ahead: Sequence[V]


class _Gather:
    """Results summed from an array, line by line.

    Args:
        parts: The convolution under construction.
        dimensions: What each dimension of a result is summed from.

    Attributes:
        bands: Into how many bands of lines each picture is cut.
    """

    def __init__(self, parts: Parts, dimensions: Sequence[Taps]) -> None:
        self._parts, self._f = parts, parts.f
        along = dimensions[-1]
        short = along.window <= _WRITTEN_OUT and along.every <= _SUMS
        groups = groups_of(along, _NEIGHBOURS, _EDGES) if short else None
        if groups is None:
            dimensions, groups = one_by_one(dimensions)
        *self._across, self._along = dimensions
        self._groups = groups
        channels = parts.geometry.every_channel
        self._channels = channels
        self._results = [each.results for each in dimensions]
        geometry, several = parts.geometry, len(dimensions) > 1
        self.bands = bands(geometry.batch, self._results[0], geometry.products // BAND) if several else 1
        self._lines = Lines(parts, dimensions)
        self._weights_apart = [step * channels for step in strides([each.window for each in dimensions])]
        self._weight, self._finish = _by_element(parts), Finish(parts)

    def band(self, index: V) -> None:
        """All results of a band of a picture."""
        size = prod(each.sources for each in (*self._across, self._along)) * self._channels
        index, band = self._f.divmod(index, self.bands)
        picture = self._parts.at(self._parts.task.inputs[0], (index, size))
        lines = [self._results[0] // self.bands, *self._results[1:]][:-1]
        begin = self._f.mul(band, i64(lines[0])) if lines else None

        def line(at: list[V], _: list[V]) -> None:
            at = [self._f.add(begin, at[0]), *at[1:]] if begin else at
            number = offset(self._f, (index, prod(self._results)), *zip(at, strides(self._results), strict=False))
            spans = [each.span(self._f, place) for each, place in zip(self._across, at, strict=True)]
            here = _Line(number, at, spans, picture, self._lines.ahead(picture, at))
            for group in self._groups:
                self._group(group, here)

        nest(self._f, lines, line)

    def _group(self, group: Group, line: _Line) -> None:
        """A group of results and those that are like it, for all channels."""

        def some(first: V) -> None:
            start = self._along.start(self._f, first)

            def channels(channel: V, count: int) -> None:
                place = offset(self._f, (start, self._channels), (channel, 1))
                ahead = [self._parts.at(source, (place, 1)) for source in line.ahead]
                self._lines.fetch(ahead, self._along.advance(group.size))
                sums = self._sums(group, line, place, channel, vector(self._parts.task.element, count))
                self._finish.tile(sums, self._f.add(line.number, first), channel, count)

            steps(self._f, self._channels, self._parts.lanes * max(_SUMS // group.size, 1), channels)

        if group.times == 1:
            some(i64(group.first))
        else:
            end = i64(group.first + group.times * group.size)
            with self._f.loop(i64(group.first), end, group.size, unroll=False, may_be_empty=False) as groups:
                some(groups.index)

    def _sums(self, group: Group, line: _Line, place: V, channel: V, kind: str) -> list[V]:
        """The sums of a group, over the lines of their windows."""
        f, parts = self._f, self._parts

        def go(elements: list[V], sums: list[V]) -> list[V]:
            dimension = len(elements)
            if dimension == len(self._across):
                source = parts.at(self._lines.source(line.picture, line.at, elements), (place, 1))
                weight = parts.at(self._weight, (channel, 1), *zip(elements, self._weights_apart, strict=False))
                return self._products(group, source, weight, kind, sums)
            begin, end = line.spans[dimension]
            with f.loop(begin, end, self._across[dimension].apart, carried=sums, unroll=False) as loop:
                loop.next(go([*elements, loop.index], loop.carried))
            return loop.results

        return go([], [number(0, kind)] * group.size)

    def _products(self, group: Group, source: V, weight: V, kind: str, sums: Sequence[V]) -> list[V]:
        """The sums with a line of their windows taken in."""
        parts, along, taken, pixels = self._parts, self._along, list(sums), dict[int, V]()
        for element in range(along.window):
            w = parts.load(kind, weight, (i64(element), self._channels))
            for r in range(group.size):
                place, there = along.place(r, element), along.place(group.first + r, element)
                if place is None or there is None:
                    continue
                if 0 <= there < along.sources:
                    pixels[place] = pixels.get(place) or parts.load(kind, source, (i64(place), self._channels))
                    taken[r] = multiply_add(parts.f, parts.task.target, pixels[place], w, taken[r])
                elif along.zeros:
                    taken[r] = multiply_add(parts.f, parts.task.target, number(0, kind), w, taken[r])
        return taken


def _by_element(parts: Parts) -> V:
    """The weight with its channels last, (*kernel, channels)."""
    channels, window = parts.geometry.every_channel, prod(parts.geometry.kernel)
    weight = parts.room(channels * window, zero=False)
    parts.rearrange([window, channels], (weight, [channels, 1]), (parts.task.inputs[1], [1, window]))
    return weight
