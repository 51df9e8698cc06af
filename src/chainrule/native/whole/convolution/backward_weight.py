"""The gradient to the weight: a tile is some elements of a window times some vectors of output channels.

It sums over some lines of a picture, or over a few small pictures, which stay in the nearest caches until every tile
has been through them. Their outputs are copied side by side first, where others stand between them: walks over many
pages, or over few sets of the cache, would wait.
"""

from __future__ import annotations

from math import prod

from chainrule.native.emit import V, i64
from chainrule.native.whole.convolution.depthwise_weight import emit_depthwise_weight
from chainrule.native.whole.convolution.geometry import Geometry, at_once, window_offsets
from chainrule.native.whole.convolution.matrix_weight import weight_on_matrix_unit
from chainrule.native.whole.convolution.parts import Parts, Pictures
from chainrule.native.whole.convolution.tile import choose_tile
from chainrule.native.whole.convolution.winograd_weight import fewer_products, weight_by_fewer_products
from chainrule.native.whole.task import ENOUGH_UNITS, Task, Work, nest, steps, strides

# Elements that make a tile, however few vectors it has.
_SHORTEST_PIECE = 12
# Windows of so few elements are written out: their tiles reach from one line of the window into the next.
_SMALL_WINDOW = 48
# Bytes of a picture with its padding that a cache holds beside the sums. Every unit copies what is padded for itself.
_NEAR = 1 << 18


def emit_convolution_weight(task: Task) -> Work:
    """A unit is a part of the batch and, where these are few, of the weight."""
    (x, g), out = task.kernel.specs, task.kernel.out
    if not prod(out.shape):
        return Work(0)
    parts = task.kernel.params.get("parts", 1)
    weight = out.shape if parts == 1 else out.shape[1:]
    geometry = Geometry.of(x.shape, weight, g.shape, task.kernel.params["frame"])
    if geometry.depthwise:
        return emit_depthwise_weight(task, geometry, parts)
    fewer = fewer_products(Parts(task, geometry), parts)
    if work := weight_on_matrix_unit(task, geometry, parts, fewer):
        return work
    if fewer:
        return weight_by_fewer_products(task, fewer.scheme, geometry, parts)
    backward = _BackwardWeight(Parts(task, geometry), parts)
    with task.f.loop(task.frame.begin, task.frame.end) as units:
        backward.unit(units.index)
    return Work(backward.units, backward.parts.scratch, parts)


