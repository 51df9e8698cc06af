"""A product as dot products: where both operands are contiguous along k, vectors run along k.

Each sum of a tile has a vector of its own, whose lanes are added up in the end, in a fixed order. Nothing is packed, so
this is for products with few rows or columns, whose sums are long.
"""

from __future__ import annotations

from chainrule.native.contraction.outer import multiply_add
from chainrule.native.contraction.plan import Plan
from chainrule.native.emit import Function, V, i64, number, vector
from chainrule.native.target import Target


class Dot:
    """The micro-kernel: `rows` x `lanes` dot products, a vector of k after another.

    Args:
        f: The function under construction.
        plan: How the contraction is computed.
        target: The processor.
        scratch: Not used.
    """

    scratch = 0

    def __init__(self, f: Function, plan: Plan, target: Target, scratch: V) -> None:
        self._f = f
        self._plan = plan
        self._target = target
        self._element = plan.product.element
        self._along = target.lanes(plan.product.itemsize)
        self._a = scratch
        self._columns: list[V] = []

    def rows(self, start: V, first: V, end: V, k: V, new: V) -> None:
        """Go to some rows of `a`, with all steps of k."""
        self._a = start

    def panel(self, start: V, column: V, k: V) -> None:
        """Go to some columns of `b`, with all steps of k; columns that do not exist repeat the last one."""
        f, product = self._f, self._plan.product
        self._columns = []
        for j in range(self._plan.lanes):
            at = f.add(column, i64(j))
            if product.n % self._plan.lanes:
                at = f.intrinsic("llvm.smin", "i64", at, i64(product.n - 1))
            self._columns.append(f.at(start, self._element, f.mul(at, i64(product.b.free))))

    def sums(self, row: V, rows: int) -> list[V]:
        """A tile of sums."""
        f, product = self._f, self._plan.product
        a = f.at(self._a, self._element, f.mul(row, i64(product.a.free)))
        lines = [f.at(a, self._element, i64(0), r * product.a.free) for r in range(rows)]
        type = vector(self._element, self._along)
        sums = [number(0, type)] * (rows * self._plan.lanes)
        whole = product.k - product.k % self._along
        if whole:
            with f.loop(i64(0), i64(whole), self._along, sums, unroll=False, may_be_empty=False) as loop:
                loop.next(self._step(lines, loop.index, loop.carried, None))
            sums = loop.results
        if whole < product.k:
            rest = ", ".join(f"i1 {'true' if whole + lane < product.k else 'false'}" for lane in range(self._along))
            sums = self._step(lines, i64(whole), sums, V(f"<{rest}>", vector("i1", self._along)))
        width = self._plan.lanes
        return [self._added_up(sums[r * width : (r + 1) * width]) for r in range(rows)]

    def _step(self, lines: list[V], k: V, sums: list[V], mask: V | None) -> list[V]:
        """The sums with the products of one vector of k taken in."""
        f, type = self._f, vector(self._element, self._along)

        def load(line: V) -> V:
            place = f.at(line, self._element, k)
            return f.load(type, place) if mask is None else f.masked_load(type, place, mask)

        left, result = [load(line) for line in lines], list(sums)
        for j, column in enumerate(self._columns):
            right = load(column)
            for r, each in enumerate(left):
                i = r * len(self._columns) + j
                result[i] = multiply_add(f, self._target, each, right, sums[i])
        return result

    def _added_up(self, vectors: list[V]) -> V:
        """A vector whose lane i is the sum of all lanes of vector i.

        Two vectors become one that holds half-sums of both: `apart` lanes further is the other vector's.
        """
        f, lanes = self._f, self._along
        apart = len(vectors) // 2
        while apart:
            pairs = zip(vectors[:apart], vectors[apart:], strict=True)
            vectors = [self._halved(a, b, apart) for a, b in pairs]
            apart //= 2
        (total,) = vectors
        size = self._plan.lanes
        while lanes > size:
            lanes //= 2
            low, high = f.shuffle(total, total, range(lanes)), f.shuffle(total, total, range(lanes, 2 * lanes))
            total = f.add(low, high)
        return total

    def _halved(self, a: V, b: V, apart: int) -> V:
        """Half-sums of `a` in lanes whose number lacks the bit `apart`, of `b` in the others."""
        f, lanes = self._f, self._along
        own = [i + lanes if i & apart else i for i in range(lanes)]
        other = [(i ^ apart) + lanes if i & apart else i ^ apart for i in range(lanes)]
        return f.add(f.shuffle(a, b, own), f.shuffle(a, b, other))
