"""How many lanes the vectors of a `Loops` kernel have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.compiler.expression import Call, Uniform, reachable
from chainrule.compiler.kernel import Fold, Loops, Pass, Store
from chainrule.native.target import Target

# So many registers side by side hold a short row, or the totals of a reduction that waits for each addition.
_MOST = 4
# Two registers of random numbers are made from four of words, each of one register of blocks.
_OF_RANDOM_NUMBERS = 2
# With more operations than this, or one that is not quick, the processor is busy while an addition waits. Sums of
# columns gain from wide vectors for longer: what they read at once are longer runs of memory.
_FEW, _FEW_OF_COLUMNS = 8, 16
_QUICK = {"add", "sub", "mul", "neg", "abs", "maximum", "minimum", "where", "eq", "lt", "le", "not", "and", "or", "xor"}


class Widths:
    """The lanes of each vector loop: a power of two.

    Args:
        kernel: With few loops (`compiler/collapse.py`).
        target: The processor.

    Attributes:
        outer: The lanes along the last outer loop; 0 if vectors do not run along it.
    """

    def __init__(self, kernel: Loops, target: Target) -> None:
        sizes = {dtype.itemsize for dtype in _dtypes(kernel) if dtype.kind != "b"}
        self._register = target.lanes(8 if sizes == {8} else 4)
        self.outer = 0
        if kernel.lanes == "outer" and kernel.outer:
            longest = [each for each in kernel.passes if each.loops] or kernel.passes
            side_by_side = [_side_by_side(each, _FEW_OF_COLUMNS) for each in longest]
            # Random numbers cost more than anything around them.
            registers = _OF_RANDOM_NUMBERS if _OF_RANDOM_NUMBERS in side_by_side else min(side_by_side)
            self.outer = self._along(kernel.outer[-1].extent, registers)

    def of(self, each: Pass) -> int:
        """The lanes along the last loop of a pass; 0 if vectors do not run along it."""
        if self.outer or not each.loops:
            return 0
        extent = each.loops[-1].extent
        return self._along(extent, _MOST if extent <= self.widest else _side_by_side(each, _FEW))

    @property
    def widest(self) -> int:
        """The most lanes that a vector has."""
        return self._register * _MOST

    def in_registers(self, each: Pass) -> bool:
        """Whether a pass is over with one vector."""
        return bool(self.of(each)) and len(each.loops) == 1 and each.loops[0].extent <= self.of(each)

    def _along(self, extent: int, registers: int) -> int:
        return min(self._register * registers, max(2, 1 << (extent - 1).bit_length()))


def _side_by_side(each: Pass, few: int) -> int:
    """How many registers a vector of the pass shall take."""
    reached = list(reachable(*[statement.value for statement in each.statements]))
    if any(isinstance(expr, Uniform) for expr in reached):
        return _OF_RANDOM_NUMBERS
    calls = [expr.primitive.name for expr in reached if isinstance(expr, Call)]
    waits = any(isinstance(statement, Fold) for statement in each.statements)
    return _MOST if waits and len(calls) <= few and _QUICK.issuperset(calls) else 1


def _dtypes(kernel: Loops) -> Iterator[np.dtype]:
    for each in kernel.passes:
        for statement in each.statements:
            yield from (expr.dtype for expr in reachable(statement.value))
            if isinstance(statement, Store):
                yield statement.buffer.dtype
