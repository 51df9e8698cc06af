"""A product as a sum of outer products: a tile of sums stays in registers while k runs.

At each k one row of `b` is loaded as vectors, one element of each row of `a` is spread over all lanes, and each vector
of sums takes in their product. Any strides of `a` will do; `b` needs neighbours along n, or else a packed panel.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.compiler.expression import Buffer
from chainrule.compiler.index import Var
from chainrule.native.contraction.finish import Finish
from chainrule.native.contraction.packing import pack_panel
from chainrule.native.contraction.plan import Plan
from chainrule.native.contraction.product import Operand
from chainrule.native.convention import Frame
from chainrule.native.emit import BYTES, Function, V, i64, number, vector
from chainrule.native.target import Target


@dataclass(frozen=True)
class Panel:
    """Some columns of `b`, as the micro-kernel reads them.

    Attributes:
        column: The first one (i64).
        pointer: Where its first element is.
        depth: How far the next k is, in elements (i64).
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

    def __init__(self, frame: Frame, plan: Plan, pointers: dict[Buffer, V], target: Target) -> None:
        self._frame = frame
        self._f = frame.function
        self._plan = plan
        self._pointers = pointers
        self._fused = target.name != "plain"
        self._vector = vector(plan.product.element, plan.lanes)
        self._finish = Finish(frame, plan, pointers)
        packed = plan.product.k * plan.width if plan.pack != "never" else 0
        self.scratch = packed * BYTES[plan.product.element]

    def unit(self, number: V) -> None:
        """A panel of columns for a block of rows of one matrix of the batch."""
        f, plan = self._f, self._plan
        rest, panel = _divmod(f, number, plan.panels)
        batch, block = _divmod(f, rest, plan.blocks)
        at = self._batch(batch)
        column = f.mul(panel, i64(plan.width))
        b = self._panel(at, column)
        a = self._start(plan.product.a, at)
        first = f.mul(block, i64(plan.block))
        whole = plan.product.m - plan.product.m % plan.tile.rows
        end = f.add(first, i64(plan.block))
        last = f.compare("sge", end, i64(plan.product.m))
        if whole:
            with f.loop(first, f.select(last, i64(whole), end), plan.tile.rows) as rows:
                self._tile(at, a, b, rows.index, plan.tile.rows)
        if whole < plan.product.m:
            with f.when(last):
                self._tile(at, a, b, i64(whole), plan.product.m - whole)

    def _batch(self, number: V) -> dict[Var, V]:
        """The values of the batch variables."""
        at: dict[Var, V] = {}
        for var in reversed(self._plan.product.kernel.batch):
            number, at[var] = _divmod(self._f, number, var.extent)
        return at

    def _start(self, operand: Operand, at: dict[Var, V]) -> V:
        """The address of an operand's first element for a matrix of the batch."""
        f, index = self._f, i64(operand.start)
        for var, stride in zip(self._plan.product.kernel.batch, operand.batch, strict=True):
            if stride:
                index = f.add(index, f.mul(at[var], i64(stride)))
        return f.at(self._pointers[operand.load.buffer], self._plan.product.element, index)

    def _panel(self, at: dict[Var, V], column: V) -> Panel:
        """The columns from `column` on; packed, if the plan says so."""
        f, plan = self._f, self._plan
        b, element = plan.product.b, plan.product.element
        start = f.at(self._start(b, at), element, f.mul(column, i64(b.free)))
        left = f.sub(i64(plan.product.n), column)
        if plan.pack == "always":
            pack_panel(f, plan, start, left, self._frame.scratch)
            return Panel(column, self._frame.scratch, i64(plan.width), None)
        if plan.pack == "partial":
            partial = f.compare("slt", left, i64(plan.width))
            with f.when(partial):
                pack_panel(f, plan, start, left, self._frame.scratch)
            pointer = f.select(partial, self._frame.scratch, start)
            return Panel(column, pointer, f.select(partial, i64(plan.width), i64(b.depth)), None)
        masks = None
        if plan.masked:
            masks = [f.mask(f.sub(left, i64(v * plan.lanes)), plan.lanes) for v in range(plan.tile.vectors)]
        return Panel(column, start, i64(b.depth), masks)

    def _tile(self, at: dict[Var, V], a: V, b: Panel, row: V, rows: int) -> None:
        """The micro-kernel: a tile of sums, and what is done with them."""
        f, plan = self._f, self._plan
        product = plan.product
        sums = [number(0, self._vector)] * (rows * plan.tile.vectors)
        if product.k:
            start = f.at(a, product.element, f.mul(row, i64(product.a.free)))
            with f.loop(i64(0), i64(product.k), carried=sums, unroll=False, may_be_empty=False) as loop:
                loop.next(self._step(loop.index, start, b, loop.carried, rows))
            sums = loop.results
        self._finish.tile(at, row, b.column, sums, rows)

    def _step(self, k: V, a: V, b: Panel, sums: list[V], rows: int) -> list[V]:
        """The sums with the products at k taken in."""
        f, plan = self._f, self._plan
        element, vectors = plan.product.element, plan.tile.vectors
        pointer = f.at(b.pointer, element, f.mul(k, b.depth))
        right = []
        for v in range(vectors):
            address = f.at(pointer, element, i64(0), v * plan.lanes)
            right.append(f.masked_load(self._vector, address, b.masks[v]) if b.masks else f.load(self._vector, address))
        pointer = f.at(a, element, f.mul(k, i64(plan.product.a.depth)))
        result = []
        for r in range(rows):
            one = f.load(element, f.at(pointer, element, i64(0), r * plan.product.a.free))
            left = f.splat(one, plan.lanes)
            result += [self._take(left, right[v], sums[r * vectors + v]) for v in range(vectors)]
        return result

    def _take(self, a: V, b: V, total: V) -> V:
        """`total + a * b`; in one rounding where the processor can."""
        return self._f.fma(a, b, total) if self._fused else self._f.add(total, self._f.mul(a, b))


def _divmod(f: Function, value: V, by: int) -> tuple[V, V]:
    """Quotient and remainder of a number that is not negative."""
    if by == 1:
        return value, i64(0)
    return f.binary("udiv", value, i64(by)), f.binary("urem", value, i64(by))
