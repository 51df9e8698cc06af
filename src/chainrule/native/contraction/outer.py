"""A product as a sum of outer products: a tile of sums stays in registers while k runs.

At each k one row of `b` is loaded as vectors, one element of each row of `a` is spread over all lanes, and each vector
of sums takes in their product. Any strides of `a` will do; `b` needs neighbours along n, or else a packed panel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chainrule.compiler.expression import Buffer
from chainrule.compiler.index import Var
from chainrule.native.contraction.finish import Finish
from chainrule.native.contraction.packing import Strip, pack
from chainrule.native.contraction.plan import Plan
from chainrule.native.contraction.product import Operand
from chainrule.native.convention import Frame
from chainrule.native.emit import BYTES, V, i64, number, vector
from chainrule.native.target import Target


@dataclass(frozen=True)
class Rows:
    """The rows of a unit, as the micro-kernel reads them.

    Attributes:
        first: The first one (i64).
        pointer: Where its first element is.
        free: The stride from row to row.
        depth: The stride along k.
        packed: Whether each tile's rows stand apart from other tiles', as packed strips.
    """

    first: V
    pointer: V
    free: int
    depth: int
    packed: bool


@dataclass(frozen=True)
class Panel:
    """Some columns of `b`, as the micro-kernel reads them.

    Attributes:
        column: The first one (i64).
        pointer: Where its first element is.
        depth: The stride along k (i64).
        masks: Which lanes of its vectors there are; None where there are all.
    """

    column: V
    pointer: V
    depth: V
    masks: list[V] | None


class Outer:
    """The code of a plan.

    Attributes:
        scratch: The bytes of scratch memory that a thread needs.
    """

    def __init__(self, frame: Frame, plan: Plan, pointers: Mapping[Buffer, V], target: Target) -> None:
        self._f = frame.function
        self._plan = plan
        self._pointers = pointers
        self._target = target
        self._element = plan.product.element
        self._vector = vector(self._element, plan.lanes)
        self._finish = Finish(frame, plan, pointers, target, frame.scratch)
        room = plan.lanes
        packed_b = 0 if plan.pack_b == "never" else plan.product.k * plan.width + room
        packed_a = plan.block * plan.product.k + room if plan.pack_a else 0
        b = _aligned(self._finish.scratch)
        a = _aligned(b + packed_b * BYTES[self._element])
        self._packed_b = self._f.at(frame.scratch, "i8", i64(b))
        self._packed_a = self._f.at(frame.scratch, "i8", i64(a))
        self.scratch = _aligned(a + packed_a * BYTES[self._element])

    def unit(self, number: V) -> None:
        """A group of panels for a block of rows of one matrix of the batch."""
        f, plan = self._f, self._plan
        rest, group = f.divmod(number, plan.groups)
        batch, block = f.divmod(rest, plan.blocks)
        at = self._batch(batch)
        self._finish.inside(at)
        first = f.mul(block, i64(plan.block))
        end = f.intrinsic("llvm.smin", "i64", f.add(first, i64(plan.block)), i64(plan.product.m))
        a = self._rows(at, first, end)
        panel = f.mul(group, i64(plan.group))
        last = f.intrinsic("llvm.smin", "i64", f.add(panel, i64(plan.group)), i64(plan.panels))
        with f.loop(panel, last, unroll=False, may_be_empty=False) as panels:
            b = self._panel(at, f.mul(panels.index, i64(plan.width)))
            self._tiles(a, b, end)

    def _tiles(self, a: Rows, b: Panel, end: V) -> None:
        """A panel for all rows of a block; the matrix's last rows are a smaller tile."""
        f, rows, m = self._f, self._plan.tile.rows, self._plan.product.m
        whole = m - m % rows
        if whole:
            stop = f.intrinsic("llvm.smin", "i64", end, i64(whole))
            with f.loop(a.first, stop, rows, unroll=False) as loop:
                self._tile(a, b, loop.index, rows)
        if whole < m:
            with f.when(f.compare("eq", end, i64(m))):
                self._tile(a, b, i64(whole), m - whole)

    def _batch(self, number: V) -> dict[Var, V]:
        """The values of the batch variables."""
        at: dict[Var, V] = {}
        for var in reversed(self._plan.product.kernel.batch):
            number, at[var] = self._f.divmod(number, var.extent)
        return at

    def _start(self, operand: Operand, at: Mapping[Var, V]) -> V:
        """The address of an operand's first element for a matrix of the batch."""
        f, index = self._f, i64(operand.start)
        for var, stride in zip(self._plan.product.kernel.batch, operand.batch, strict=True):
            if stride:
                index = f.add(index, f.mul(at[var], i64(stride)))
        return f.at(self._pointers[operand.load.buffer], self._element, index)

    def _rows(self, at: Mapping[Var, V], first: V, end: V) -> Rows:
        """The rows from `first` on; packed, if the plan says so."""
        f, plan, a = self._f, self._plan, self._plan.product.a
        start = f.at(self._start(a, at), self._element, f.mul(first, i64(a.free)))
        if not plan.pack_a:
            return Rows(first, start, a.free, a.depth, False)
        with f.loop(first, end, plan.tile.rows, unroll=False, may_be_empty=False) as loop:
            row = f.sub(loop.index, first)
            strip = Strip(
                f.at(start, self._element, f.mul(row, i64(a.free))),
                a.free,
                a.depth,
                plan.product.k,
                f.sub(end, loop.index),
                plan.tile.rows,
            )
            pack(f, self._target, self._element, plan.lanes, strip, self._packed_row(row))
        return Rows(first, self._packed_a, 1, plan.tile.rows, True)

    def _packed_row(self, row: V) -> V:
        return self._f.at(self._packed_a, self._element, self._f.mul(row, i64(self._plan.product.k)))

    def _panel(self, at: Mapping[Var, V], column: V) -> Panel:
        """The columns from `column` on; packed, if the plan says so."""
        f, plan, b = self._f, self._plan, self._plan.product.b
        start = f.at(self._start(b, at), self._element, f.mul(column, i64(b.free)))
        left = f.sub(i64(plan.product.n), column)
        strip = Strip(start, b.free, b.depth, plan.product.k, left, plan.width)
        if plan.pack_b == "always":
            pack(f, self._target, self._element, plan.lanes, strip, self._packed_b)
            return Panel(column, self._packed_b, i64(plan.width), None)
        if plan.pack_b == "partial":
            partial = f.compare("slt", left, i64(plan.width))
            with f.when(partial):
                pack(f, self._target, self._element, plan.lanes, strip, self._packed_b)
            pointer = f.select(partial, self._packed_b, start)
            return Panel(column, pointer, f.select(partial, i64(plan.width), i64(b.depth)), None)
        masks = None
        if plan.masked:
            masks = [f.mask(f.sub(left, i64(v * plan.lanes)), plan.lanes) for v in range(plan.tile.vectors)]
        return Panel(column, start, i64(b.depth), masks)

    def _tile(self, a: Rows, b: Panel, row: V, rows: int) -> None:
        """The micro-kernel: a tile of sums, and what is done with them."""
        f, plan = self._f, self._plan
        sums = [number(0, self._vector)] * (rows * plan.tile.vectors)
        if plan.product.k:
            within = f.sub(row, a.first)
            start = self._packed_row(within) if a.packed else f.at(a.pointer, self._element, f.mul(within, i64(a.free)))
            with f.loop(i64(0), i64(plan.product.k), carried=sums, unroll=False, may_be_empty=False) as loop:
                left = f.at(start, self._element, f.mul(loop.index, i64(a.depth)))
                right = f.at(b.pointer, self._element, f.mul(loop.index, b.depth))
                loop.next(self._step(left, a.free, right, b.masks, loop.carried))
            sums = loop.results
        self._finish.tile(row, b.column, sums)

    def _step(self, a: V, free: int, b: V, masks: list[V] | None, sums: list[V]) -> list[V]:
        """The sums with the products at one k taken in."""
        f, plan = self._f, self._plan
        vectors = range(plan.tile.vectors)
        places = [f.at(b, self._element, i64(0), v * plan.lanes) for v in vectors]
        if masks:
            right = [f.masked_load(self._vector, place, mask) for place, mask in zip(places, masks, strict=True)]
        else:
            right = [f.load(self._vector, place) for place in places]
        result = []
        for r in range(len(sums) // len(vectors)):
            left = f.splat(f.load(self._element, f.at(a, self._element, i64(0), r * free)), plan.lanes)
            result += [self._take(left, right[v], sums[r * len(vectors) + v]) for v in vectors]
        return result

    def _take(self, a: V, b: V, total: V) -> V:
        """`total + a * b`; in one rounding where the processor can."""
        return self._f.fma(a, b, total) if self._target.fused else self._f.add(total, self._f.mul(a, b))


def _aligned(bytes: int) -> int:
    return -(-bytes // 64) * 64
