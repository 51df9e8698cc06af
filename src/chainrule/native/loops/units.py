"""How the work of a `Loops` kernel is cut into units: by its shape alone, so that all numbers of threads agree."""

from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.compiler.expression import Call, Load, Number, reachable
from chainrule.compiler.kernel import Loops

# How many expressions are evaluated in a unit, about: half a microsecond of work, a little more than a barrier costs.
_GRAIN = 32768
# So many rows are worth it to hold what they share in registers: in such a share of them.
_ROWS, _SHARE = 8, 0.6


@dataclass(frozen=True)
class Units:
    """A unit is a range of items. An item is an outer index, or a piece of the last outer loop if vectors run along it.

    Attributes:
        rows: How many outer indices there are, without the loop along which vectors run.
        pieces: Into how many pieces that loop is cut; 1 if vectors do not run along an outer loop.
        piece: How many of its elements are in each piece (in the last one, perhaps fewer).
        items: How many items are in each unit (in the last one, perhaps fewer).
        stretches: Whether as many units belong to each of the kernel's stretches.
    """

    rows: int
    pieces: int
    piece: int
    items: int
    stretches: bool = False

    @property
    def total(self) -> int:
        """The number of items."""
        return self.rows * self.pieces

    @property
    def count(self) -> int:
        """The number of units."""
        return -(-self.total // self.items)


def units_of(kernel: Loops, lanes: int) -> Units:
    """The units of a kernel.

    Args:
        kernel: With few loops (`compiler/collapse.py`).
        lanes: How many outer indices a vector holds; 0 if vectors do not run along an outer loop.
    """
    rows = math.prod(var.extent for var in kernel.outer[: -1 if lanes else None])
    length = kernel.outer[-1].extent if lanes else 1
    if not rows * length:
        return Units(0, 1, 1, 1)
    affordable = max(1, _GRAIN // max(_cost(kernel), 1))
    if kernel.stretches > 1 and (found := _in_stretches(rows, length, lanes, kernel.stretches, affordable)):
        return found
    if affordable >= length:
        count = -(-rows // (affordable // length))
        return Units(rows, 1, length, -(-rows // count))
    pieces = -(-length // affordable)
    piece = -(-length // (pieces * lanes)) * lanes
    return Units(rows, -(-length // piece), piece, 1)


def rows_share(kernel: Loops, units: Units, lanes: int, registers: int) -> bool:
    """Whether a map goes row by row with all that rows share, such as the numbers of channels, in registers."""
    if not lanes or units.pieces > 1 or units.items < _ROWS or any(each.loops for each in kernel.passes):
        return False
    along = kernel.outer[-1]
    found = list(reachable(*[s.value for each in kernel.passes for s in each.statements]))
    if along.extent % lanes or not all(isinstance(each, Call | Load | Number) for each in found):
        return False
    shared = sum(isinstance(each, Load) and set(each.index.terms) == {along} for each in found)
    return 0 < shared * (along.extent // lanes) <= registers * _SHARE


def _in_stretches(rows: int, length: int, lanes: int, stretches: int, affordable: int) -> Units | None:
    """Units of which no one belongs to two stretches; None if there are none."""
    if rows % stretches == 0:
        if affordable >= length:
            return Units(rows, 1, length, _divisor(rows // stretches, affordable // length), True)
        pieces = -(-length // affordable)
        piece = -(-length // (pieces * lanes)) * lanes
        return Units(rows, -(-length // piece), piece, 1, True)
    if rows == 1 and lanes and length % (stretches * lanes) == 0:
        piece = _divisor(length // (stretches * lanes), max(affordable // lanes, 1)) * lanes
        return Units(1, length // piece, piece, 1, True)
    return None


def _divisor(number: int, most: int) -> int:
    """The largest divisor up to a number."""
    return next(each for each in range(min(number, most), 0, -1) if number % each == 0)


def _cost(kernel: Loops) -> int:
    """How many expressions are evaluated for an outer index."""
    return sum(
        math.prod(var.extent for var in each.loops) * sum(1 for _ in reachable(*[s.value for s in each.statements]))
        for each in kernel.passes
    )
