"""The gradient to the weight: a tile is some elements of a window times some vectors of output channels.

It sums over all positions of a picture, one picture after another.
"""

from __future__ import annotations

from math import prod

from chainrule.native.emit import V, i64, vector
from chainrule.native.whole.convolution.geometry import Geometry
from chainrule.native.whole.convolution.parts import Parts, Pictures
from chainrule.native.whole.convolution.tile import choose_tile
from chainrule.native.whole.task import ENOUGH_UNITS, Task, Work, nest, steps, strides

# Elements that make a tile, however few vectors it has.
_SHORTEST_PIECE = 12


def emit_convolution_weight(task: Task) -> Work:
    """A unit is a run of a window for a block of output channels."""
    (x, g), out = task.kernel.specs, task.kernel.out
    if not prod(out.shape):
        return Work(0)
    backward = _BackwardWeight(Parts(task, Geometry.of(x.shape, out.shape, g.shape, task.kernel.params["frame"])))
    with task.f.loop(task.frame.begin, task.frame.end) as units:
        backward.unit(units.index)
    return Work(backward.units, backward.parts.scratch)


def _pieces(run: int, units: int) -> int:
    """Into how many equal pieces runs are cut, so that there are enough units, yet none of few elements."""
    fitting = [p for p in range(1, run + 1) if run % p == 0 and (p == 1 or run // p >= _SHORTEST_PIECE)]
    return next((p for p in fitting if units * p >= ENOUGH_UNITS), fitting[-1])


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
        # Two registers to spare: LLVM needs them where sums are carried through loops within loops.
        self._tile = choose_tile(run, geometry.outputs, parts.lanes, parts.task.target.registers - 2)
        self._width = self._tile.vectors * parts.lanes
        self._blocks = -(-geometry.outputs // self._width)
        coarse = geometry.frame.groups * self._blocks * prod(geometry.kernel[:-1]) * runs
        pieces = _pieces(run, coarse)
        self._run = run // pieces
        # A window, as runs of elements that stand one after another.
        self._runs = [*geometry.kernel[:-1], runs, pieces]
        self.units = coarse * pieces
        self._room = parts.room(self._run * self._width)

    def unit(self, index: V) -> None:
        """One run; the last block of a group may have fewer outputs."""
        f = self._f
        block, run = f.divmod(index, prod(self._runs))
        group, block = f.divmod(block, self._blocks)
        whole, rest = divmod(self._geometry.outputs, self._width)
        if whole:
            with f.when(f.compare("ult", block, i64(whole))):
                self._block(group, f.mul(block, i64(self._width)), run, self._width)
        if rest:
            with f.when(f.compare("eq", block, i64(whole))):
                self._block(group, i64(whole * self._width), run, rest)

    def _block(self, group: V, output: V, run: V, width: int) -> None:
        """The gradient to one run of the weights of the outputs from `output` on."""
        f, geometry, parts = self._f, self._geometry, self.parts
        f.fill(self._room, 0, i64(self._run * self._width * parts.task.kernel.out.dtype.itemsize))
        with f.loop(i64(0), i64(geometry.batch)) as batch:
            g = parts.at(
                parts.task.inputs[1],
                (batch.index, prod(geometry.positions) * geometry.every_output),
                (group, geometry.outputs),
                (output, 1),
            )
            start = parts.at(self._pictures.load(batch.index, group), *self._within(run))

            def elements(first: V, rows: int) -> None:
                self._add(parts.at(start, (first, 1)), g, parts.at(self._room, (first, self._width)), rows, width)

            steps(f, self._run, self._tile.rows, elements)
        weights = parts.at(
            parts.task.output,
            (group, geometry.outputs * geometry.depth),
            (output, geometry.depth),
            (run, self._run),
        )
        parts.rearrange([width, self._run], (weights, [geometry.depth, 1]), (self._room, [1, self._width]))

    def _within(self, run: V) -> list[tuple[V, int]]:
        """Where a run of a window stands in a picture: indices and their strides."""
        _, within = self._geometry.steps(self._pictures.pixel)
        terms = []
        for extent, step in zip(reversed(self._runs), reversed([*within, self._run]), strict=True):
            run, index = self._f.divmod(run, extent)
            terms.append((index, step))
        return terms

    def _add(self, element: V, g: V, place: V, rows: int, width: int) -> None:
        """A tile: some elements of all windows of a picture times its outputs, added to the sums at `place`."""
        f, geometry, parts = self._f, self._geometry, self.parts
        across, _ = geometry.steps(self._pictures.pixel)
        own = [step * geometry.every_output for step in strides(geometry.positions)]
        vectors = -(-width // parts.lanes)

        def product(indices: list[V], sums: list[V]) -> list[V]:
            left = parts.at(element, *zip(indices, across, strict=True))
            return parts.take(sums, left, 1, self._outputs(parts.at(g, *zip(indices, own, strict=True)), width))

        # Each picture is summed by itself first: so many numbers one after another would lose digits.
        for i, total in enumerate(nest(f, geometry.positions, product, parts.zeros(rows * vectors))):
            r, v = divmod(i, vectors)
            to = parts.at(place, (i64(r), self._width), (i64(v), parts.lanes))
            f.store(f.add(f.load(total.type, to), total), to)

    def _outputs(self, pointer: V, width: int) -> list[V]:
        """Vectors of outputs, of which the last may not be full."""
        f, lanes = self._f, self.parts.lanes
        found = self.parts.row(pointer, width // lanes)
        if width % lanes:
            place = self.parts.at(pointer, (i64(width - width % lanes), 1))
            type = vector(self.parts.task.element, lanes)
            found.append(f.masked_load(type, place, f.mask(i64(width % lanes), lanes)))
        return found
