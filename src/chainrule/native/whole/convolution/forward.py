"""Convolution: a tile is some neighbouring pixels of a line times some vectors of output channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil, prod
from typing import NamedTuple

from chainrule.core.shape import Shape
from chainrule.native.contraction.packing import Strip, pack
from chainrule.native.emit import V, i64
from chainrule.native.whole.convolution.depthwise import emit_depthwise
from chainrule.native.whole.convolution.finish import Finish
from chainrule.native.whole.convolution.geometry import BAND, POSITIONS, Geometry, bands, flat
from chainrule.native.whole.convolution.inside import InsideWindows
from chainrule.native.whole.convolution.matrix import on_matrix_unit
from chainrule.native.whole.convolution.parts import Parts, Pictures
from chainrule.native.whole.convolution.short_windows import ShortWindows
from chainrule.native.whole.convolution.sides import Sides
from chainrule.native.whole.convolution.tile import Patch, Tile, choose_patch, choose_tile, even_rows
from chainrule.native.whole.convolution.winograd import Scheme
from chainrule.native.whole.convolution.winograd_tiles import Choice, Tiles, directly, schemes
from chainrule.native.whole.convolution.winograd_windows import (
    FEWEST_OUTPUTS,
    TOGETHER,
    FewerProducts,
    fewer_products,
)
from chainrule.native.whole.task import ENOUGH_UNITS, Task, Work, nest, offset, steps, strides

# A band of a picture has so many tiles at least, to be worth going through the whole weight.
_FEWEST_TILES = 16
# So many times as large as the pictures is a weight that threads share.
_LARGER = 2


def emit_convolution(task: Task) -> Work:
    """A unit is a picture, a band of a large one where there are few, or some small ones."""
    (x, weight), out = task.kernel.specs, task.kernel.out
    if not prod(out.shape):
        return Work(0)
    geometry = Geometry.of(x.shape, weight.shape, out.shape, task.kernel.params["frame"])
    if geometry.depthwise:
        return emit_depthwise(task, geometry)
    parts, w = Parts(task, geometry), task.inputs[1]
    fewer = fewer_products(parts, directly(geometry, parts.lanes), schemes(geometry))
    if work := on_matrix_unit(task, geometry, Sides.forward(geometry), fewer):
        return work

    def pack_block(block: Block, to: V) -> None:
        outputs, depth = geometry.outputs, geometry.depth
        source = parts.at(w, (block.group, outputs * depth), (block.first, depth))
        strip = Strip(source, depth, 1, i64(depth), depth, i64(block.width), parts.whole_vectors(block.width))
        pack(task.f, task.element, parts.lanes, strip, to)

    return sums_of_windows(parts, fewer, pack_block)


class Block(NamedTuple):
    """Some outputs of the weight.

    Attributes:
        group: Their group.
        first: The first of them in it.
        width: How many.
    """

    group: V
    first: V
    width: int


def sums_of_windows(
    parts: Parts,
    fewer: Choice[Scheme] | None,
    pack_block: Callable[[Block, V], None],
    inside: Callable[[Parts, int], InsideWindows] | None = None,
    finite: Callable[[], V] | None = None,
) -> Work:
    """All windows times a weight.

    Args:
        parts: The convolution.
        fewer: How to take fewer products; None for window by window.
        pack_block: Writes a block of the weight as (depth, outputs of the block), these filled up to whole vectors.
        inside: Where what stands beyond a picture does not exist, and zeros only make the same sums: what makes them
            without. None where the padding is zeros that count.
        finite: Whether all of the weight is finite, so that zeros will do (i1), asked when it has been packed.
    """
    f, frame, tiles, geometry = parts.f, parts.task.frame, None, parts.geometry
    groups = fewer.groups if fewer else _groups(parts)
    if groups == 1 and (fewer is None or fewer.scheme.in_bands):
        geometry = _in_bands(geometry, *(fewer.scheme.results, _FEWEST_TILES) if fewer else ())
    if fewer:
        geometry = fewer.scheme.with_whole_tiles(geometry)
        tiles = Tiles.of(fewer.scheme, geometry, TOGETHER)
    batch, outputs = geometry.batch, geometry.outputs // groups
    parts.geometry = replace(geometry, outputs=outputs)
    most, units = (tiles.positions, tiles.units(batch, groups)) if tiles else (POSITIONS, ENOUGH_UNITS // groups)
    together = parts.together(most, units)
    pieces = batch // together

    def group(first: V, begin: V, end: V) -> None:
        windows = _Windows(parts, pack_block, tiles, together, first, inside, finite)
        with f.loop(begin, end) as units:
            windows.unit(units.index)

    if groups == 1:
        group(i64(0), frame.begin, frame.end)
        return Work(pieces, parts.scratch, pieces)
    stop, _ = f.divmod(f.add(frame.end, i64(pieces - 1)), pieces)
    with f.loop(f.divmod(frame.begin, pieces)[0], stop) as each:
        begin, end = (f.sub(unit, f.mul(each.index, i64(pieces))) for unit in (frame.begin, frame.end))
        begin, end = f.intrinsic("llvm.smax", "i64", begin, i64(0)), f.intrinsic("llvm.smin", "i64", end, i64(pieces))
        group(f.mul(each.index, i64(outputs)), begin, end)
    return Work(groups * pieces, parts.scratch)


def _groups(parts: Parts) -> int:
    """Into how many groups outputs are divided: where the weight is larger than the pictures, threads share it."""
    geometry = parts.geometry
    weight, pictures = geometry.depth * geometry.outputs, geometry.batch * prod(geometry.padded) * geometry.channels
    if geometry.frame.groups > 1 or parts.task.kernel.stretches > 1 or weight < _LARGER * pictures:
        return 1
    return next((n for n in (8, 4, 2) if geometry.outputs % (n * FEWEST_OUTPUTS) == 0), 1)


def _in_bands(geometry: Geometry, results: int = 1, tiles: int = 1) -> Geometry:
    """A convolution with its pictures in bands, where these are few and large.

    Args:
        geometry: The convolution.
        results: Of so many lines, and of so many positions of a line, tiles are made.
        tiles: So many of them a band has at least.
    """
    lines, *inner = geometry.positions
    all_tiles = ceil(lines / results) * prod(ceil(n / results) for n in inner)
    count = bands(geometry.batch, lines, min(geometry.products // BAND, all_tiles // tiles), results)
    return geometry.in_bands(count) if count > 1 else geometry


def _dividing(vectors: int, parts: Parts) -> int:
    """So many vectors for a block of outputs; one fewer if that leaves no rest, whose code would be as long again."""
    across = -(-parts.geometry.outputs // parts.lanes)
    return vectors - 1 if vectors > 2 and across % vectors and across % (vectors - 1) == 0 else vectors


def _dividing_rows(length: int, rows: int) -> int:
    """So many rows of a line or fewer, if these leave no rest; what is the exception need not be fastest."""
    return max((n for n in range(rows // 2, rows + 1) if n and length % n == 0), default=rows)


class _Windows:
    """The code of sums over windows, of some pictures a unit.

    Args:
        parts: The convolution, of which these may be some of the outputs.
        pack_block: Writes a block of the weight.
        tiles: The tiles, if there are to be fewer products.
        together: How many pictures make a unit.
        first: The first output of all.
        inside: What makes sums of what is inside of a picture, where nothing else exists.
        finite: Tells whether the weight is finite, so that these are not needed.
    """

    def __init__(
        self,
        parts: Parts,
        pack_block: Callable[[Block, V], None],
        tiles: Tiles | None,
        together: int,
        first: V,
        inside: Callable[[Parts, int], InsideWindows] | None,
        finite: Callable[[], V] | None,
    ) -> None:
        self._parts = parts
        self._f = parts.f
        self._geometry = geometry = parts.geometry
        self._together = together
        self._first = first
        self._pictures = Pictures(parts, parts.task.inputs[0], self._together)
        self._short = short = ShortWindows(parts, self._pictures.pixel)
        # What is written out needs a register more.
        registers = parts.task.target.registers - (short.line > 1)
        if tiles:
            # The weight has blocks for products of tiles; windows one by one are the exception.
            vectors = _dividing(choose_tile(tiles.together, geometry.outputs, parts.lanes, registers).vectors, parts)
            rows = even_rows(geometry.positions[-1], vectors, registers)
            self._patch = Patch(Tile(_dividing_rows(geometry.positions[-1], rows), vectors), 1)
        else:
            self._patch = choose_patch(
                geometry.positions, geometry.outputs, parts.lanes, registers, short.line, short.sharing
            )
        self._width = self._patch.tile.vectors * parts.lanes
        self._weight = self._packed(pack_block)
        self._finish = Finish(parts)
        self._fewer = FewerProducts(parts, tiles, self._weight, self._width, self._finish, first) if tiles else None
        self._inside = inside(parts, self._pictures.pixel) if inside else None
        self._finite = finite() if finite and not tiles else None

    def _packed(self, pack_block: Callable[[Block, V], None]) -> V:
        """The weight as (groups, blocks, depth, outputs of a block)."""
        geometry, parts = self._geometry, self._parts
        groups, depth, outputs = geometry.frame.groups, geometry.depth, geometry.outputs
        every = parts.whole_vectors(outputs) * depth
        weight = parts.room(groups * every)

        def group(indices: list[V], _: list[V]) -> None:
            def block(start: V, width: int) -> None:
                first = offset(self._f, (self._first, 1), (start, 1))
                pack_block(Block(indices[0], first, width), parts.at(weight, (indices[0], every), (start, depth)))

            steps(self._f, outputs, self._width, block)

        nest(self._f, [groups], group)
        return weight

    def unit(self, index: V) -> None:
        """Some pictures, with fewer products where that can be."""
        f, picture = self._f, self._f.mul(index, i64(self._together))
        if self._fewer is not None:
            pictures = self._pictures.load(picture, i64(0))
            suits = self._fewer.suit(pictures, self._together)
            with f.when(suits):
                self._fewer.pictures(pictures, self._pictures.apart, picture, self._together)
        elif self._finite is not None:
            suits = self._finite
            with f.when(suits):
                self._directly(picture)
        else:
            self._directly(picture)
            return
        with f.when(f.binary("xor", suits, V("true", "i1"))):
            self._directly(picture, self._inside)

    def _directly(self, picture: V, inside: InsideWindows | None = None) -> None:
        """Some pictures; a block of the weight stays in a cache until it has been used for all of them."""
        f, geometry, parts = self._f, self._geometry, self._parts

        def group(indices: list[V], _: list[V]) -> None:
            channels = self._pictures.load(picture, indices[0])
            weight = parts.at(self._weight, (indices[0], geometry.depth * parts.whole_vectors(geometry.outputs)))
            first = offset(f, (self._first, 1), (indices[0], geometry.outputs))
            line = self._pictures.first_line(picture)

            def block(start: V, width: int) -> None:
                w, column = parts.at(weight, (start, geometry.depth)), f.add(first, start)

                def each(at: list[V], _: list[V]) -> None:
                    one = parts.at(channels, (at[0], self._pictures.apart))
                    row = f.mul(f.add(picture, at[0]), i64(prod(geometry.positions)))
                    self._block(one, w, (row, column, line), width, inside)

                nest(f, [self._together], each)

            steps(f, geometry.outputs, self._width, block)

        nest(f, [geometry.frame.groups], group)

    def _block(self, picture: V, weight: V, first: tuple[V, V, V], width: int, inside: InsideWindows | None) -> None:
        """Some output channels of all pixels.

        `first` is which pixel and which channel of all the first ones are, and which line of its picture.
        """
        geometry, parts = self._geometry, self._parts
        across, _ = geometry.steps(self._pictures.pixel)
        row, column, begin = first

        def patch(at: list[V], offsets: list[Shape]) -> None:
            vectors = -(-width // parts.lanes)
            if inside:
                sums = inside.sums(picture, weight, at, self._f.add(begin, at[0]), vectors)
            else:
                window = parts.at(picture, *zip(at, across, strict=True))
                sums = self._sums(window, weight, flat(offsets, across), vectors)
            # The pixels of a patch follow one another.
            here = offset(self._f, (row, 1), *zip(at, strides(geometry.positions), strict=True))
            self._finish.tile(sums, here, column, width)

        patches = Patch(Tile(1, self._patch.tile.vectors), 1) if inside else self._patch
        patches.over(self._f, geometry.positions, patch)

    def _sums(self, window: V, weight: V, rows: list[int], vectors: int) -> list[V]:
        """A tile: windows that stand so far from `window` times the weight."""
        geometry, parts = self._geometry, self._parts
        _, within = geometry.steps(self._pictures.pixel)
        if self._short.line > 1:
            return self._short.sums(window, weight, rows, vectors)
        runs, run = geometry.runs
        extents = [*geometry.kernel[:-1], runs, run]
        rows_apart = [step * vectors * parts.lanes for step in strides(extents)]

        def step(indices: list[V], sums: list[V]) -> list[V]:
            left = parts.at(window, *zip(indices, [*within, 1], strict=True))
            right = parts.at(weight, *zip(indices, rows_apart, strict=True))
            return parts.take(sums, left, rows, parts.row(right, vectors))

        return nest(self._f, extents, step, parts.zeros(len(rows) * vectors))
