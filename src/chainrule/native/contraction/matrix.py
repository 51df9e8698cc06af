"""A product on the processor's matrix unit: both operands are packed as parts of bfloat16, 32 x 32 sums at a time."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.native.contraction.plan import Plan
from chainrule.native.contraction.splitting import STEP_BYTES, Strip, pack_strip, packed_tiles
from chainrule.native.emit import Function, V, i64
from chainrule.native.matrix_unit import DEPTH, ROOM, SIDE, WIDTH, Block, Tiles


class Matrix:
    """The micro-kernel: 32 x 32 sums, 32 steps of k after another.

    Args:
        f: The function under construction.
        plan: How the contraction is computed.
        scratch: Where packed operands and sums go.
    """

    def __init__(self, f: Function, plan: Plan, scratch: V) -> None:
        self._f = f
        self._plan = plan
        self._rest = plan.product.k % DEPTH
        self._strip = -(-plan.depth // DEPTH) * STEP_BYTES
        rows = plan.block // WIDTH * self._strip
        self._sums = scratch
        self._a = f.at(scratch, "i8", i64(ROOM))
        self._b = f.at(scratch, "i8", i64(ROOM + rows))
        self.scratch = ROOM + rows + self._strip
        self._first = self._k = i64(0)

    def rows(self, start: V, first: V, end: V, k: V, new: V) -> None:
        """Go to some rows of `a`; pack them, if they are not what was packed last."""
        f, a, m = self._f, self._plan.product.a, self._plan.product.m
        self._first, self._k = first, k

        def strip(row: V, rows: int) -> None:
            source = f.at(start, "float", f.mul(row, i64(a.free)))
            pack_strip(f, Strip(source, a.free, a.depth, rows, True), k, self._rest, self._packed_rows(row))

        with f.when(new):
            each_strip(f, first, end, m, strip)

    def panel(self, start: V, column: V, k: V) -> None:
        """Pack a panel of `b`."""
        f, b, n = self._f, self._plan.product.b, self._plan.product.n

        def strip(column: V, columns: int) -> None:
            source = f.at(start, "float", f.mul(column, i64(b.free)))
            pack_strip(f, Strip(source, b.free, b.depth, columns, False), k, self._rest, self._b)

        each_strip(f, column, f.add(column, i64(WIDTH)), n, strip)

    def sums(self, row: V, rows: int) -> V:
        """Where the sums of a tile of the panel are now, 32 in a row."""
        f = self._f
        a, b = self._packed_rows(row), self._b
        steps = f.binary("udiv", f.add(self._k, i64(DEPTH - 1)), i64(DEPTH))

        def over(take: Callable[[Tiles, Tiles], None]) -> None:
            with f.loop(i64(0), steps, unroll=False, may_be_empty=False) as loop:
                take(packed_tiles(f, a, loop.index), packed_tiles(f, b, loop.index))

        Block(down=-(-rows // SIDE)).sums(f, over, self._sums)
        return self._sums

    def _packed_rows(self, row: V) -> V:
        """Where a tile's packed rows start."""
        f = self._f
        tile = f.binary("udiv", f.sub(row, self._first), i64(WIDTH))
        return f.at(self._a, "i8", f.mul(tile, i64(self._strip)))


def each_strip(f: Function, first: V, end: V, extent: int, body: Callable[[V, int], None]) -> None:
    """`body(start, size)` for the strips of 32 from `first` up to `end`; the last one of all may be smaller."""
    whole = extent - extent % WIDTH
    if whole:
        stop = f.intrinsic("llvm.smin", "i64", end, i64(whole))
        with f.loop(first, stop, WIDTH, unroll=False) as loop:
            body(loop.index, WIDTH)
    if whole < extent:
        with f.when(f.compare("sge", end, i64(extent))):
            body(i64(whole), extent - whole)
