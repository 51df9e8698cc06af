"""The gradient to the input: each tile of output pixels is spread over its windows, one offset after another."""

from __future__ import annotations

from math import prod

from chainrule.native.emit import V, i64
from chainrule.native.whole.convolution.geometry import Geometry
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.convolution.tile import choose_tile
from chainrule.native.whole.task import Task, Work, nest, steps, strides


def emit_convolution_input(task: Task) -> Work:
    """A unit is a picture."""
    (g, w), out = task.kernel.specs, task.kernel.out
    if not prod(out.shape):
        return Work(0)
    backward = _BackwardInput(Parts(task, Geometry.of(out.shape, w.shape, g.shape, task.kernel.params["frame"])))
    with task.f.loop(task.frame.begin, task.frame.end) as units:
        backward.unit(units.index)
    return Work(out.shape[0], backward.parts.scratch)


class _BackwardInput:
    """The code of the gradient to the input."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._f = parts.f
        self._geometry = geometry = parts.geometry
        groups, outputs, channels = geometry.frame.groups, geometry.outputs, geometry.channels
        # The weight as (groups, *kernel, outputs, channels), where the channels are whole vectors.
        self._width = parts.whole_vectors(channels)
        self._weight = parts.room(groups * prod(geometry.kernel) * outputs * self._width)
        parts.rearrange(
            [groups, prod(geometry.kernel), outputs, channels],
            (self._weight, [*(step * self._width for step in strides([groups, prod(geometry.kernel), outputs])), 1]),
            (parts.task.inputs[1], [outputs * geometry.depth, channels, geometry.depth, 1]),
        )
        self._pixel = groups * self._width
        self._direct = self._width == channels and not any(map(any, geometry.frame.padding))
        self._sum = parts.task.output if self._direct else parts.room(prod(geometry.padded) * self._pixel)
        self._tile = choose_tile(geometry.positions[-1], channels, parts.lanes, parts.task.target.registers)

    def unit(self, index: V) -> None:
        """One picture, with its padding and with channels in whole vectors; then what belongs to it."""
        f, geometry, parts = self._f, self._geometry, self.parts
        size = prod(geometry.padded) * self._pixel
        picture = parts.at(self._sum, (index, size)) if self._direct else self._sum
        f.fill(picture, 0, i64(size * parts.task.kernel.out.dtype.itemsize))
        g = parts.at(parts.task.inputs[0], (index, prod(geometry.positions) * geometry.every_output))

        def group(indices: list[V], _: list[V]) -> None:
            outputs = parts.at(g, (indices[0], geometry.outputs))
            weight = parts.at(self._weight, (indices[0], prod(geometry.kernel) * geometry.outputs * self._width))
            channels = parts.at(picture, (indices[0], self._width))

            def block(start: V, width: int) -> None:
                self._block(outputs, parts.at(weight, (start, 1)), parts.at(channels, (start, 1)), width)

            steps(f, self._width, self._tile.vectors * parts.lanes, block)

        nest(f, [geometry.frame.groups], group)
        if not self._direct:
            self._crop(picture, parts.at(parts.task.output, (index, prod(geometry.spatial) * geometry.every_channel)))

    def _block(self, g: V, weight: V, picture: V, width: int) -> None:
        """Some channels of all pixels."""
        geometry, parts = self._geometry, self.parts
        across, within = geometry.steps(self._pixel)
        own = [step * geometry.every_output for step in strides(geometry.positions)]
        offsets = [step * geometry.outputs * self._width for step in strides(geometry.kernel)]

        def line(indices: list[V], _: list[V]) -> None:
            def pixels(start: V, rows: int) -> None:
                where = [*indices, start]
                left = parts.at(g, *zip(where, own, strict=True))
                window = parts.at(picture, *zip(where, across, strict=True))

                def spread(inner: list[V], _: list[V]) -> None:
                    right = parts.at(weight, *zip(inner, offsets, strict=True))
                    sums = self._sums(left, right, rows, width // parts.lanes)
                    self._add(sums, parts.at(window, *zip(inner, within, strict=True)), rows, across[-1])

                nest(self._f, geometry.kernel, spread)

            steps(self._f, geometry.positions[-1], self._tile.rows, pixels)

        nest(self._f, geometry.positions[:-1], line)

    def _sums(self, g: V, weight: V, rows: int, vectors: int) -> list[V]:
        """A tile: neighbouring output pixels times the weight at one offset."""
        geometry, parts = self._geometry, self.parts

        def product(indices: list[V], sums: list[V]) -> list[V]:
            right = parts.row(parts.at(weight, (indices[0], self._width)), vectors)
            return parts.take(sums, parts.at(g, (indices[0], 1)), geometry.every_output, right)

        return nest(self._f, [geometry.outputs], product, parts.zeros(rows * vectors))

    def _add(self, sums: list[V], pixels: V, rows: int, apart: int) -> None:
        """Add a tile to pixels that stand so far apart."""
        vectors = len(sums) // rows
        for i, total in enumerate(sums):
            r, v = divmod(i, vectors)
            place = self.parts.at(pixels, (i64(r), apart), (i64(v), self.parts.lanes))
            self._f.store(self._f.add(self._f.load(total.type, place), total), place)

    def _crop(self, picture: V, target: V) -> None:
        """The picture without its padding and without what fills up vectors."""
        geometry = self._geometry
        apart = [step * self._pixel for step in strides(geometry.padded)]
        first = sum(before * step for (before, _), step in zip(geometry.frame.padding, apart, strict=True))
        extents = [*geometry.spatial, geometry.frame.groups, geometry.channels]
        self.parts.rearrange(
            extents,
            (target, strides(extents)),
            (self.parts.at(picture, (i64(first), 1)), [*apart, self._width, 1]),
        )
