"""What is done with a tile of sums: the epilogue, with n along the lanes."""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.compiler.expression import Buffer
from chainrule.compiler.index import Var
from chainrule.native.contraction.plan import Plan
from chainrule.native.convention import Frame
from chainrule.native.emit import BYTES, V, i64, vector
from chainrule.native.epilogue import Epilogue
from chainrule.native.expressions import Evaluator
from chainrule.native.target import Target


class Finish:
    """Writes the epilogue.

    A short one is written once for each vector of a tile, and takes the sums from their registers. A long one would
    make much code, so the sums go to memory (the first-level cache) and a loop over the tile takes them from there.
    Where k is computed in parts, the sums of a whole unit gather in memory until the last part.

    Attributes:
        scratch: The bytes of scratch memory that it needs, which start at `room`.
    """

    def __init__(self, frame: Frame, plan: Plan, pointers: Mapping[Buffer, V], target: Target, room: V) -> None:
        self._f = frame.function
        self._plan = plan
        self._room = room
        self._element = plan.product.element
        self._epilogue = Epilogue(frame, target, pointers, plan.product.kernel)
        self._first = (i64(0), i64(0))
        # Only AVX-512 leaves out lanes beyond the last column, and stores lanes apart, in one instruction.
        plain = plan.product.n % plan.width == 0 and plan.product.contiguous
        short = self._epilogue.short and (plain or target.name == "avx512")
        self._short = short and plan.parts == 1 and plan.form != "matrix"
        rows, self._stride = (plan.tile.rows, plan.width) if plan.parts == 1 else (plan.block, plan.group * plan.width)
        nothing = self._short or (plan.parts == 1 and plan.form == "matrix")
        self.scratch = 0 if nothing else rows * self._stride * BYTES[self._element]

    def begin(self, at: Mapping[Var, V], row: V, column: V) -> None:
        """Begin a unit: a matrix of the batch, its first row and column."""
        self._epilogue.begin(at)
        self._first = (row, column)
        if self._plan.parts > 1:
            self._f.fill(self._room, 0, i64(self.scratch))

    def tile(self, row: V, column: V, sums: list[V]) -> None:
        """Finish a tile whose first sum is at a row and a column; or only keep its sums, where k comes in parts."""
        f, vectors = self._f, self._plan.tile.vectors
        rows = len(sums) // vectors
        if self._short:
            for v in range(vectors):
                columns = self._columns(f.add(column, i64(v * self._plan.lanes)), self._plan.width)
                for r in range(rows):
                    self._epilogue.store(columns, f.add(row, i64(r)), sums[r * vectors + v])
            return
        room = self._room if self._plan.parts == 1 else self._place(row, column)
        for i, each in enumerate(sums):
            r, v = divmod(i, vectors)
            place = f.at(room, self._element, i64(0), r * self._stride + v * self._plan.lanes)
            f.store(each if self._plan.parts == 1 else f.add(each, f.load(each.type, place)), place)
        if self._plan.parts == 1:
            self._from_memory(room, row, i64(rows), column, f.add(column, i64(self._plan.width)))

    def block(self, row: V, rows: int, column: V, sums: V) -> None:
        """Finish a tile whose sums are in memory already; or only add them to those that are kept."""
        f, plan = self._f, self._plan
        if plan.parts == 1:
            self._from_memory(sums, row, i64(rows), column, f.add(column, i64(plan.width)))
            return
        room, type = self._place(row, column), vector(self._element, plan.lanes)
        with f.loop(i64(0), i64(rows), unroll=False, may_be_empty=False) as down:
            kept = f.at(room, self._element, f.mul(down.index, i64(self._stride)))
            new = f.at(sums, self._element, f.mul(down.index, i64(plan.width)))
            for v in range(plan.tile.vectors):
                to, source = (f.at(each, self._element, i64(0), v * plan.lanes) for each in (kept, new))
                f.store(f.add(f.load(type, to), f.load(type, source)), to)

    def end(self, row: V, column: V) -> None:
        """End a unit, whose last row and column come just before these."""
        if self._plan.parts > 1:
            first, left = self._first
            self._from_memory(self._room, first, self._f.sub(row, first), left, column)

    def _place(self, row: V, column: V) -> V:
        """Where a unit's sum is kept."""
        f = self._f
        down, across = f.sub(row, self._first[0]), f.sub(column, self._first[1])
        return f.at(self._room, self._element, f.add(f.mul(down, i64(self._stride)), across))

    def _from_memory(self, room: V, row: V, rows: V, column: V, end: V) -> None:
        """The epilogue for sums that are in memory, of some rows and of the columns up to an end or the last one."""
        f, plan = self._f, self._plan
        end = f.intrinsic("llvm.smin", "i64", end, i64(plan.product.n))
        with f.loop(column, end, plan.lanes, unroll=False, may_be_empty=False) as across:
            columns = self._columns(across.index, plan.lanes)
            kept = f.at(room, self._element, f.sub(across.index, column))
            with f.loop(i64(0), rows, unroll=False, may_be_empty=False) as down:
                place = f.at(kept, self._element, f.mul(down.index, i64(self._stride)))
                total = f.load(vector(self._element, plan.lanes), place)
                self._epilogue.store(columns, f.add(row, down.index), total)

    def _columns(self, column: V, apart: int) -> Evaluator:
        """Within the columns of a vector, one of those that follow each other up to `apart` columns apart.

        What depends on nothing else is computed.
        """
        f, plan = self._f, self._plan
        n = plan.product.kernel.n
        mask = f.mask(f.sub(i64(n.extent), column), plan.lanes) if n.extent % apart else None
        return self._epilogue.columns(column, plan.lanes, mask)