def _pieces(run: int, units: int) -> int:
    """Into how many equal pieces runs are cut, so that there are enough units, yet none of few elements."""
    fitting = [p for p in range(1, run + 1) if run % p == 0 and (p == 1 or run // p >= _SHORTEST_PIECE)]
    return next((p for p in fitting if units * p >= ENOUGH_UNITS), fitting[-1])


def _in_bands(geometry: Geometry, itemsize: int) -> Geometry:
    """A convolution with its pictures in bands that a cache holds, where they are copied with their padding.

    Bands have as many lines as a window at least, lest lines be copied again and again.
    """
    if not geometry.batch or not any(map(any, geometry.frame.padding)):
        return geometry
    lines, stride = geometry.positions[0], geometry.frame.stride[0]
    fitting = [n for n in range(1, lines + 1) if lines % n == 0 and lines // n * stride >= geometry.reach] or [1]
    size = prod(geometry.padded) * geometry.channels * itemsize
    count = next((n for n in fitting if size // n <= _NEAR), fitting[-1])
    return geometry.in_bands(count) if count > 1 else geometry


class _BackwardWeight:
    """The code of the gradient to the weight.

    Attributes:
        units: How many units there are.
    """

    def __init__(self, parts: Parts, batches: int) -> None:
        self._f = parts.f
        self._geometry = geometry = _in_bands(parts.geometry, parts.task.kernel.out.dtype.itemsize)
        self.parts = parts = Parts(parts.task, geometry)
        self._batch = geometry.batch // batches
        self._together = 1 if geometry.whole else at_once(self._batch, prod(geometry.positions))
        self._lines = at_once(geometry.positions[0], prod(geometry.positions[1:]))
        self._positions = [self._together, self._lines, *geometry.positions[1:]]
        self._pictures = Pictures(parts, parts.task.inputs[0], self._together)
        runs, run = geometry.runs
        _, apart = geometry.steps(self._pictures.pixel)
        window = [*geometry.kernel[:-1], runs]
        self._offsets: list[int] | None = None
        if geometry.depth <= _SMALL_WINDOW:
            self._offsets = window_offsets([*window, run], [*apart, 1])
            window, apart, run = [], [], geometry.depth
        # Two registers to spare: LLVM needs them where sums are carried through loops within loops.
        self._tile = choose_tile(run, geometry.outputs, parts.lanes, parts.task.target.registers - 2)
        self._width = self._tile.vectors * parts.lanes
        # The weight as (batches, groups, blocks of outputs, *runs of a window, elements of a run).
        extents = [batches, geometry.frame.groups, -(-geometry.outputs // self._width), *window]
        pieces = 1 if self._offsets else _pieces(run, prod(extents))
        self._run = run // pieces
        extents, self._apart = [*extents, pieces], [*apart, self._run]
        # A unit has the first few of these indices, and does all of the others.
        fixed = next((d for d in range(3, len(extents)) if prod(extents[:d]) >= ENOUGH_UNITS), len(extents))
        self._outer, self._inner = extents[:fixed], extents[fixed:]
        self.units = prod(self._outer)
        self._room = parts.room(prod(self._inner) * self._run * self._width)
        self._side_by_side = self._width == geometry.every_output
        self._outputs = parts.room(0 if self._side_by_side else prod(self._positions) * self._width)

    def unit(self, index: V) -> None:
        """A part of the weight; the last block of a group may have fewer outputs."""
        f, outputs = self._f, self._geometry.outputs
        indices: list[V] = []
        for extent in reversed(self._outer):
            index, one = f.divmod(index, extent)
            indices.insert(0, one)
        block = indices[2]
        whole, rest = divmod(outputs, self._width)
        if whole:
            with f.when(f.compare("ult", block, i64(whole))):
                self._block(indices, f.mul(block, i64(self._width)), self._width)
        if rest:
            with f.when(f.compare("eq", block, i64(whole))):
                self._block(indices, i64(whole * self._width), rest)

    def _block(self, indices: list[V], output: V, width: int) -> None:
        """The gradient to a unit's weights of the outputs from `output` on."""
        f, geometry, parts = self._f, self._geometry, self.parts
        batch, group, _, *window = indices
        f.fill(self._room, 0, i64(prod(self._inner) * self._run * self._width * parts.task.kernel.out.dtype.itemsize))
        across, _ = geometry.steps(self._pictures.pixel)
        line = prod(geometry.positions[1:]) * geometry.every_output
        with f.loop(i64(0), i64(self._batch), self._together, unroll=False) as pictures:
            picture = f.add(f.mul(batch, i64(self._batch)), pictures.index)
            x = self._pictures.load(picture, group)
            with f.loop(i64(0), i64(geometry.positions[0]), self._lines, unroll=False) as lines:
                g = parts.at(
                    parts.task.inputs[1],
                    (picture, geometry.positions[0] * line),
                    (lines.index, line),
                    (group, geometry.outputs),
                    (output, 1),
                )
                g = self._packed(g, width)

                def run(inner: list[V], _: list[V]) -> None:
                    start = parts.at(x, (lines.index, across[0]), *zip([*window, *inner], self._apart, strict=True))
                    self._tiles(start, g, parts.at(self._room, *self._rooms(inner)), width)

                nest(f, self._inner, run)
        self._store(batch, group, output, window, width)

    def _packed(self, g: V, width: int) -> V:
        """The outputs of the positions at hand, side by side."""
        if self._side_by_side:
            return g
        geometry = self._geometry
        apart = [step * geometry.every_output for step in strides([self._together, *geometry.positions])]
        to = [step * self._width for step in strides(self._positions)]
        self.parts.rearrange([*self._positions, width], (self._outputs, [*to, 1]), (g, [*apart, 1]))
        return self._outputs

    def _rooms(self, inner: list[V]) -> list[tuple[V, int]]:
        """Where the sums of a run are kept."""
        size = self._run * self._width
        return list(zip(inner, [step * size for step in strides(self._inner)], strict=True))

    def _tiles(self, x: V, g: V, room: V, width: int) -> None:
        """All tiles of a run."""
        if self._offsets:
            for first in range(0, self._run, self._tile.rows):
                rows = self._offsets[first : first + self._tile.rows]
                self._add(x, rows, g, self.parts.at(room, (i64(first), self._width)), width)
            return

        def elements(first: V, rows: int) -> None:
            place = self.parts.at(room, (first, self._width))
            self._add(self.parts.at(x, (first, 1)), list(range(rows)), g, place, width)

        steps(self._f, self._run, self._tile.rows, elements)

    def _add(self, x: V, elements: list[int], g: V, place: V, width: int) -> None:
        """A tile: some elements of all windows of the pictures times their outputs, added to the sums at `place`."""
        f, geometry, parts = self._f, self._geometry, self.parts
        across, _ = geometry.steps(self._pictures.pixel)
        there = [self._pictures.apart, *across]
        own = [step * self._width for step in strides(self._positions)]
        vectors = -(-width // parts.lanes)

        def product(indices: list[V], sums: list[V]) -> list[V]:
            left = parts.at(x, *zip(indices, there, strict=True))
            return parts.take(sums, left, elements, parts.row(parts.at(g, *zip(indices, own, strict=True)), vectors))

        for i, total in enumerate(nest(f, self._positions, product, parts.zeros(len(elements) * vectors))):
            r, v = divmod(i, vectors)
            to = parts.at(place, (i64(r), self._width), (i64(v), parts.lanes))
            f.store(f.add(f.load(total.type, to), total), to)

    def _store(self, batch: V, group: V, output: V, window: list[V], width: int) -> None:
        """Turn a unit's sums into the order of the weight."""
        geometry, parts = self._geometry, self.parts
        depth, runs = geometry.depth, [*self._outer[3:], *self._inner]
        apart = [step * self._run for step in strides(runs)]
        weights = parts.at(
            parts.task.output,
            (batch, geometry.every_output * depth),
            (group, geometry.outputs * depth),
            (output, depth),
            *zip(window, apart, strict=False),
        )

        def run(inner: list[V], _: list[V]) -> None:
            to = parts.at(weights, *zip(inner, apart[len(window) :], strict=True))
            source = parts.at(self._room, *self._rooms(inner))
            parts.rearrange([width, self._run], (to, [depth, 1]), (source, [1, self._width]))

        nest(self._f, self._inner, run)
