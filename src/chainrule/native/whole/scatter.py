"""What writes where indices say: index_add and scatter_add, which sum in the order of the indices, and put."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod

from chainrule.native.convention import Fault
from chainrule.native.emit import MEMORY, V, i64
from chainrule.native.whole.task import ENOUGH_UNITS, Slices, Task, Work, offset

# Bytes of an output below which they are not worth another unit, about a microsecond of copying.
_SMALLEST_COPY = 1 << 15


def emit_index_add(task: Task) -> Work:
    """A unit is a piece of all slices: it sums its columns of each, vectors along them."""
    f = task.f
    axis, count = task.kernel.params["axis"], prod(task.kernel.specs[1].shape)
    out = Slices.of(task.kernel.out.shape, axis)
    pieces = out.pieces(task.kernel.out.dtype.itemsize)
    width = out.inner // pieces if out.outer else 0
    g, index = task.inputs
    with f.loop(task.frame.begin, task.frame.end) as units:
        outer, piece = f.divmod(units.index, pieces)
        target = _zeros(task, out, outer, piece, width)
        source = f.at(g, task.element, offset(f, (outer, count * out.inner), (piece, width)))
        with f.loop(i64(0), i64(count)) as loop:
            row = f.at(source, task.element, offset(f, (loop.index, out.inner)))
            with _checked(task, _position(task, index, loop.index), out.length) as position:
                task.add_to(f.at(target, task.element, offset(f, (position, out.inner))), row, width)
    # One unit at least, so that the indices are checked even where there is nothing to add.
    return Work(max(out.outer * pieces, 1))


def emit_scatter_add(task: Task) -> Work:
    """A unit is a piece of what is independent of `axis`; each of its elements has an index of its own."""
    f = task.f
    axis = task.kernel.params["axis"]
    count = task.kernel.specs[0].shape[axis]
    out = Slices.of(task.kernel.out.shape, axis)
    pieces = out.pieces(task.kernel.out.dtype.itemsize)
    width = out.inner // pieces
    g, index = task.inputs
    with f.loop(task.frame.begin, task.frame.end) as units:
        outer, piece = f.divmod(units.index, pieces)
        target = _zeros(task, out, outer, piece, width)
        first = offset(f, (outer, count * out.inner), (piece, width))
        with f.loop(i64(0), i64(count)) as loop, f.loop(i64(0), i64(width)) as column:
            at = f.add(f.add(first, offset(f, (loop.index, out.inner))), column.index)
            with _checked(task, _position(task, index, at), out.length) as position:
                place = f.at(target, task.element, offset(f, (position, out.inner), (column.index, 1)))
                element = f.load(task.element, f.at(g, task.element, at))
                f.store(task.added(f.load(task.element, place), element), place)
    return Work(out.outer * pieces if out.inner else 0)


def emit_put(task: Task) -> Work:
    """A unit is a part of the output, for which it looks through all indices."""
    f = task.f
    (size,), (count,) = task.kernel.out.shape, task.kernel.specs[1].shape
    item = task.kernel.out.dtype.itemsize
    # Looking through the indices shall cost no more than copying.
    parts = max(min(ENOUGH_UNITS, size * item // _SMALLEST_COPY, size // max(count, 1)), 1)
    part = -(-size // parts)
    x, index, values = task.inputs
    with f.loop(task.frame.begin, task.frame.end) as units:
        first = f.mul(units.index, i64(part))
        left = f.sub(i64(size), first)
        here = f.select(f.compare("slt", left, i64(part)), left, i64(part))
        target = f.at(task.output, task.element, first)
        f.copy(target, f.at(x, task.element, first), f.mul(here, i64(item)))
        with f.loop(i64(0), i64(count)) as loop, _checked(task, _position(task, index, loop.index), size) as position:
            position = f.sub(position, first)
            with f.when(f.compare("ult", position, here)):
                value = f.load(task.element, f.at(values, task.element, loop.index))
                f.store(value, f.at(target, task.element, position))
    return Work(-(-size // part) if part else 1)


def _zeros(task: Task, out: Slices, outer: V, piece: V, width: int) -> V:
    """Set a unit's piece of the output to zero; where it starts."""
    f, item = task.f, task.kernel.out.dtype.itemsize
    target = f.at(task.output, task.element, offset(f, (outer, out.length * out.inner), (piece, width)))
    if width in (0, out.inner):
        f.fill(target, 0, i64(out.length * width * item))
    else:
        with f.loop(i64(0), i64(out.length)) as rows:
            f.fill(f.at(target, task.element, offset(f, (rows.index, out.inner))), 0, i64(width * item))
    return target


def _position(task: Task, index: V, at: V) -> V:
    """An index as i64, from whichever whole numbers they are."""
    dtype = task.kernel.specs[1].dtype
    memory = MEMORY[dtype.name]
    return task.f.convert(
        "sext" if dtype.kind == "i" else "zext", task.f.load(memory, task.f.at(index, memory, at)), "i64"
    )


@contextmanager
def _checked(task: Task, position: V, length: int) -> Iterator[V]:
    """Only if the position is within the length; else it is a fault."""
    f = task.f
    with f.when(f.compare("uge", position, i64(length))):
        task.frame.report(Fault.INDEX_OUT_OF_RANGE, position)
    with f.when(f.compare("ult", position, i64(length))):
        yield position
