"""The function of a `Loops` kernel: a loop over the items of its units, within it the outer indices of an item."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.compiler.collapse import collapsed
from chainrule.compiler.index import Index, Var, unravelled
from chainrule.compiler.kernel import Loops, buffers
from chainrule.native.convention import KernelCode, begin_kernel
from chainrule.native.emit import Module, i64
from chainrule.native.expressions import Evaluator
from chainrule.native.loops.kept import Kept
from chainrule.native.loops.row import Row, values
from chainrule.native.loops.strips import least, piece
from chainrule.native.loops.units import Units, rows_share, units_of
from chainrule.native.loops.widths import Widths
from chainrule.native.places import Lanes
from chainrule.native.target import Target

# Bytes that the second-level cache holds.
_NEAR = 1 << 21


def emit_loops(module: Module, kernel: Loops, name: str, target: Target) -> KernelCode:
    """Write the function of a kernel.

    Args:
        module: Where it goes.
        kernel: What it does.
        name: Its name in the module.
        target: The processor that it is for.
    """
    frame = begin_kernel(module, name, len(buffers(kernel)))
    root = Evaluator(frame, target, dict(zip(buffers(kernel), frame.pointers, strict=True)))
    kernel = collapsed(kernel)
    root.streams = _streams(kernel)
    widths = Widths(kernel, target)
    units = units_of(kernel, widths.outer)
    kept = Kept(kernel, widths, frame)

    def row(scope: Evaluator) -> None:
        scope.hoist(values(*kernel.passes))
        writer = Row(scope, widths, kept)
        for each in kernel.passes:
            writer.do(each)

    if units.total:
        root.hoist(values(*kernel.passes))
        _items(kernel, units, widths.outer, root, row)
    frame.function.finish()
    return KernelCode(name, units.count, kept.bytes, units.stretches)


def _items(kernel: Loops, units: Units, lanes: int, root: Evaluator, row: Callable[[Evaluator], None]) -> None:
    """All items of the units that a call is to do."""
    f, begin, end = root.function, root.frame.begin, root.frame.end
    loops = kernel.outer[:-1] if lanes else kernel.outer
    number = Var("item", units.total)
    *indices, part = unravelled(Index.of(number), (*[loop.extent for loop in loops], units.pieces))
    stop = least(f, f.mul(end, i64(units.items)), i64(units.total))
    vectors = _vectors_of_a_row(kernel, lanes, root) if rows_share(kernel, units, lanes, root.target.registers) else []
    with f.loop(f.mul(begin, i64(units.items)), stop, unroll=False) as items:
        for scope in vectors or [root]:
            here = scope.inside({number: items.index})
            here = here.inside({loop: here.places.value(index) for loop, index in zip(loops, indices, strict=True)})
            if vectors or not lanes:
                row(here)
            else:
                here.hoist(values(*kernel.passes))
                piece(here, kernel.outer[-1], lanes, here.places.value(part * units.piece), units.piece, row)


def _vectors_of_a_row(kernel: Loops, lanes: int, root: Evaluator) -> list[Evaluator]:
    """Each vector of a row, with what all rows share in it: known before the first row."""
    along = kernel.outer[-1]
    vectors = [root.inside({along: i64(at)}, Lanes(along, lanes)) for at in range(0, along.extent, lanes)]
    for vector in vectors:
        # Only what goes on from row to row is fetched ahead.
        vector.streams = False
        vector.hoist(values(*kernel.passes))
        vector.streams = root.streams
    return vectors


def _streams(kernel: Loops) -> bool:
    """Whether it is a map over more memory than the near caches hold."""
    return not any(each.loops for each in kernel.passes) and sum(each.bytes for each in buffers(kernel)) > _NEAR
