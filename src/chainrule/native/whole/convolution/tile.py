"""How many sums the registers hold at once, and in which shape."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import NamedTuple

from chainrule.core.shape import Shape
from chainrule.native.emit import Function, V, i64
from chainrule.native.whole.task import nest, steps

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


def even_rows(rows: int, vectors: int, registers: int, held: int = 1) -> int:
    """How many rows tiles of so many vectors have, so that all have about as many."""
    fitting = max(min((registers - 1 - held * vectors) // vectors, _MOST_ROWS), 1)
    return ceil(rows / ceil(rows / fitting))


def choose_tile(rows: int, columns: int, lanes: int, registers: int, held: int = 1) -> Tile:
    """The tile that covers so many rows and columns in the least time.

    The sums, so many rows of vectors and one spread number must fit the registers.
    """
    across = ceil(columns / lanes)
    best, least = Tile(1, 1), float("inf")
    for vectors in range(1, min(across, registers // (3 + held)) + 1):
        even = even_rows(rows, vectors, registers, held)
        # Two multiply-adds or two loads a cycle; vectors come from the second-level cache, at most one a cycle.
        each = max(even * vectors, even + 2 * vectors, _LATENCY) / 2
        time = ceil(rows / even) * ceil(across / vectors) * each
        if time < least:
            best, least = Tile(even, vectors), time
    return best


class Patch(NamedTuple):
    """The neighbouring positions that make the rows of a tile: a part of a line, or some whole short lines.

    Attributes:
        tile: The tile.
        lines: How many lines.
    """

    tile: Tile
    lines: int

    def over(self, f: Function, positions: Shape, body: Callable[[list[V], list[Shape]], None]) -> None:
        """`body(first, offsets)` for every patch: its first position, and how far from there all of them are."""
        *outer, length = positions
        before = (0,) * (len(positions) - 1)
        if self.lines > 1:
            rows = [(*before[1:], line, i) for line in range(self.lines) for i in range(length)]

            def some(indices: list[V], start: V) -> None:
                body([*indices, start, i64(0)], rows)

            nest(f, outer[:-1], lambda at, _: steps(f, outer[-1], self.lines, lambda start, _: some(at, start)))
            return

        def line(indices: list[V], _: list[V]) -> None:
            def pixels(start: V, count: int) -> None:
                body([*indices, start], [(*before, i) for i in range(count)])

            steps(f, length, self.tile.rows, pixels)

        nest(f, outer, line)


def choose_patch(positions: Shape, columns: int, lanes: int, registers: int, held: int = 1, together: int = 1) -> Patch:
    """The patch for an output of this size: the more rows, the more often what is loaded for the columns is used.

    So many rows together fill a vector.
    """
    *outer, length = positions

    def patch(lines: int) -> Patch:
        rows, vectors = choose_tile(ceil(lines * length / together), columns, lanes, registers, held)
        return Patch(Tile(rows * together, vectors), lines)

    lines = max(
        (n for n in range(2, _MOST_ROWS * together // length + 1) if outer and outer[-1] % n == 0),
        default=1,
    )
    whole = patch(lines)
    return patch(1) if whole.tile.rows < lines * length else whole
