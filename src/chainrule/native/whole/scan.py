"""Running sums along one dimension."""

from __future__ import annotations

from chainrule.native.emit import V, i64, number, vector
from chainrule.native.whole.task import Slices, Task, Work, offset, steps


def emit_cumsum(task: Task) -> Work:
    """A unit is a piece of what is independent of the sums; vectors run along it, the sums from slice to slice."""
    f, out = task.f, task.kernel.out
    slices = Slices.of(out.shape, task.kernel.params["dim"])
    pieces = slices.pieces(out.dtype.itemsize)
    width = slices.inner // pieces
    # float32 is summed in float64, as the definition has it.
    wide = "double" if task.element == "float" else task.element
    lanes = task.lanes if wide == task.element else task.lanes // 2
    with f.loop(task.frame.begin, task.frame.end) as units:
        outer, piece = f.divmod(units.index, pieces)
        first = offset(f, (outer, slices.length * slices.inner), (piece, width))

        def columns(start: V, size: int) -> None:
            type = vector(task.element, size if slices.inner > 1 else 0)
            zero = number(0, vector(wide, size if slices.inner > 1 else 0))
            with f.loop(i64(0), i64(slices.length), carried=[zero]) as loop:
                at = f.add(f.add(first, start), offset(f, (loop.index, slices.inner)))
                element = f.load(type, f.at(task.inputs[0], task.element, at))
                total = task.added(loop.carried[0], f.convert("fpext", element, wide))
                f.store(f.convert("fptrunc", total, task.element), f.at(task.output, task.element, at))
                loop.next([total])

        steps(f, width, lanes, columns)
    return Work(slices.outer * pieces if width * slices.length else 0)
