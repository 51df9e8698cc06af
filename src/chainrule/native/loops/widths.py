"""How many lanes the vectors of a `Loops` kernel have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.compiler.expression import Call, reachable
from chainrule.compiler.kernel import Fold, Loops, Pass, Store
from chainrule.native.target import Target

# So many registers side by side hold a short row, or the totals of a reduction that waits for each addition.
_SIDE_BY_SIDE = 4
# A pass with more operations than this keeps the processor busy while an addition waits for the one before it.
_FEW = 4


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
            reduces = [each for each in kernel.passes if each.loops]
            self.outer = self._along(kernel.outer[-1].extent, bool(reduces) and all(map(_waits, reduces)))

    def of(self, each: Pass) -> int:
        """The lanes along the last loop of a pass; 0 if vectors do not run along it."""
        return 0 if self.outer or not each.loops else self._along(each.loops[-1].extent, _waits(each), short=True)

    @property
    def widest(self) -> int:
        """The most lanes that a vector has."""
        return self._register * _SIDE_BY_SIDE

    def in_registers(self, each: Pass) -> bool:
        """Whether a pass is over with one vector."""
        return bool(self.of(each)) and len(each.loops) == 1 and each.loops[0].extent <= self.of(each)

    def _along(self, extent: int, waits: bool, *, short: bool = False) -> int:
        most = self._register * (_SIDE_BY_SIDE if waits or (short and extent <= self._register * _SIDE_BY_SIDE) else 1)
        return min(most, max(2, 1 << (extent - 1).bit_length()))


def _waits(each: Pass) -> bool:
    """Whether the time of a pass is that of one addition after another."""
    values = [statement.value for statement in each.statements]
    return any(isinstance(statement, Fold) for statement in each.statements) and (
        sum(isinstance(expr, Call) for expr in reachable(*values)) <= _FEW
    )


def _dtypes(kernel: Loops) -> Iterator[np.dtype]:
    for each in kernel.passes:
        for statement in each.statements:
            yield from (expr.dtype for expr in reachable(statement.value))
            if isinstance(statement, Store):
                yield statement.buffer.dtype
