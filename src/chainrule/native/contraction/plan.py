"""How a contraction is divided: the tile that the registers hold, panels of columns, blocks of rows, units.

Everything here follows from shapes, strides and the target alone, so that any number of threads computes the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from chainrule.native.contraction.product import Product
from chainrule.native.target import Target

# The multiply-adds below which a piece of work is not worth handing to another thread, about a microsecond.
SMALLEST_UNIT = 20_000
# Pieces that keep two to four threads evenly busy.
ENOUGH_UNITS = 8
# Multiply-adds in flight that hide their own latency (4 cycles, 2 a cycle).
LATENCY = 8
# Bytes of `a` that are to stay in the second-level cache while the panels of `b` pass by.
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Tile:
    """A tile of sums in registers.

    Attributes:
        rows: How many rows.
        vectors: How many vectors make a row.
    """

    rows: int
    vectors: int


def cycles(rows: int, vectors: int) -> float:
    """What one step of k costs for a tile: two multiply-adds or two loads at once, and never less than the latency."""
    return max(rows * vectors, rows + vectors, LATENCY) / 2


def choose_tile(m: int, n: int, lanes: int, registers: int, most_rows: int) -> Tile:
    """The tile that computes m rows of n columns in the fewest cycles.

    The sums, a row of `b` and one element of `a` must fit the registers.
    """
    best = (float("inf"), 0, Tile(1, 1))
    across = max(ceil(n / lanes), 1)
    for vectors in range(1, min(across, registers // 2) + 1):
        rows = min((registers - 1 - vectors) // vectors, most_rows, max(m, 1))
        for each in range(1, rows + 1):
            full, tail = divmod(m, each)
            total = full * cycles(each, vectors) + (cycles(tail, vectors) if tail else 0)
            candidate = (total * ceil(across / vectors), -each * vectors, Tile(each, vectors))
            best = min(best, candidate, key=lambda one: one[:2])
    return best[2]


@dataclass(frozen=True)
class Plan:
    """How a contraction is computed.

    Attributes:
        product: What is computed.
        lanes: The elements of a vector.
        tile: The tile of sums that the registers hold.
        panels: How many panels of `tile.vectors` vectors the columns make.
        block: How many rows a unit computes (a multiple of the tile's); the last block holds the rest.
        blocks: How many blocks there are.
        pack: Whether panels of `b` are copied to scratch memory first: always, where they are not full, or never.
        masked: Whether vectors of `b` are loaded by masks.
    """

    product: Product
    lanes: int
    tile: Tile
    panels: int
    block: int
    blocks: int
    pack: str
    masked: bool

    @property
    def width(self) -> int:
        """The columns of a panel."""
        return self.tile.vectors * self.lanes

    @property
    def units(self) -> int:
        """Batch x blocks of rows x panels; a unit each."""
        return self.product.batch * self.blocks * self.panels


def make_plan(product: Product, target: Target) -> Plan:
    """Divide a contraction."""
    lanes = target.lanes(max(product.itemsize, 4))
    # Rows a multiple of 4 KiB apart fall into the same few lines of the first-level cache.
    aliased = product.a.free * product.itemsize % 4096 == 0
    tile = choose_tile(product.m, product.n, lanes, target.registers, 8 if aliased else 28)
    panels = ceil(product.n / (tile.vectors * lanes))
    partial = product.n % (tile.vectors * lanes) != 0
    block, blocks = _blocks(product, tile, panels)
    if product.b.free != 1:
        pack, masked = "always", False
    elif partial and target.name != "avx512":
        # Only AVX-512 loads parts of vectors at no cost.
        pack, masked = "partial", False
    else:
        pack, masked = "never", partial
    return Plan(product, lanes, tile, panels, block, blocks, pack, masked)


def _blocks(product: Product, tile: Tile, panels: int) -> tuple[int, int]:
    """(rows of a block, how many blocks): few enough rows for the cache, enough units for all threads."""
    tiles = max(ceil(product.m / tile.rows), 1)
    work = product.batch * product.m * product.n * product.k
    wanted = min(ENOUGH_UNITS, work // SMALLEST_UNIT)
    cached = ceil(tiles * tile.rows * product.k * product.itemsize / BLOCK_BYTES)
    split = min(max(cached, ceil(wanted / max(product.batch * panels, 1))), tiles)
    each = ceil(tiles / max(split, 1))
    return each * tile.rows, ceil(tiles / each)
