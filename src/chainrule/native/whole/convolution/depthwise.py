"""Depthwise convolution: each channel by itself, so channels lie along the lanes and nothing is spread over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import ceil, prod
from typing import NamedTuple, TypeAlias

from chainrule.core.shape import Shape
from chainrule.native.contraction.outer import multiply_add
from chainrule.native.emit import V, i64, lanes_of, number, vector
from chainrule.native.whole.convolution.finish import Finish
from chainrule.native.whole.convolution.geometry import Geometry, window_offsets
from chainrule.native.whole.convolution.parts import Parts, Pictures
from chainrule.native.whole.task import ENOUGH_UNITS, Task, Work, nest, offset, steps, strides

# Copies a weight to where it is read, and says where.
WeightOf: TypeAlias = Callable[[Parts], V]

# Sums at once: enough to hide the latency of a multiply-add, few enough for registers.
_SUMS = 8
# The last dimension of a window is written out, up to so many elements: what neighbouring windows share is loaded once.
_WRITTEN_OUT = 16


def emit_depthwise(task: Task, geometry: Geometry) -> Work:
    """The forward pass. A unit is a picture."""
    return _sums_of_windows(Parts(task, geometry.of_blocks(1)), _by_element(geometry))


def emit_depthwise_input(task: Task, geometry: Geometry) -> Work:
    """The gradient to the input. A unit is a picture."""
    turned = geometry.turned
    if turned is not None:
        return _sums_of_windows(Parts(task, turned.of_blocks(1)), _by_element(geometry, backwards=True))
    return _spread_over_windows(Parts(task, geometry.of_blocks(1)), _by_element(geometry))


def _sums_of_windows(parts: Parts, weight_of: WeightOf) -> Work:
    """Every window times the weight."""
    task, geometry = parts.task, parts.geometry
    pictures = Pictures(parts, task.inputs[0])
    weight, finish = weight_of(parts), Finish(parts)
    across, within = geometry.steps(pictures.pixel)

    def tile(at: V, window: Window) -> None:
        rows, kind = window.rows, window.kind

        def product(indices: list[V], sums: list[V]) -> list[V]:
            x = parts.at(window.source, *zip(indices, within, strict=False))
            pixels: dict[int, V] = {}
            for element, w in enumerate(_line_of_weight(parts, window, indices)):
                places = [element * within[-1] + r * across[-1] for r in range(rows)]
                for place in places:
                    pixels[place] = pixels.get(place) or parts.load(kind, x, (i64(place), 1))
                sums = [multiply_add(parts.f, task.target, pixels[p], w, s) for p, s in zip(places, sums, strict=True)]
            return sums

        sums = nest(parts.f, _lines(geometry), product, [number(0, kind)] * rows)
        row = offset(parts.f, (at, prod(geometry.positions)), (window.pixel, 1))
        finish.tile(sums, row, window.channel, lanes_of(kind))

    with task.f.loop(task.frame.begin, task.frame.end) as units:
        _windows(parts, pictures.load(units.index, i64(0)), weight, partial(tile, units.index))
    return Work(geometry.batch, parts.scratch, geometry.batch)


def _spread_over_windows(parts: Parts, weight_of: WeightOf) -> Work:
    """Every output is spread over its window."""
    task, geometry = parts.task, parts.geometry
    size = prod(geometry.padded) * geometry.every_channel
    weight, room, finish = weight_of(parts), parts.room(size), Finish(parts)
    across, within = geometry.steps(geometry.every_channel)

    def tile(g: V, window: Window) -> None:
        rows, kind = window.rows, window.kind
        g = parts.at(g, (window.pixel, geometry.every_output), (window.channel, 1))
        outputs = [parts.load(kind, g, (i64(r), geometry.every_output)) for r in range(rows)]

        def spread(indices: list[V], _: list[V]) -> None:
            x = parts.at(window.source, *zip(indices, within, strict=False))
            sums: dict[int, V] = {}
            for element, w in enumerate(_line_of_weight(parts, window, indices)):
                for r, one in enumerate(outputs):
                    place = element * within[-1] + r * across[-1]
                    before = sums.get(place) or parts.load(kind, x, (i64(place), 1))
                    sums[place] = multiply_add(parts.f, task.target, one, w, before)
            for place, total in sums.items():
                parts.f.store(total, parts.at(x, (i64(place), 1)))

        nest(parts.f, _lines(geometry), spread)

    with task.f.loop(task.frame.begin, task.frame.end) as units:
        task.f.fill(room, 0, i64(size * task.kernel.out.dtype.itemsize))
        g = parts.at(task.inputs[0], (units.index, prod(geometry.positions) * geometry.every_output))
        _windows(parts, room, weight, partial(tile, g))
        finish.pictures(room, units.index, 1)
    return Work(geometry.batch, parts.scratch, geometry.batch)


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


def _by_element(geometry: Geometry, backwards: bool = False) -> WeightOf:
    """The weight with its channels last, (*kernel, channels); backwards, for the elements in the opposite order."""
    channels, window = geometry.frame.groups, prod(geometry.kernel)

    def made(parts: Parts) -> V:
        weight = parts.room(channels * window)
        first, step = (window - 1, -1) if backwards else (0, 1)
        source = parts.at(parts.task.inputs[1], (i64(first), 1))
        parts.rearrange([window, channels], (weight, [channels, 1]), (source, [step, window]))
        return weight

    return made


def _lines(geometry: Geometry) -> Shape:
    """The dimensions of a window that are gone over in loops."""
    return geometry.kernel[:-1] if geometry.kernel[-1] <= _WRITTEN_OUT else geometry.kernel


def _line_of_weight(parts: Parts, window: Window, indices: Sequence[V]) -> Iterator[V]:
    """The weight of the elements that are written out, at an index of the others."""
    kernel, channels = parts.geometry.kernel, parts.geometry.every_channel
    first = parts.at(window.weight, *zip(indices, [step * channels for step in strides(kernel)], strict=False))
    for element in range(kernel[-1] if len(indices) < len(kernel) else 1):
        yield parts.load(window.kind, first, (i64(element), channels))


class Window(NamedTuple):
    """Some neighbouring windows, a vector of channels of each.

    Attributes:
        source: Where the first one starts.
        weight: The weight of its channels.
        pixel: Which of the picture's outputs it makes.
        channel: Its first channel.
        rows: How many windows there are.
        kind: The vector's type.
    """

    source: V
    weight: V
    pixel: V
    channel: V
    rows: int
    kind: str


def _windows(parts: Parts, picture: V, weight: V, tile: Callable[[Window], None]) -> None:
    """Go over all windows of a padded picture, with the weight by element."""
    geometry = parts.geometry
    across, _ = geometry.steps(geometry.every_channel)

    def line(indices: list[V], _: list[V]) -> None:
        def pixels(start: V, rows: int) -> None:
            where = [*indices, start]
            window = parts.at(picture, *zip(where, across, strict=True))
            pixel = offset(parts.f, *zip(where, strides(geometry.positions), strict=True))

            def channels(first: V, count: int) -> None:
                here, w = (parts.at(pointer, (first, 1)) for pointer in (window, weight))
                tile(Window(here, w, pixel, first, rows, vector(parts.task.element, count)))

            steps(parts.f, geometry.every_channel, parts.lanes, channels)

        steps(parts.f, geometry.positions[-1], _SUMS, pixels)

    nest(parts.f, geometry.positions[:-1], line)
