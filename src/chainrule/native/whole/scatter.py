"""What writes where indices say: index_add and scatter_add, which sum in the order of the indices, and put."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod

from chainrule.native.convention import Fault
from chainrule.native.emit import MEMORY, V, i64
from chainrule.native.whole.task import ENOUGH_UNITS, Slices, Task, Work, offset

# Bytes of an output below which they are not worth another unit, about a microsecond of writing.
_SMALLEST_PART = 1 << 15


@dataclass(frozen=True)
class _Part:
    """Neighbouring rows of an output, of which one unit writes some columns.

    Attributes:
        first: The first row (i64).
        rows: How many rows there are (i64).
    """

    first: V
    rows: V

    @staticmethod
    def of(task: Task, number: V, each: int, length: int) -> _Part:
        """Part `number`, of `each` rows; the last one may have fewer."""
        f = task.f
        first = f.mul(number, i64(each))
        left = f.sub(i64(length), first)
        return _Part(first, f.select(f.compare("slt", left, i64(each)), left, i64(each)))

    @contextmanager
    def holding(self, task: Task, position: V, length: int) -> Iterator[V]:
        """Only if a position lies in the part: its row there. Beyond the output's length it is a fault."""
        f = task.f
        with f.when(f.compare("uge", position, i64(length))):
            task.frame.report(Fault.INDEX_OUT_OF_RANGE, position)
        row = f.sub(position, self.first)
        with f.when(f.compare("ult", row, self.rows)):
            yield row


def emit_index_add(task: Task) -> Work:
    """Whole slices are added, vectors along them."""
    f = task.f
    g, index = task.inputs
    count, out = prod(task.kernel.specs[1].shape), Slices.of(task.kernel.out.shape, task.kernel.params["axis"])

    def add(number: V, source: V, width: int, part: _Part, target: V) -> None:
        slice = f.at(g, task.element, source)
        with part.holding(task, _position(task, index, number), out.length) as row:
            task.add_to(f.at(target, task.element, offset(f, (row, out.inner))), slice, width)

    return _emit_sums(task, out, count, add)


def emit_scatter_add(task: Task) -> Work:
    """Every element has an index of its own."""
    f = task.f
    g, index = task.inputs
    axis = task.kernel.params["axis"]
    count, out = task.kernel.specs[1].shape[axis], Slices.of(task.kernel.out.shape, axis)

    def add(_: V, source: V, width: int, part: _Part, target: V) -> None:
        with f.loop(i64(0), i64(width), unroll=False) as column:
            at = f.add(source, column.index)
            with part.holding(task, _position(task, index, at), out.length) as row:
                place = f.at(target, task.element, offset(f, (row, out.inner), (column.index, 1)))
                element = f.load(task.element, f.at(g, task.element, at))
                f.store(task.added(f.load(task.element, place), element), place)

    return _emit_sums(task, out, count, add)


def _emit_sums(task: Task, out: Slices, count: int, add: Callable[[V, V, int, _Part, V], None]) -> Work:
    """Zeros, to which `count` slices are added in order; a unit does some columns of some rows of the output.

    Args:
        task: The primitive.
        out: The output, along the dimension that is indexed.
        count: How many slices are added.
        add: Adds part of a slice: gets its number, where in the input it starts, how long it is, which rows of the
            output are the unit's, and the address of the first one.
    """
    f, item = task.f, task.kernel.out.dtype.itemsize
    # Where most rows stay zero, their writing is shared out, and each unit looks through all indices; else the adding.
    mostly_zero = out.length > count
    parts, each = _parts(out, item) if mostly_zero else (1, out.length)
    pieces = 1 if mostly_zero else out.pieces(item)
    width = out.inner // pieces if out.outer else 0
    with f.loop(task.frame.begin, task.frame.end) as units:
        block, number = f.divmod(units.index, parts)
        outer, piece = f.divmod(block, pieces)
        part = _Part.of(task, number, each, out.length)
        start = offset(f, (outer, out.length * out.inner), (part.first, out.inner), (piece, width))
        target = f.at(task.output, task.element, start)
        if width == out.inner:
            f.fill(target, 0, f.mul(part.rows, i64(width * item)))
        elif width:
            with f.loop(i64(0), part.rows, unroll=False) as rows:
                f.fill(f.at(target, task.element, offset(f, (rows.index, out.inner))), 0, i64(width * item))
        first = offset(f, (outer, count * out.inner), (piece, width))
        with f.loop(i64(0), i64(count), unroll=False) as loop:
            add(loop.index, f.add(first, offset(f, (loop.index, out.inner))), width, part, target)
    # One unit at least, so that the indices are checked even where there is nothing to add.
    return Work(max(out.outer * pieces * parts, 1))


def _parts(out: Slices, itemsize: int) -> tuple[int, int]:
    """(how many parts, rows of each) so that there are enough units, yet none that is done at once."""
    wanted = min(ENOUGH_UNITS // max(out.outer, 1), out.length * out.inner * itemsize // _SMALLEST_PART)
    each = -(-out.length // max(wanted, 1))
    return (-(-out.length // each), each) if each else (1, 0)


def emit_put(task: Task) -> Work:
    """A unit is a part of the output, for which it looks through all indices."""
    f, item = task.f, task.kernel.out.dtype.itemsize
    (size,), (count,) = task.kernel.out.shape, task.kernel.specs[1].shape
    parts, each = _parts(Slices(1, size, 1), item) if size > count else (1, size)
    x, index, values = task.inputs
    with f.loop(task.frame.begin, task.frame.end) as units:
        part = _Part.of(task, units.index, each, size)
        target = f.at(task.output, task.element, part.first)
        f.copy(target, f.at(x, task.element, part.first), f.mul(part.rows, i64(item)))
        with (
            f.loop(i64(0), i64(count), unroll=False) as loop,
            part.holding(task, _position(task, index, loop.index), size) as row,
        ):
            f.store(f.load(task.element, f.at(values, task.element, loop.index)), f.at(target, task.element, row))
    return Work(parts)


def _position(task: Task, index: V, at: V) -> V:
    """An index as i64, from whichever whole numbers they are."""
    dtype = task.kernel.specs[1].dtype
    memory = MEMORY[dtype.name]
    found = task.f.load(memory, task.f.at(index, memory, at))
    return task.f.convert("sext" if dtype.kind == "i" else "zext", found, "i64")
