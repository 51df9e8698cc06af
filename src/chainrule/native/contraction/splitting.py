"""Packing for the matrix unit: tiles of an operand as three parts of bfloat16, in the order in which they are used.

A strip is 32 rows of `a`, or 32 columns of `b`. Packed, it is two tiles side by side for the first part of 32 steps of
k, two for the second and two for the third; then come the next 32 steps. Columns and steps that do not exist are zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chainrule.native.contraction.packing import joined, transposed_quads
from chainrule.native.emit import Function, V, i64, number, vector
from chainrule.native.matrix_unit import DEPTH, LEVELS, SIDE, TILE_BYTES, WIDTH, Tile, Tiles, split

STEP_BYTES = LEVELS * 2 * TILE_BYTES
"""What 32 steps of a strip fill."""

_FLOATS = vector("float", SIDE)
_ZERO = number(0, _FLOATS)


class Strip(NamedTuple):
    """What is packed.

    Attributes:
        start: The address of its first element.
        free: The stride from row to row of `a`, or from column to column of `b`.
        depth: The stride along k.
        size: How many rows or columns there are, at most 32.
        left: Whether it is of the left operand `a`.
    """

    start: V
    free: int
    depth: int
    size: int
    left: bool


def pack_strip(f: Function, strip: Strip, k: V, rest: int, to: V) -> None:
    """Write a packed strip to memory.

    Args:
        f: The function under construction.
        strip: What is packed.
        k: How many steps along k (i64).
        rest: How many of them are left over by whole tiles, if any are.
        to: Where it goes.
    """
    whole = f.sub(k, f.binary("urem", k, i64(DEPTH))) if rest else k
    with f.loop(i64(0), whole, DEPTH, unroll=False) as steps:
        _pack_step(f, strip, steps.index, DEPTH, to)
    if rest:
        with f.when(f.compare("slt", whole, k)):
            _pack_step(f, strip, whole, rest, to)


def packed_tiles(f: Function, strip: V, step: V) -> Tiles:
    """The tiles of a packed strip, `step` times 32 steps from its start."""
    first = f.at(strip, "i8", f.mul(step, i64(STEP_BYTES)))
    return lambda level, which: Tile(f.at(first, "i8", i64(0), (2 * level + which) * TILE_BYTES))


def _pack_step(f: Function, strip: Strip, k: V, steps: int, to: V) -> None:
    """The tiles of up to 32 steps from `k` on."""
    to = f.at(to, "i8", f.mul(f.binary("udiv", k, i64(DEPTH)), i64(STEP_BYTES)))
    for first in range(0, WIDTH, SIDE):
        count = max(min(strip.size - first, SIDE), 0)
        if strip.left and not count:
            return
        place = f.at(strip.start, "float", f.mul(k, i64(strip.depth)), first * strip.free)
        low, high = (
            _half(strip, f.at(place, "float", i64(0), half * strip.depth), count, max(min(steps - half, SIDE), 0))
            for half in (0, SIDE)
        )
        _pack_tile(f, low, high, f.at(to, "i8", i64(0), first // SIDE * TILE_BYTES))


def _half(strip: Strip, start: V, size: int, steps: int) -> _Grid:
    """Half of a tile's steps; vectors run along k for the left operand, along the columns for the right one."""
    if strip.left:
        return _Grid(start, strip.free, strip.depth, size, steps)
    return _Grid(start, strip.depth, strip.free, steps, size)


class _Grid(NamedTuple):
    """Up to 16 vectors of up to 16 numbers.

    Attributes:
        start: The address of the first number.
        down: The stride from vector to vector.
        along: The stride within a vector.
        rows: How many vectors there are.
        lanes: How many numbers a vector has.
    """

    start: V
    down: int
    along: int
    rows: int
    lanes: int

    @property
    def together(self) -> int:
        """How many vectors are read at once: four, where those numbers stand side by side."""
        return 4 if self.down == 1 != self.along else 1

    def read(self, f: Function, row: V, rows: int) -> list[V]:
        """So many vectors from a row on; the lanes that do not exist are zero."""
        if not rows or not self.lanes:
            return [_ZERO] * self.together
        start = f.at(self.start, "float", f.mul(row, i64(self.down)))
        if self.together == 4:
            quad = vector("float", 4)
            none = number(0, quad)
            places = [f.at(start, "float", i64(0), lane * self.along) for lane in range(self.lanes)]
            parts = [_load(f, quad, place, rows) for place in places] + [none] * (SIDE - self.lanes)
            return transposed_quads(f, [joined(f, parts[j::4]) for j in range(4)])
        if self.along == 1:
            return [_load(f, _FLOATS, start, self.lanes)]
        offsets = "<" + ", ".join(f"i64 {lane * self.along}" for lane in range(SIDE)) + ">"
        each = f.value(f"getelementptr float, {start}, <{SIDE} x i64> {offsets}", f"<{SIDE} x ptr>")
        return [f.gather(_FLOATS, each, f.mask(i64(self.lanes), SIDE))]


def _load(f: Function, type: str, place: V, count: int) -> V:
    """A vector of which only so many numbers may be read."""
    lanes = number(0, type).lanes
    return f.load(type, place) if count >= lanes else f.masked_load(type, place, f.mask(i64(count), lanes))


def _pack_tile(f: Function, low: _Grid, high: _Grid, to: V) -> None:
    """A tile of each part, whose words hold a number of `low` and one of `high`."""
    together = low.together
    done = 0
    for end in sorted({*_ends(low.rows, together), *_ends(high.rows, together)}):
        counts = [max(min(grid.rows - done, together), 0) for grid in (low, high)]
        with f.loop(i64(done), i64(end), together, unroll=False, may_be_empty=False) as loop:
            rows = [grid.read(f, loop.index, count) for grid, count in zip((low, high), counts, strict=True)]
            place = f.at(to, "i8", f.mul(loop.index, i64(64)))
            for i, pair in enumerate(zip(*rows, strict=True)):
                _store(f, split(f, *pair), f.at(place, "i8", i64(0), 64 * i))
        done = end
    if done < SIDE:
        none = [number(0, vector("i32", SIDE))] * LEVELS
        with f.loop(i64(done), i64(SIDE), unroll=False, may_be_empty=False) as loop:
            _store(f, none, f.at(to, "i8", f.mul(loop.index, i64(64))))


def _ends(rows: int, together: int) -> Iterator[int]:
    """Up to where whole groups of rows go, and where the last row is done."""
    whole = rows - rows % together
    yield from (end for end in (whole, whole + (together if whole < rows else 0)) if end)


def _store(f: Function, parts: Sequence[V], to: V) -> None:
    for level, part in enumerate(parts):
        f.store(part, f.at(to, "i8", i64(0), level * 2 * TILE_BYTES))
