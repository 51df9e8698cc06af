"""Depthwise convolution: each channel by itself, so channels lie along the lanes and nothing is spread over them.

Forward and the gradient to the input gather: a result is the sum of what `taps` says. They read the array as it is; to
copy it with its padding would take a third of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, takewhile
from math import ceil, prod
from typing import NamedTuple

from chainrule.native.contraction.outer import multiply_add
from chainrule.native.emit import V, i64, number, vector
from chainrule.native.whole.convolution.finish import Finish
from chainrule.native.whole.convolution.geometry import Geometry, window_offsets
from chainrule.native.whole.convolution.parts import Parts, Pictures
from chainrule.native.whole.convolution.taps import Backward, Forward, Taps, taps
from chainrule.native.whole.task import ENOUGH_UNITS, Task, Work, nest, offset, steps, strides

# Vectors of sums at once: enough to hide the latency of a multiply-add, few enough for registers. They are of so many
# neighbours, so that whole cache lines of their channels are read.
_SUMS, _NEIGHBOURS = 8, 4
# The last dimension of a window is written out, up to so many elements: what neighbouring windows share is loaded once.
_WRITTEN_OUT = 16
# So many groups of results at either end of a line may reach beyond the array; each has code of its own.
_EDGES = 3


def emit_depthwise(task: Task, geometry: Geometry) -> Work:
    """The forward pass. A unit is a picture."""
    return _gathered(Parts(task, geometry.of_blocks(1)), taps(geometry))


def emit_depthwise_input(task: Task, geometry: Geometry) -> Work:
    """The gradient to the input. A unit is a picture."""
    return _gathered(Parts(task, geometry.of_blocks(1)), [Backward(each) for each in taps(geometry)])


def _gathered(parts: Parts, dimensions: Sequence[Taps]) -> Work:
    """The results of a batch."""
    task, gather = parts.task, _Gather(parts, dimensions)
    with task.f.loop(task.frame.begin, task.frame.end) as units:
        gather.picture(units.index)
    return Work(parts.geometry.batch, parts.scratch, parts.geometry.batch)


class _Group(NamedTuple):
    """Neighbouring results of a line, whose sums are in registers together; and groups after it that are like it.

    Attributes:
        first: The first result.
        size: How many there are.
        times: How many such groups follow one another.
    """

    first: int
    size: int
    times: int


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
    """

    def __init__(self, parts: Parts, dimensions: Sequence[Taps]) -> None:
        self._parts, self._f = parts, parts.f
        groups = _groups(dimensions[-1])
        if groups is None:
            # All dimensions in loops, around lines of one result.
            dimensions, groups = [*dimensions, Forward(1, 1, 1)], [_Group(0, 1, 1)]
        *self._across, self._along = dimensions
        self._groups = groups
        channels = parts.geometry.every_channel
        self._channels = channels
        self._results = [each.results for each in dimensions]
        self._apart = [step * channels for step in strides([each.sources for each in dimensions])]
        self._weights_apart = [step * channels for step in strides([each.window for each in dimensions])]
        self._weight, self._finish = _by_element(parts), Finish(parts)
        # What stands for a line of the padding.
        self._zeros = parts.room(self._along.sources * channels)

    def picture(self, index: V) -> None:
        """All results of a picture."""
        size = prod(each.sources for each in (*self._across, self._along)) * self._channels
        picture = self._parts.at(self._parts.task.inputs[0], (index, size))

        def line(at: list[V], _: list[V]) -> None:
            number = offset(self._f, (index, prod(self._results)), *zip(at, strides(self._results), strict=False))
            spans = [each.span(self._f, place) for each, place in zip(self._across, at, strict=True)]
            here = _Line(number, at, spans, picture, self._ahead(picture, at))
            for group in self._groups:
                self._group(group, here)

        nest(self._f, self._results[:-1], line)

    def _ahead(self, picture: V, at: Sequence[V]) -> list[V]:
        if not at:
            return []
        *outer, last = zip(self._across, [*at[:-1], self._f.add(at[-1], i64(1))], strict=True)
        furthest = [each.source(self._f, place, i64(each.furthest)) for each, place in (*outer, last)]
        first = self._parts.at(picture, *zip(furthest, self._apart, strict=False))
        return [self._parts.at(first, (i64(-back), self._apart[len(outer)])) for back in range(last[0].advance(1))]

    def _group(self, group: _Group, line: _Line) -> None:
        """A group of results and those that are like it, for all channels."""

        def some(first: V) -> None:
            start = self._along.start(self._f, first)

            def channels(channel: V, count: int) -> None:
                place = offset(self._f, (start, self._channels), (channel, 1))
                for source in line.ahead:
                    for pixel in range(self._along.advance(group.size)):
                        self._f.prefetch(self._parts.at(source, (place, 1), (i64(pixel), self._channels)))
                sums = self._sums(group, line, place, channel, vector(self._parts.task.element, count))
                self._finish.tile(sums, self._f.add(line.number, first), channel, count)

            steps(self._f, self._channels, self._parts.lanes * max(_SUMS // group.size, 1), channels)

        if group.times == 1:
            some(i64(group.first))
        else:
            end = i64(group.first + group.times * group.size)
            with self._f.loop(i64(group.first), end, group.size, unroll=False, may_be_empty=False) as groups:
                some(groups.index)

    def _sums(self, group: _Group, line: _Line, place: V, channel: V, kind: str) -> list[V]:
        """The sums of a group, over the lines of their windows."""
        f, parts = self._f, self._parts

        def go(places: list[V], elements: list[V], exists: V | None, sums: list[V]) -> list[V]:
            dimension = len(places)
            if dimension == len(self._across):
                source = parts.at(line.picture, *zip(places, self._apart, strict=False))
                source = source if exists is None else f.select(exists, source, self._zeros)
                weight = parts.at(self._weight, (channel, 1), *zip(elements, self._weights_apart, strict=False))
                return self._products(group, parts.at(source, (place, 1)), weight, kind, sums)
            each, (begin, end) = self._across[dimension], line.spans[dimension]
            with f.loop(begin, end, each.apart, carried=sums, unroll=False) as loop:
                there = each.source(f, line.at[dimension], loop.index)
                if each.zeros:
                    within = f.compare("ult", there, i64(each.sources))
                    exists = within if exists is None else f.binary("and", exists, within)
                loop.next(go([*places, there], [*elements, loop.index], exists, loop.carried))
            return loop.results

        return go([], [], None, [number(0, kind)] * group.size)

    def _products(self, group: _Group, source: V, weight: V, kind: str, sums: Sequence[V]) -> list[V]:
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


def _groups(along: Taps) -> list[_Group] | None:
    """A line of results in groups; those that reach beyond the array, at either end, are like no other.

    None where they had better not be written out.
    """
    size = along.together * max(_NEIGHBOURS // along.together, 1)
    whole, rest = divmod(along.results, size)

    def reaches_beyond(group: int) -> bool:
        results, elements = range(group * size, (group + 1) * size), range(along.window)
        places = (along.place(result, element) for result in results for element in elements)
        return any(place is not None and not 0 <= place < along.sources for place in places)

    def reaching(groups: Iterable[int]) -> int:
        return sum(1 for _ in takewhile(reaches_beyond, islice(groups, _EDGES + 1)))

    if along.window > _WRITTEN_OUT:
        return None
    before = reaching(range(whole))
    after = reaching(reversed(range(before, whole)))
    if max(before, after) > _EDGES:
        return None
    ends = [_Group(group * size, size, 1) for group in (*range(before), *range(whole - after, whole))]
    between = [_Group(before * size, size, whole - before - after)] if before + after < whole else []
    left = [_Group(whole * size, rest, 1)] if rest else []
    return [*ends[:before], *between, *ends[before:], *left]


def _by_element(parts: Parts) -> V:
    """The weight with its channels last, (*kernel, channels)."""
    channels, window = parts.geometry.every_channel, prod(parts.geometry.kernel)
    weight = parts.room(channels * window)
    parts.rearrange([window, channels], (weight, [channels, 1]), (parts.task.inputs[1], [1, window]))
    return weight


def emit_depthwise_weight(task: Task, geometry: Geometry, batches: int) -> Work:
    """The gradient to the weight. A unit is a part of the batch and, where these are few, of the channels."""
    blocks = _blocks(geometry.every_channel, task.lanes, batches)
    parts = Parts(task, geometry.of_blocks(blocks))
    geometry, f = parts.geometry, task.f
    pictures = Pictures(parts, task.inputs[0])
    across, within = geometry.steps(pictures.pixel)
    offsets, channels = window_offsets(geometry.kernel, within), geometry.channels
    window = len(offsets)
    # All elements of a window at once, as far as there are registers: beside sums, an output and a pixel.
    at_once = ceil(window / ceil(window / (task.target.registers - 4)))
    room = parts.room(window * channels)
    own = [step * geometry.every_output for step in strides(geometry.positions)]

    def add(x: V, g: V, first: int, place: V, kind: str) -> None:
        elements = offsets[first : first + at_once]

        def product(indices: list[V], sums: list[V]) -> list[V]:
            one = parts.load(kind, g, *zip(indices, own, strict=True))
            there = parts.at(x, *zip(indices, across, strict=True))
            pixels = [parts.load(kind, there, (i64(offset), 1)) for offset in elements]
            return [multiply_add(f, task.target, one, p, total) for p, total in zip(pixels, sums, strict=True)]

        for i, total in enumerate(nest(f, geometry.positions, product, [number(0, kind)] * len(elements))):
            to = parts.at(place, (i64(first + i), channels))
            f.store(f.add(total, parts.load(kind, to)), to)

    def picture(number: V, block: V) -> None:
        x = pictures.load(number, block)
        g = parts.at(task.inputs[1], (number, prod(geometry.positions) * geometry.every_output), (block, channels))

        def some(start: V, count: int) -> None:
            here, outputs, place = (parts.at(pointer, (start, 1)) for pointer in (x, g, room))
            for first in range(0, window, at_once):
                add(here, outputs, first, place, vector(task.element, count))

        steps(f, channels, parts.lanes, some)

    with f.loop(task.frame.begin, task.frame.end) as units:
        batch, block = f.divmod(units.index, blocks)
        f.fill(room, 0, i64(window * channels * task.kernel.out.dtype.itemsize))
        size = geometry.batch // batches
        with f.loop(i64(0), i64(size)) as each:
            picture(f.add(f.mul(batch, i64(size)), each.index), block)
        out = parts.at(task.output, (batch, geometry.every_channel * window), (block, channels * window))
        parts.rearrange([channels, window], (out, [window, 1]), (room, [1, channels]))
    return Work(batches * blocks, parts.scratch, batches)


def _blocks(channels: int, lanes: int, batches: int) -> int:
    """Into how many equal blocks of whole vectors the channels are cut, so that there are enough units."""
    fitting = [count for count in range(1, channels // lanes + 1) if channels % (count * lanes) == 0] or [1]
    return next((count for count in fitting if count * batches >= ENOUGH_UNITS), fitting[-1])
