"""The gradient to the input: each tile of output pixels is spread over its windows, one run after another."""

from __future__ import annotations

from math import prod

from chainrule.native.emit import V, i64, vector
from chainrule.native.whole.convolution.depthwise import emit_depthwise_input
from chainrule.native.whole.convolution.geometry import Geometry
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.convolution.tile import choose_tile
from chainrule.native.whole.task import Task, Work, nest, steps, strides


def emit_convolution_input(task: Task) -> Work:
    """A unit is a picture."""
    (g, w), out = task.kernel.specs, task.kernel.out
    if not prod(out.shape):
        return Work(0)
    geometry = Geometry.of(out.shape, w.shape, g.shape, task.kernel.params["frame"])
    if geometry.depthwise:
        return emit_depthwise_input(task, geometry)
    backward = _BackwardInput(Parts(task, geometry))
    with task.f.loop(task.frame.begin, task.frame.end) as units:
        backward.unit(units.index)
    return Work(out.shape[0], backward.parts.scratch)


class _BackwardInput:
    """The code of the gradient to the input."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._f = parts.f
        self._geometry = geometry = parts.geometry
        # Pixels that fill a vector are added one by one; fewer channels need the pixels of a run together.
        runs, self._run = geometry.runs if geometry.channels < parts.lanes else (geometry.kernel[-1], geometry.channels)
        # A window, as runs of elements that stand one after another.
        self._runs = [*geometry.kernel[:-1], runs]
        self._tile = choose_tile(geometry.positions[-1], self._run, parts.lanes, parts.task.target.registers)
        # How many rows of the weight there are for each run, in a group.
        self._rows = prod(self._runs) * geometry.outputs
        self._weight = self._packed(parts.task.inputs[1])
        self._padded = any(map(any, geometry.frame.padding))
        self._size = prod(geometry.padded) * geometry.every_channel
        self._sum = parts.room(self._size) if self._padded else parts.task.output

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

        steps(self._f, self._run, self._tile.vectors * parts.lanes, block)
        return weight

    def unit(self, index: V) -> None:
        """One picture with its padding; then what belongs to it."""
        f, geometry, parts = self._f, self._geometry, self.parts
        picture = self._sum if self._padded else parts.at(self._sum, (index, self._size))
        f.fill(picture, 0, i64(self._size * parts.task.kernel.out.dtype.itemsize))
        g = parts.at(parts.task.inputs[0], (index, prod(geometry.positions) * geometry.every_output))

        def group(indices: list[V], _: list[V]) -> None:
            outputs = parts.at(g, (indices[0], geometry.outputs))
            weight = parts.at(self._weight, (indices[0], self._rows * parts.whole_vectors(self._run)))
            channels = parts.at(picture, (indices[0], geometry.channels))

            def block(start: V, width: int) -> None:
                self._block(outputs, parts.at(weight, (start, self._rows)), parts.at(channels, (start, 1)), width)

            steps(f, self._run, self._tile.vectors * parts.lanes, block)

        nest(f, [geometry.frame.groups], group)
        if self._padded:
            parts.crop(self._sum, parts.at(parts.task.output, (index, prod(geometry.spatial) * geometry.every_channel)))

    def _block(self, g: V, weight: V, picture: V, width: int) -> None:
        """Some elements of all runs, for all windows."""
        geometry, parts = self._geometry, self.parts
        across, within = geometry.steps(geometry.every_channel)
        own = [step * geometry.every_output for step in strides(geometry.positions)]
        apart = [step * geometry.outputs * parts.whole_vectors(width) for step in strides(self._runs)]

        def line(indices: list[V], _: list[V]) -> None:
            def pixels(start: V, rows: int) -> None:
                where = [*indices, start]
                left = parts.at(g, *zip(where, own, strict=True))
                window = parts.at(picture, *zip(where, across, strict=True))

                def run(inner: list[V], _: list[V]) -> None:
                    sums = self._sums(left, parts.at(weight, *zip(inner, apart, strict=True)), rows, width)
                    self._add(sums, parts.at(window, *zip(inner, within, strict=True)), rows, width)

                nest(self._f, self._runs, run)

            steps(self._f, geometry.positions[-1], self._tile.rows, pixels)

        nest(self._f, geometry.positions[:-1], line)

    def _sums(self, g: V, weight: V, rows: int, width: int) -> list[V]:
        """A tile: neighbouring output pixels times the weight of a run."""
        geometry, parts = self._geometry, self.parts
        full = parts.whole_vectors(width)

        def product(indices: list[V], sums: list[V]) -> list[V]:
            right = parts.row(parts.at(weight, (indices[0], full)), full // parts.lanes)
            offsets = [r * geometry.every_output for r in range(rows)]
            return parts.take(sums, parts.at(g, (indices[0], 1)), offsets, right)

        return nest(self._f, [geometry.outputs], product, parts.zeros(rows * full // parts.lanes))

    def _add(self, sums: list[V], window: V, rows: int, width: int) -> None:
        """Add a tile to neighbouring windows; they may overlap, so one after another."""
        f, parts = self._f, self.parts
        across, _ = self._geometry.steps(self._geometry.every_channel)
        for i, total in enumerate(sums):
            r, v = divmod(i, len(sums) // rows)
            place = parts.at(window, (i64(r), across[-1]), (i64(v), parts.lanes))
            before = f.load(vector(parts.task.element, min(parts.lanes, width - v * parts.lanes)), place)
            f.store(f.add(before, parts.first(total, before.lanes)), place)
