"""Argsort: each element becomes one whole number, its order in the high bits and its position in the low ones.

No two such numbers are equal, so that any way to sort them is stable. They are sorted in fours, then merged: run with
run, from both ends at once, which needs neither branches nor checks where a run ends. What is missing to a full run is
filled up with numbers above all others.
"""

from __future__ import annotations

from chainrule.native.emit import MEMORY, V, i64, number
from chainrule.native.whole.task import Slices, Task, Work, offset

# A network that sorts four.
_NETWORK = ((0, 1), (2, 3), (0, 2), (1, 3), (1, 2))


def emit_argsort(task: Task) -> Work:
    """A unit is a row."""
    (spec,) = task.kernel.specs
    params = task.kernel.params
    rows = Slices.of(spec.shape, params["dim"])
    if not rows.outer * rows.length * rows.inner:
        return Work(0)
    sorter = _Sorter(task, rows, params["descending"])
    with task.f.loop(task.frame.begin, task.frame.end) as units:
        sorter.row(units.index)
    return Work(rows.outer * rows.inner, 2 * sorter.room)


class _Sorter:
    """Writes the code that sorts one row.

    Attributes:
        room: The bytes of a buffer for a row; there are two, between which the merges go to and fro.
    """

    def __init__(self, task: Task, rows: Slices, descending: bool) -> None:
        self._task = task
        self._f = task.f
        self._rows = rows
        self._descending = descending
        self._dtype = task.kernel.specs[0].dtype
        # The position takes 32 bits beside a key of 32, else 64 beside 64.
        self._half = 32 if self._dtype.itemsize <= 4 and rows.length < 1 << 32 else 64
        self._type = f"i{2 * self._half}"
        self._bytes = self._half // 4
        self._merges = max((rows.length - 1).bit_length() - 2, 0)
        self._padded = 4 << self._merges
        self.room = max(self._padded * self._bytes, 64)

    def row(self, unit: V) -> None:
        """Sort one row and store where its elements stood."""
        f, rows = self._f, self._rows
        outer, inner = f.divmod(unit, rows.inner)
        start = offset(f, (outer, rows.length * rows.inner), (inner, 1))
        first, second = self._task.frame.scratch, f.at(self._task.frame.scratch, "i8", i64(self.room))
        self._fill(first, second, f.at(self._task.inputs[0], MEMORY[self._dtype.name], start))
        self._sort_fours(first)
        with f.loop(i64(0), i64(self._merges), carried=[first, second]) as merges:
            source, target = merges.carried
            self._merge_all(source, target, f.binary("shl", i64(4), merges.index))
            merges.next([target, source])
        ordered = merges.results[0]
        order = f.at(self._task.output, "i64", start)
        with f.loop(i64(0), i64(rows.length), may_be_empty=False) as loop:
            low = f.convert("trunc", self._load(ordered, loop.index), f"i{self._half}")
            f.store(f.convert("zext", low, "i64"), f.at(order, "i64", offset(f, (loop.index, rows.inner))))

    def _fill(self, first: V, second: V, row: V) -> None:
        """The row's elements as numbers in the first buffer; behind them, in both, numbers above all others."""
        f, length = self._f, self._rows.length
        if length < self._padded:
            for buffer in (first, second):
                f.fill(f.at(buffer, self._type, i64(length)), -1, i64((self._padded - length) * self._bytes))
        memory = MEMORY[self._dtype.name]
        with f.loop(i64(0), i64(length), unroll=False, may_be_empty=False) as loop:
            element = f.load(memory, f.at(row, memory, offset(f, (loop.index, self._rows.inner))))
            high = f.binary("shl", self._key(element), number(self._half, self._type))
            low = f.convert("zext", f.convert("trunc", loop.index, f"i{self._half}"), self._type)
            self._store(f.binary("or", high, low), first, loop.index)

    def _key(self, x: V) -> V:
        """An unsigned number that is ordered as the elements are, with NaN above all."""
        f, width = self._f, 8 * self._dtype.itemsize
        whole = f"i{width}"
        if x.floating:
            # Negative numbers count backwards in their bits; -0 is made 0, for it equals 0.
            bits = f.convert("bitcast", f.add(x, number(0, x.type)), whole)
            turn = f.binary("ashr", bits, number(width - 1, whole))
            key = f.binary("xor", bits, f.binary("or", turn, number(1 << width - 1, whole)))
            key = f.select(f.compare("uno", x, x), number(-1, whole), key)
        elif self._dtype.kind == "i":
            key = f.binary("xor", x, number(1 << width - 1, whole))
        else:
            key = x
        if self._descending:
            key = f.binary("xor", key, number(-1, whole))
        return f.convert("zext", key, self._type)

    def _sort_fours(self, buffer: V) -> None:
        """Sort every four neighbours."""
        f = self._f
        with f.loop(i64(0), i64(self._rows.length), 4, unroll=False, may_be_empty=False) as loop:
            places = [f.at(buffer, self._type, loop.index, k) for k in range(4)]
            four = [f.load(self._type, place, align=self._align) for place in places]
            for i, j in _NETWORK:
                low = f.intrinsic("llvm.umin", self._type, four[i], four[j])
                four[j] = f.intrinsic("llvm.umax", self._type, four[i], four[j])
                four[i] = low
            for value, place in zip(four, places, strict=True):
                f.store(value, place, align=self._align)

    def _merge_all(self, source: V, target: V, run: V) -> None:
        """Merge each two neighbouring runs, as far as there are elements."""
        f = self._f
        both = f.add(run, run)
        with f.loop(i64(0), i64(self._rows.length), both, may_be_empty=False) as pairs:
            self._merge(
                f.at(source, self._type, pairs.index), f.at(target, self._type, pairs.index), run, f.sub(both, i64(1))
            )

    def _merge(self, source: V, target: V, run: V, last: V) -> None:
        """Merge two runs of equal length: the lower half from the front, the upper half from the back."""
        f = self._f
        with f.loop(i64(0), run, carried=[i64(0), last], unroll=False, may_be_empty=False) as loop:
            # `left` have been taken from the left run's front; `high` is next at the right run's back.
            left, high = loop.carried
            right = f.sub(f.add(run, loop.index), left)
            a, b = self._load(source, left), self._load(source, right)
            a_first = f.compare("ult", a, b)
            self._store(f.select(a_first, a, b), target, loop.index)

            low = f.sub(f.sub(f.add(run, last), loop.index), f.add(high, i64(1)))
            c, d = self._load(source, low), self._load(source, high)
            d_last = f.compare("ult", c, d)
            self._store(f.select(d_last, d, c), target, f.sub(last, loop.index))
            loop.next([f.add(left, f.convert("zext", a_first, "i64")), f.sub(high, f.convert("zext", d_last, "i64"))])

    @property
    def _align(self) -> int:
        return min(self._bytes, 16)

    def _load(self, buffer: V, index: V) -> V:
        return self._f.load(self._type, self._f.at(buffer, self._type, index), align=self._align)

    def _store(self, value: V, buffer: V, index: V) -> None:
        self._f.store(value, self._f.at(buffer, self._type, index), align=self._align)
