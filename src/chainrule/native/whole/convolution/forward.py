"""Convolution: a tile is some neighbouring pixels of a line times some vectors of output channels."""

from __future__ import annotations

from math import prod

from chainrule.native.emit import V, i64
from chainrule.native.whole.convolution.depthwise import emit_depthwise
from chainrule.native.whole.convolution.geometry import Geometry
from chainrule.native.whole.convolution.parts import Parts, Pictures
from chainrule.native.whole.convolution.tile import choose_tile
from chainrule.native.whole.task import Task, Work, nest, steps, strides


def emit_convolution(task: Task) -> Work:
    """A unit is a picture."""
    (x, w), out = task.kernel.specs, task.kernel.out
    if not prod(out.shape):
        return Work(0)
    geometry = Geometry.of(x.shape, w.shape, out.shape, task.kernel.params["frame"])
    if geometry.depthwise:
        return emit_depthwise(task, geometry)
    forward = _Forward(Parts(task, geometry))
    with task.f.loop(task.frame.begin, task.frame.end) as units:
        forward.unit(units.index)
    return Work(out.shape[0], forward.parts.scratch)


class _Forward:
    """The code of the forward pass."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._f = parts.f
        self._geometry = geometry = parts.geometry
        x, w = parts.task.inputs
        self._pictures = Pictures(parts, x)
        self._tile = choose_tile(geometry.positions[-1], geometry.outputs, parts.lanes, parts.task.target.registers)
        self._weight = self._packed(w)

    def _packed(self, w: V) -> V:
        """The weight as (groups, blocks, depth, outputs of a block), these filled up to whole vectors."""
        geometry, parts = self._geometry, self.parts
        groups, depth, outputs = geometry.frame.groups, geometry.depth, geometry.outputs
        every = parts.whole_vectors(outputs) * depth
        weight = parts.room(groups * every)

        def block(start: V, width: int) -> None:
            parts.rearrange(
                [groups, width, depth],
                (parts.at(weight, (start, depth)), [every, 1, parts.whole_vectors(width)]),
                (parts.at(w, (start, depth)), [outputs * depth, depth, 1]),
            )

        steps(self._f, outputs, self._tile.vectors * parts.lanes, block)
        return weight

    def unit(self, index: V) -> None:
        """One picture."""
        f, geometry = self._f, self._geometry
        out = self.parts.at(self.parts.task.output, (index, prod(geometry.positions) * geometry.every_output))

        def group(indices: list[V], _: list[V]) -> None:
            channels = self._pictures.load(index, indices[0])
            weight = self.parts.at(
                self._weight, (indices[0], geometry.depth * self.parts.whole_vectors(geometry.outputs))
            )
            target = self.parts.at(out, (indices[0], geometry.outputs))

            def block(start: V, width: int) -> None:
                self._block(
                    channels, self.parts.at(weight, (start, geometry.depth)), self.parts.at(target, (start, 1)), width
                )

            steps(f, geometry.outputs, self._tile.vectors * self.parts.lanes, block)

        nest(f, [geometry.frame.groups], group)

    def _block(self, picture: V, weight: V, target: V, width: int) -> None:
        """Some output channels of all pixels."""
        geometry, parts = self._geometry, self.parts
        across, _ = geometry.steps(self._pictures.pixel)
        own = [step * geometry.every_output for step in strides(geometry.positions)]

        def line(indices: list[V], _: list[V]) -> None:
            def pixels(start: V, rows: int) -> None:
                where = [*indices, start]
                window = parts.at(picture, *zip(where, across, strict=True))
                sums = self._sums(window, weight, rows, -(-width // parts.lanes))
                self._store(sums, parts.at(target, *zip(where, own, strict=True)), rows, width)

            steps(self._f, geometry.positions[-1], self._tile.rows, pixels)

        nest(self._f, geometry.positions[:-1], line)

    def _sums(self, window: V, weight: V, rows: int, vectors: int) -> list[V]:
        """A tile: neighbouring windows from `window` on times the weight."""
        geometry, parts = self._geometry, self.parts
        across, within = geometry.steps(self._pictures.pixel)
        runs, run = geometry.runs
        extents = [*geometry.kernel[:-1], runs, run]
        rows_apart = [step * vectors * parts.lanes for step in strides(extents)]

        def product(indices: list[V], sums: list[V]) -> list[V]:
            left = parts.at(window, *zip(indices, [*within, 1], strict=True))
            right = parts.at(weight, *zip(indices, rows_apart, strict=True))
            return parts.take(sums, left, [r * across[-1] for r in range(rows)], parts.row(right, vectors))

        return nest(self._f, extents, product, parts.zeros(rows * vectors))

    def _store(self, sums: list[V], target: V, rows: int, width: int) -> None:
        """Store a tile; of the last vector only what there is."""
        lanes, vectors = self.parts.lanes, len(sums) // rows
        for i, total in enumerate(sums):
            r, v = divmod(i, vectors)
            place = self.parts.at(target, (i64(r), self._geometry.every_output), (i64(v), lanes))
            self._f.store(self.parts.first(total, min(lanes, width - v * lanes)), place)
