"""What is done with a tile of sums: the epilogue, with n along the lanes."""

from __future__ import annotations

from chainrule.compiler.expression import Buffer
from chainrule.compiler.index import Var
from chainrule.native.contraction.plan import Plan
from chainrule.native.convention import Frame
from chainrule.native.emit import V, i64


class Finish:
    """Writes the epilogue."""

    def __init__(self, frame: Frame, plan: Plan, pointers: dict[Buffer, V]) -> None:
        self._f = frame.function
        self._plan = plan
        self._pointers = pointers

    def tile(self, at: dict[Var, V], row: V, column: V, sums: list[V], rows: int) -> None:
        """The epilogue for a tile, row by row."""
        f, plan = self._f, self._plan
        kernel, vectors, lanes = plan.product.kernel, plan.tile.vectors, plan.lanes
        (store,) = kernel.epilogue
        index = i64(store.index.constant)
        for atom, factor in store.index.terms.items():
            assert isinstance(atom, Var)
            index = f.add(index, f.mul({**at, kernel.m: row, kernel.n: column}[atom], i64(factor)))
        pointer = f.at(self._pointers[store.buffer], plan.product.element, index)
        for r in range(rows):
            for v in range(vectors):
                offset = r * store.index.terms[kernel.m] + v * lanes
                mask = f.mask(f.sub(i64(plan.product.n - v * lanes), column), lanes)
                f.masked_store(sums[r * vectors + v], f.at(pointer, plan.product.element, i64(0), offset), mask)
