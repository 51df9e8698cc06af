"""What is done with a tile of sums: the epilogue, with n along the lanes."""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.compiler.expression import Buffer, Expr, parts
from chainrule.compiler.index import Var
from chainrule.native.contraction.plan import Plan
from chainrule.native.convention import Frame
from chainrule.native.emit import BYTES, V, i64, vector
from chainrule.native.expressions import Evaluator
from chainrule.native.places import Lanes
from chainrule.native.target import Target

# Expressions up to which an epilogue is written out for every vector of a tile.
SHORT = 6


class Finish:
    """Writes the epilogue.

    A short one is written once for each vector of a tile, and takes the sums from their registers. A long one would
    make much code, so the sums go to memory (the first-level cache) and a loop over the tile takes them from there.

    Attributes:
        scratch: The bytes of scratch memory that it needs, which start at `room`.
    """

    def __init__(self, frame: Frame, plan: Plan, pointers: Mapping[Buffer, V], target: Target, room: V) -> None:
        self._f = frame.function
        self._plan = plan
        self._room = room
        self._stores = plan.product.kernel.epilogue
        self._outside = self._inside = Evaluator(frame, target, pointers)
        # Only AVX-512 leaves out the lanes beyond the last column at no cost.
        partial = plan.product.n % plan.width != 0
        self._short = _size(each.value for each in self._stores) <= SHORT and (not partial or target.name == "avx512")
        self.scratch = 0 if self._short else plan.tile.rows * plan.width * BYTES[plan.product.element]

    def inside(self, at: Mapping[Var, V]) -> None:
        """Go on within a matrix of the batch."""
        self._inside = self._outside.inside(at)

    def tile(self, row: V, column: V, sums: list[V]) -> None:
        """The epilogue for a tile whose first sum is at a row and a column."""
        f, plan = self._f, self._plan
        vectors = plan.tile.vectors
        rows = len(sums) // vectors
        if self._short:
            for v in range(vectors):
                columns = self._columns(f.add(column, i64(v * plan.lanes)), plan.product.n % plan.width != 0)
                for r in range(rows):
                    self._store(columns, f.add(row, i64(r)), sums[r * vectors + v])
            return
        for i, each in enumerate(sums):
            f.store(each, f.at(self._room, plan.product.element, i64(0), i * plan.lanes))
        end = f.intrinsic("llvm.smin", "i64", f.add(column, i64(plan.width)), i64(plan.product.n))
        with f.loop(column, end, plan.lanes, unroll=False, may_be_empty=False) as across:
            columns = self._columns(across.index, plan.product.n % plan.lanes != 0)
            saved = f.at(self._room, plan.product.element, f.sub(across.index, column))
            with f.loop(i64(0), i64(rows), unroll=False, may_be_empty=False) as down:
                place = f.at(saved, plan.product.element, f.mul(down.index, i64(plan.width)))
                total = f.load(vector(plan.product.element, plan.lanes), place)
                self._store(columns, f.add(row, down.index), total)

    def _columns(self, column: V, partial: bool) -> Evaluator:
        """Within the columns of a vector; what depends on nothing else is computed."""
        f, plan = self._f, self._plan
        n = plan.product.kernel.n
        mask = f.mask(f.sub(i64(n.extent), column), plan.lanes) if partial else None
        evaluator = self._inside.inside({n: column}, Lanes(n, plan.lanes, mask))
        evaluator.hoist([each.value for each in self._stores])
        return evaluator

    def _store(self, columns: Evaluator, row: V, total: V) -> None:
        kernel = self._plan.product.kernel
        here = columns.inside({kernel.m: row})
        here.bind(kernel.total, total)
        here.store(*self._stores)


def _size(roots: object) -> int:
    """How many expressions there are."""
    seen: set[Expr] = set()
    stack: list[Expr] = list(roots)  # type: ignore[call-overload]
    while stack:
        expr = stack.pop()
        if expr not in seen:
            seen.add(expr)
            stack.extend(parts(expr))
    return len(seen)
