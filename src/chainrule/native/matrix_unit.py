"""The processor's matrix unit, Intel's AMX, and products of float32 made of its products of bfloat16.

Eight tile registers hold 16 rows of 64 bytes each: 16 x 16 sums of float32, or 16 rows of 32 bfloat16, or 16 pairs of
such rows, interleaved. `dot` adds the product of two tiles to a tile of sums, sixteen times as fast as multiply-adds.

A float32 has 24 significant bits, a bfloat16 eight. So a number is split into three, x = x1 + x2 + x3, and of the nine
products of two such numbers six are summed. The other three are at most 2^-22 of the whole, a tenth of that as a rule
(Henry, Tang and Heinecke, "Leveraging the bfloat16 Artificial Intelligence Datatype for Higher-Precision Computations",
2019). What remains is more than twice as fast as multiply-adds. The errors of long sums are smaller than theirs, since
32 products are added up before they are rounded to a sum.

- x1 is the upper half of x, so infinity and NaN stay what they are. x2 is the rest, rounded, and x3 what remains.
- Of infinity the rest is NaN, and so are the sums that it is part of. Sums that are not finite are replaced by those of
  x1 * y1 alone, if these are not finite either: then they are what float32's rules ask for.
- The unit takes subnormal numbers for zero. So numbers below 2^-110 lose bits: what they add to a sum is off by
  less than 2^-126 times the other factor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from chainrule.native.emit import Function, V, i64, number, vector

SIDE = 16
"""Rows of a tile, and its columns of float32."""

DEPTH = 32
"""How many steps of k a pair of tiles of bfloat16 holds. Step i stands beside step i + 16 in a pair."""

TILE_BYTES = 1024
LEVELS = 3
"""The parts of a number, from the largest on."""

WIDTH = 32
"""How many sums stand in a row of a block, and how many rows there are at most."""

ROOM = 2 * 4 * WIDTH * WIDTH
"""The bytes that the sums of a block need: what they become, and room to mend them."""

# The products that are summed, as parts of the left and of the right factor: an order in which one of them is always
# the one that is loaded already.
_PRODUCTS = ((0, 2), (0, 0), (2, 0), (1, 0), (1, 1), (0, 1))
_PRODUCT_OF_THE_LARGEST = ((0, 0),)

_WORDS = vector("i32", SIDE)
_FLOATS = vector("float", SIDE)
_UPPER = number(-65536, _WORDS)
_HALF = number(0x8000, _WORDS)
_SIXTEEN = number(16, _WORDS)


def begin(f: Function) -> None:
    """Set the tile registers up: all of them with 16 rows of 64 bytes; their contents are lost."""
    rows = [SIDE] * 8 + [0] * 8
    widths = [each for _ in range(8) for each in (64, 0)] + [0] * 16
    table = f.module.table("tiles", "i8", [1, 0, *[0] * 14, *widths, *rows])
    _call(f, "ldtilecfg", table)


def end(f: Function) -> None:
    """Give the tile registers back; otherwise the system would save them whenever it changes threads."""
    _call(f, "tilerelease")


def zero(f: Function, tile: int) -> None:
    """Set a tile to zero."""
    _call(f, "tilezero", _tile(tile))


def load(f: Function, tile: int, place: V, stride: int = 64) -> None:
    """Read 16 rows of 64 bytes, so many bytes apart."""
    _call(f, "tileloadd64", _tile(tile), place, i64(stride))


def store(f: Function, tile: int, place: V, stride: int = 64) -> None:
    """Write 16 rows of 64 bytes, so many bytes apart."""
    _call(f, "tilestored64", _tile(tile), place, i64(stride))


def dot(f: Function, sums: int, a: int, b: int) -> None:
    """Add the product of tile `a` (rows) and tile `b` (pairs of rows) to a tile of sums."""
    _call(f, "tdpbf16ps", _tile(sums), _tile(a), _tile(b))


def split(f: Function, low: V, high: V) -> list[V]:
    """The three parts of two vectors of float32: words (i32) with the `low` number below and the `high` one above."""
    parts = []
    for rounded in (False, True, False):
        words = [f.convert("bitcast", each, "i32") for each in (low, high)]
        if rounded:
            words = [f.add(each, _HALF) for each in words]
        upper = [f.binary("and", each, _UPPER) for each in words]
        parts.append(f.binary("or", f.binary("lshr", words[0], _SIXTEEN), upper[1]))
        low, high = (f.sub(a, f.convert("bitcast", b, "float")) for a, b in zip((low, high), upper, strict=True))
    return parts


class Tile(NamedTuple):
    """Where a tile stands in memory.

    Attributes:
        place: Its address.
        stride: The bytes from row to row.
    """

    place: V
    stride: int = 64


Tiles = Callable[[int, int], Tile]
"""The tiles of an operand for 32 steps of k, by part and by place among those that are used together (0 or 1)."""


class Block(NamedTuple):
    """Up to 32 x 32 sums in tile registers, beside which there is room for two tiles of each operand.

    Attributes:
        down: How many tiles stand below one another: 1 or 2.
        across: How many stand side by side: 1 or 2.
    """

    down: int = 2
    across: int = 2

    def sums(self, f: Function, steps: Callable[[Callable[[Tiles, Tiles], None]], None], place: V) -> None:
        """Compute sums and write them to memory.

        Args:
            f: The function under construction.
            steps: Writes the loops over k, and calls what it is given within them, with both operands of 32 steps.
                It is called twice: sums that are not finite are computed again.
            place: Where the sums go, `WIDTH` floats a row; they need `ROOM` bytes.
        """
        largest = f.at(place, "float", i64(WIDTH * WIDTH))
        self._compute(f, steps, _PRODUCTS, place)
        with f.when(self._any_not_finite(f, place)):
            self._compute(f, steps, _PRODUCT_OF_THE_LARGEST, largest)
            self._mend(f, place, largest)

    def _compute(
        self,
        f: Function,
        steps: Callable[[Callable[[Tiles, Tiles], None]], None],
        products: Sequence[tuple[int, int]],
        place: V,
    ) -> None:
        tiles = [(i, j) for i in range(self.down) for j in range(self.across)]
        for tile in range(len(tiles)):
            zero(f, tile)
        steps(lambda left, right: self._take(f, left, right, products))
        for tile, (i, j) in enumerate(tiles):
            store(f, tile, f.at(place, "float", i64(SIDE * (i * WIDTH + j))), 4 * WIDTH)

    def _take(self, f: Function, left: Tiles, right: Tiles, products: Sequence[tuple[int, int]]) -> None:
        """Take in 32 steps of k; tiles 4 and 5 hold parts of the left operand, 6 and 7 those of the right one."""
        held: dict[int, int] = {}
        for a, b in products:
            for i in range(self.down):
                for j in range(self.across):
                    for tile, level, which, operand in ((4 + i, a, i, left), (6 + j, b, j, right)):
                        if held.get(tile) != level:
                            load(f, tile, *operand(level, which))
                            held[tile] = level
                    dot(f, i * self.across + j, 4 + i, 6 + j)

    def _any_not_finite(self, f: Function, place: V) -> V:
        """Whether there is an infinite sum or a NaN (i1)."""
        none = [number(0, _WORDS)] * self.across
        with f.loop(i64(0), i64(self.down * SIDE), carried=none, unroll=False, may_be_empty=False) as rows:
            found = [f.load(_FLOATS, each) for each in self._row(f, place, rows.index)]
            # 0 of what is finite, NaN of what is not.
            bits = [f.convert("bitcast", f.sub(each, each), "i32") for each in found]
            rows.next([f.binary("or", a, b) for a, b in zip(rows.carried, bits, strict=True)])
        found = [f.any(f.compare("ne", each, number(0, _WORDS))) for each in rows.results]
        return found[0] if self.across == 1 else f.binary("or", *found)

    def _mend(self, f: Function, place: V, largest: V) -> None:
        """Take those of the other sums that are not finite."""
        with f.loop(i64(0), i64(self.down * SIDE), unroll=False, may_be_empty=False) as rows:
            for to, source in zip(*(self._row(f, each, rows.index) for each in (place, largest)), strict=True):
                sum = f.load(_FLOATS, source)
                finite = f.compare("ord", f.sub(sum, sum), number(0, _FLOATS))
                f.store(f.select(finite, f.load(_FLOATS, to), sum), to)

    def _row(self, f: Function, place: V, row: V) -> list[V]:
        """The addresses of a row's vectors."""
        first = f.at(place, "float", f.mul(row, i64(WIDTH)))
        return [f.at(first, "float", i64(0), j * SIDE) for j in range(self.across)]


def _tile(tile: int) -> V:
    return V(str(tile), "i8")


def _call(f: Function, name: str, *args: V) -> None:
    constant = [f"{arg.type} immarg" if arg.type == "i8" else arg.type for arg in args]
    f.module.declare(f"llvm.x86.{name}", "void", constant)
    f.call_void(f"llvm.x86.{name}", *args)
