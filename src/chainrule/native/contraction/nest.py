"""The loops around a micro-kernel: units, panels of columns, tiles of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from chainrule.compiler.expression import Buffer
from chainrule.compiler.index import Var
from chainrule.native.contraction.dot import Dot
from chainrule.native.contraction.finish import Finish
from chainrule.native.contraction.matrix import Matrix
from chainrule.native.contraction.outer import Outer
from chainrule.native.contraction.plan import Plan
from chainrule.native.contraction.product import Operand
from chainrule.native.convention import Frame
from chainrule.native.emit import Function, V, i64
from chainrule.native.target import Target


class MicroKernel(Protocol):
    """What computes a tile of sums.

    Attributes:
        scratch: The bytes of scratch memory that it needs.
    """

    scratch: int

    def rows(self, start: V, first: V, end: V, k: V, new: V) -> None:
        """Make ready for the rows from `first` up to `end`, `k` steps from the address `start` of the first row on.

        `new` (i1) is false where the same was asked for just before.
        """

    def panel(self, start: V, column: V, k: V) -> None:
        """Make ready for the panel that begins at a column, `k` steps from the address `start` of column 0 on."""

    def sums(self, row: V, rows: int) -> list[V] | V:
        """The sums of a tile of the panel: row after row, vectors with n along the lanes; or where they are."""


class Nest:
    """The code of a plan.

    Attributes:
        scratch: The bytes of scratch memory that a thread needs.
    """

    def __init__(self, frame: Frame, plan: Plan, pointers: Mapping[Buffer, V], target: Target) -> None:
        self._f = frame.function
        self._plan = plan
        self._pointers = pointers
        self._finish = Finish(frame, plan, pointers, target, frame.scratch)
        room = -(-self._finish.scratch // 64) * 64
        self._kernel = _micro_kernel(self._f, plan, target, self._f.at(frame.scratch, "i8", i64(room)))
        self.scratch = room + self._kernel.scratch

    def unit(self, number: V, begin: V) -> None:
        """A group of panels for a block of rows of one matrix of the batch; the first unit was number `begin`."""
        f, plan = self._f, self._plan
        rest, group = f.divmod(number, plan.groups)
        batch, block = f.divmod(rest, plan.blocks)
        at = self._batch(batch)
        a, b = self._start(plan.product.a, at), self._start(plan.product.b, at)
        first, panel = f.mul(block, i64(plan.block)), f.mul(group, i64(plan.group))
        end = self._least(f.add(first, i64(plan.block)), plan.product.m)
        last = self._least(f.add(panel, i64(plan.group)), plan.panels)
        # Units that follow one another have the same rows until the groups begin anew.
        new = f.binary("or", f.compare("eq", number, begin), f.compare("eq", group, i64(0)))
        self._finish.begin(at, first, f.mul(panel, i64(plan.width)))
        if plan.parts == 1:
            self._kernel.rows(a, first, end, i64(plan.product.k), new)
            self._panels(b, (first, end), (panel, last), i64(plan.product.k))
        else:
            with f.loop(i64(0), i64(plan.product.k), plan.depth, unroll=False, may_be_empty=False) as parts:
                k = self._least(f.sub(i64(plan.product.k), parts.index), plan.depth)
                part_a = f.at(a, plan.product.element, f.mul(parts.index, i64(plan.product.a.depth)))
                part_b = f.at(b, plan.product.element, f.mul(parts.index, i64(plan.product.b.depth)))
                self._kernel.rows(part_a, first, end, k, V("true", "i1"))
                self._panels(part_b, (first, end), (panel, last), k)
        self._finish.end(end, f.mul(last, i64(plan.width)))

    def _panels(self, b: V, rows: tuple[V, V], panels: tuple[V, V], k: V) -> None:
        """`k` steps of a unit's panels."""
        f = self._f
        with f.loop(*panels, unroll=False, may_be_empty=False) as loop:
            column = f.mul(loop.index, i64(self._plan.width))
            self._kernel.panel(b, column, k)
            self._tiles(*rows, column)

    def _tiles(self, first: V, end: V, column: V) -> None:
        """A panel for all rows of a block; the matrix's last rows are a smaller tile."""
        f, rows, m = self._f, self._plan.tile.rows, self._plan.product.m
        whole = m - m % rows
        if whole:
            with f.loop(first, self._least(end, whole), rows, unroll=False) as loop:
                self._tile(loop.index, rows, column)
        if whole < m:
            with f.when(f.compare("eq", end, i64(m))):
                self._tile(i64(whole), m - whole, column)

    def _tile(self, row: V, rows: int, column: V) -> None:
        sums = self._kernel.sums(row, rows)
        if isinstance(sums, list):
            self._finish.tile(row, column, sums)
        else:
            self._finish.block(row, rows, column, sums)

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
        return f.at(self._pointers[operand.load.buffer], self._plan.product.element, index)

    def _least(self, a: V, b: int) -> V:
        return self._f.intrinsic("llvm.smin", "i64", a, i64(b))


def _micro_kernel(f: Function, plan: Plan, target: Target, scratch: V) -> MicroKernel:
    if plan.form == "matrix":
        return Matrix(f, plan, scratch)
    return (Dot if plan.form == "dot" else Outer)(f, plan, target, scratch)
