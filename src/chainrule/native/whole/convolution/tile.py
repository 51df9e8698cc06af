"""How many sums the registers hold at once, and in which shape."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

# Rows beyond which there are more addresses than registers for them.
_MOST_ROWS = 14
# Multiply-adds in flight that hide their own latency: 4 cycles, 2 a cycle.
_LATENCY = 8


class Tile(NamedTuple):
    """A tile of sums in registers.

    Attributes:
        rows: How many rows.
        vectors: How many vectors make a row.
    """

    rows: int
    vectors: int


def choose_tile(rows: int, columns: int, lanes: int, registers: int) -> Tile:
    """The tile that covers so many rows and columns in the least time.

    The sums, a row of vectors and one spread number must fit the registers.
    """
    across = ceil(columns / lanes)
    best, least = Tile(1, 1), float("inf")
    for vectors in range(1, min(across, registers // 4) + 1):
        fitting = min((registers - 1 - vectors) // vectors, _MOST_ROWS)
        even = ceil(rows / ceil(rows / fitting))
        # Two multiply-adds or two loads a cycle; vectors come from the second-level cache, at most one a cycle.
        each = max(even * vectors, even + 2 * vectors, _LATENCY) / 2
        time = ceil(rows / even) * ceil(across / vectors) * each
        if time < least:
            best, least = Tile(even, vectors), time
    return best
