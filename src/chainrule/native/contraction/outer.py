"""A product as a sum of outer products: a tile of sums stays in registers while k runs.

At each k one row of `b` is loaded as vectors, one element of each row of `a` is spread over all lanes, and each vector
of sums takes in their product. Any strides of `a` will do; `b` needs neighbours along n, or else a packed panel.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.native.contraction.packing import Strip, pack
from chainrule.native.contraction.plan import Plan
from chainrule.native.emit import BYTES, Function, V, i64, number, vector
from chainrule.native.target import Target


class Outer:
    """The micro-kernel: `rows` x `vectors` sums, a step of k after another.

    Args:
        f: The function under construction.
        plan: How the contraction is computed.
        target: The processor.
        scratch: Where packed operands go.
    """

    def __init__(self, f: Function, plan: Plan, target: Target, scratch: V) -> None:
        self._f = f
        self._plan = plan
        self._target = target
        self._element = plan.product.element
        self._vector = vector(self._element, plan.lanes)
        a, b, k = plan.product.a, plan.product.b, plan.depth
        # A tile's rows are packed without gaps, which the second-level cache would have to deliver too, if they are not
        # more than a vector: each vector overwrites what the one before had too much. More are packed to whole vectors.
        rows, lanes = plan.tile.rows, plan.lanes
        self._strip = rows if rows <= lanes else -(-rows // lanes) * lanes
        size_b = 0 if plan.pack_b == "never" else k * plan.width
        size_a = k * self._strip * (plan.block // rows) + lanes if plan.pack_a else 0
        self._packed_b, self._packed_a = scratch, f.at(scratch, self._element, i64(size_b))
        self.scratch = (size_a + size_b) * BYTES[self._element]
        # Where the rows and the panel at hand are, and how far apart their elements stand.
        self._a = self._b = scratch
        self._first = self._k = i64(0)
        self._a_free, self._a_depth = (1, self._strip) if plan.pack_a else (a.free, a.depth)
        self._b_depth = i64(b.depth)
        self._masks: list[V] | None = None

    def rows(self, start: V, first: V, end: V, k: V, new: V) -> None:
        """Go to some rows of `a`; pack them, if the plan says so and they are not what was packed last."""
        f, plan, a = self._f, self._plan, self._plan.product.a
        self._a, self._first, self._k = f.at(start, self._element, f.mul(first, i64(a.free))), first, k
        if not plan.pack_a:
            return
        with f.when(new), f.loop(first, end, plan.tile.rows, unroll=False, may_be_empty=False) as loop:
            source = f.at(start, self._element, f.mul(loop.index, i64(a.free)))
            left = f.sub(end, loop.index)
            strip = Strip(source, a.free, a.depth, k, plan.shortest, left, self._strip)
            pack(f, self._element, plan.lanes, strip, self._packed_row(loop.index))

    def _packed_row(self, row: V) -> V:
        """Where a tile's packed rows start; each tile is a strip of its own."""
        tile = self._f.binary("udiv", self._f.sub(row, self._first), i64(self._plan.tile.rows))
        return self._f.at(self._packed_a, self._element, self._f.mul(tile, i64(self._plan.depth * self._strip)))

    def panel(self, start: V, column: V, k: V) -> None:
        """Go to a panel of `b`; pack it, if the plan says so."""
        f, plan, b = self._f, self._plan, self._plan.product.b
        source = f.at(start, self._element, f.mul(column, i64(b.free)))
        left = f.sub(i64(plan.product.n), column)
        strip = Strip(source, b.free, b.depth, k, plan.shortest, left, plan.width)
        if plan.pack_b == "always":
            pack(f, self._element, plan.lanes, strip, self._packed_b)
            self._b, self._b_depth = self._packed_b, i64(plan.width)
        elif plan.pack_b == "partial":
            partial = f.compare("slt", left, i64(plan.width))
            with f.when(partial):
                pack(f, self._element, plan.lanes, strip, self._packed_b)
            self._b = f.select(partial, self._packed_b, source)
            self._b_depth = f.select(partial, i64(plan.width), i64(b.depth))
        else:
            self._b = source
            if plan.masked:
                starts = range(0, plan.width, plan.lanes)
                self._masks = [f.mask(f.sub(left, i64(lane)), plan.lanes) for lane in starts]

    def sums(self, row: V, rows: int) -> list[V]:
        """A tile of sums."""
        f, plan = self._f, self._plan
        zeros = [number(0, self._vector)] * (rows * plan.tile.vectors)
        if not plan.product.k:
            return zeros
        if plan.pack_a:
            a = self._packed_row(row)
        else:
            a = f.at(self._a, self._element, f.mul(f.sub(row, self._first), i64(self._a_free)))
        with f.loop(i64(0), self._k, carried=zeros, unroll=False, may_be_empty=False) as loop:
            left = f.at(a, self._element, f.mul(loop.index, i64(self._a_depth)))
            right = f.at(self._b, self._element, f.mul(loop.index, self._b_depth))
            loop.next(self._step(left, right, loop.carried))
        return loop.results

    def _step(self, a: V, b: V, sums: list[V]) -> list[V]:
        """The sums with the products at one k taken in."""
        f, plan = self._f, self._plan
        vectors = range(plan.tile.vectors)
        places = [f.at(b, self._element, i64(0), v * plan.lanes) for v in vectors]
        if self._masks:
            right = [f.masked_load(self._vector, place, mask) for place, mask in zip(places, self._masks, strict=True)]
        else:
            right = [f.load(self._vector, place) for place in places]
        rows = range(len(sums) // len(vectors))
        left = [f.at(a, self._element, i64(0), r * self._a_free) for r in rows]
        return outer_product(f, self._target, left, right, sums)


def outer_product(f: Function, target: Target, left: Sequence[V], right: Sequence[V], sums: Sequence[V]) -> list[V]:
    """The step of every micro-kernel: a tile of sums with the products of a column and a row taken in.

    Args:
        f: The function under construction.
        target: The processor.
        left: The addresses of the column's numbers.
        right: The row's vectors.
        sums: A vector for each number of the column and each vector of the row.
    """
    taken: list[V] = []
    for place in left:
        one = f.splat(f.load(right[0].element, place), right[0].lanes)
        taken += [multiply_add(f, target, one, b, total) for b, total in zip(right, sums[len(taken) :], strict=False)]
    return taken


def multiply_add(f: Function, target: Target, a: V, b: V, total: V) -> V:
    """`total + a * b`; in one rounding where the processor can."""
    return f.fma(a, b, total) if target.fused else f.add(total, f.mul(a, b))
