"""The gradient to the weight: a tile is some elements of a window times some vectors of output channels.

It sums over all positions of a picture, one picture after another.
"""

from __future__ import annotations

from math import prod

from chainrule.native.emit import V, i64, vector
from chainrule.native.whole.convolution.geometry import Geometry
from chainrule.native.whole.convolution.parts import Parts, Pictures
from chainrule.native.whole.convolution.tile import choose_tile
from chainrule.native.whole.task import Task, Work, nest, steps, strides


def emit_convolution_weight(task: Task) -> Work:
    """A unit is a block of output channels at one offset along all dimensions of the window but the last."""
    (x, g), out = task.kernel.specs, task.kernel.out
    if not prod(out.shape):
        return Work(0)
    backward = _BackwardWeight(Parts(task, Geometry.of(x.shape, out.shape, g.shape, task.kernel.params["frame"])))
    with task.f.loop(task.frame.begin, task.frame.end) as units:
        backward.unit(units.index)
    return Work(backward.units, backward.parts.scratch)


class _BackwardWeight:
    """The code of the gradient to the weight.

    Attributes:
        units: How many units there are.
    """

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._f = parts.f
        self._geometry = geometry = parts.geometry
        self._pictures = Pictures(parts, parts.task.inputs[0])
        runs, run = geometry.runs
        self._tile = choose_tile(run, geometry.outputs, parts.lanes, parts.task.target.registers)
        self._width = self._tile.vectors * parts.lanes
        self._blocks = -(-geometry.outputs // self._width)
        # The sums of a unit: (runs, run, outputs of a block).
        self._room = parts.room(runs * run * self._width)
        self.units = geometry.frame.groups * self._blocks * prod(geometry.kernel[:-1])

    def unit(self, index: V) -> None:
        """One block; the last one of a group may have fewer outputs."""
        f, geometry = self._f, self._geometry
        inner: list[V] = []
        for extent in reversed(geometry.kernel[:-1]):
            index, each = f.divmod(index, extent)
            inner.insert(0, each)
        group, block = f.divmod(index, self._blocks)
        whole, rest = divmod(geometry.outputs, self._width)
        if whole:
            with f.when(f.compare("ult", block, i64(whole))):
                self._block(group, f.mul(block, i64(self._width)), inner, self._width)
        if rest:
            with f.when(f.compare("eq", block, i64(whole))):
                self._block(group, i64(whole * self._width), inner, rest)

    def _block(self, group: V, output: V, inner: list[V], width: int) -> None:
        """The outputs from `output` on, at the offset `inner` within the window."""
        f, geometry, parts = self._f, self._geometry, self.parts
        runs, run = geometry.runs
        _, within = geometry.steps(geometry.every_channel)
        f.fill(self._room, 0, i64(runs * run * self._width * parts.task.kernel.out.dtype.itemsize))
        with f.loop(i64(0), i64(geometry.batch)) as batch:
            g = parts.at(
                parts.task.inputs[1],
                (batch.index, prod(geometry.positions) * geometry.every_output),
                (group, geometry.outputs),
                (output, 1),
            )
            picture = parts.at(self._pictures.load(batch.index), (group, geometry.channels))
            corner = parts.at(picture, *zip(inner, within[:-1], strict=True))

            def one_run(indices: list[V], _: list[V]) -> None:
                start = parts.at(corner, (indices[0], within[-1]))
                sums = parts.at(self._room, (indices[0], run * self._width))

                def elements(first: V, rows: int) -> None:
                    self._add(parts.at(start, (first, 1)), g, parts.at(sums, (first, self._width)), rows, width)

                steps(f, run, self._tile.rows, elements)

            nest(f, [runs], one_run)
        numbers = [group, output, *inner]
        sizes = [geometry.outputs * geometry.depth, geometry.depth, *strides([*geometry.kernel, geometry.channels])]
        target = parts.at(parts.task.output, *zip(numbers, sizes, strict=False))
        parts.rearrange([width, runs * run], (target, [geometry.depth, 1]), (self._room, [1, self._width]))

    def _add(self, element: V, g: V, place: V, rows: int, width: int) -> None:
        """A tile: some elements of all windows of a picture times its outputs, added to the sums at `place`."""
        f, geometry, parts = self._f, self._geometry, self.parts
        across, _ = geometry.steps(geometry.every_channel)
        own = [step * geometry.every_output for step in strides(geometry.positions)]
        vectors = -(-width // parts.lanes)

        def product(indices: list[V], sums: list[V]) -> list[V]:
            left = parts.at(element, *zip(indices, across, strict=True))
            return parts.take(sums, left, 1, self._outputs(parts.at(g, *zip(indices, own, strict=True)), width))

        places = [
            parts.at(place, (i64(r), self._width), (i64(v), parts.lanes)) for r in range(rows) for v in range(vectors)
        ]
        type = vector(parts.task.element, parts.lanes)
        before = [f.load(type, each) for each in places]
        for total, each in zip(nest(f, geometry.positions, product, before), places, strict=True):
            f.store(total, each)

    def _outputs(self, pointer: V, width: int) -> list[V]:
        """Vectors of outputs, of which the last may not be full."""
        f, lanes = self._f, self.parts.lanes
        found = self.parts.row(pointer, width // lanes)
        if width % lanes:
            place = self.parts.at(pointer, (i64(width - width % lanes), 1))
            type = vector(self.parts.task.element, lanes)
            found.append(f.masked_load(type, place, f.mask(i64(width % lanes), lanes)))
        return found
