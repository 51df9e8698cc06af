"""How a contraction is divided: the tile that the registers hold, panels of columns, blocks of rows, units.

Everything here follows from shapes, strides and the target alone, so that any number of threads computes the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Literal

from chainrule.native.contraction.product import Operand, Product
from chainrule.native.target import Target

# The multiply-adds below which a piece of work is not worth handing to another thread, about a microsecond.
SMALLEST_UNIT = 20_000
# Bytes of a panel that the first-level cache holds.
NEAR_BYTES = 1 << 15
# Cycles: of a multiply-add until its sum can be used again; to pack one vector; to load a vector that stands beyond the
# first-level cache; to finish a vector of sums; to begin a tile; to begin a unit.
LATENCY = 4
PACKING = 5
FAR_VECTOR = 2
STORE = 2
TILE = 30
UNIT = 100
# Loads in a cycle, in practice.
LOADS = 1.7
# Bytes of `a` that are to stay in the second-level cache while the panels of `b` pass by.
BLOCK_BYTES = 1 << 20
# Pages of memory that one walk along k may touch before it waits for their addresses.
NEAR_PAGES = 64
PAGE = 4096


@dataclass(frozen=True)
class Tile:
    """A tile of sums in registers.

    Attributes:
        rows: How many rows.
        vectors: How many vectors make a row.
    """

    rows: int
    vectors: int


@dataclass(frozen=True)
class Plan:
    """How a contraction is computed.

    Attributes:
        product: What is computed.
        lanes: The elements of a vector.
        tile: The tile of sums that the registers hold.
        panels: How many panels of `tile.vectors` vectors the columns make.
        group: How many panels a unit computes.
        block: How many rows a unit computes (a multiple of the tile's).
        pack_a: Whether the rows of `a` are packed before they are used.
        pack_b: Whether panels of `b` are packed: always, where they are not full, or never.
        masked: Whether vectors of `b` are loaded by masks.
    """

    product: Product
    lanes: int
    tile: Tile
    panels: int
    group: int
    block: int
    pack_a: bool
    pack_b: Literal["always", "partial", "never"]
    masked: bool

    @property
    def width(self) -> int:
        """The columns of a panel."""
        return self.tile.vectors * self.lanes

    @property
    def groups(self) -> int:
        """How many groups the panels make."""
        return ceil(self.panels / self.group)

    @property
    def blocks(self) -> int:
        """How many blocks the rows make; the last one holds the rest."""
        return ceil(self.product.m / self.block)

    @property
    def units(self) -> int:
        """Matrices x blocks x groups."""
        return self.product.batch * self.blocks * self.groups


def make_plan(product: Product, target: Target) -> Plan:
    """Divide a contraction: of all tiles, blocks and groups those that take the fewest cycles."""
    lanes = target.lanes(max(product.itemsize, 4))
    return min(_candidates(product, target, lanes), key=lambda one: (_cost(one), one.units))


def _candidates(product: Product, target: Target, lanes: int) -> Iterator[Plan]:
    """What may be done, tile by tile."""
    pack_a = product.a.free == 1 and product.n > lanes and _far(product.a, product)
    # Rows a multiple of 4 KiB apart fall into the same few lines of the first-level cache.
    most_rows = 8 if not pack_a and product.a.free * product.itemsize % PAGE == 0 else 28
    # Elements of `a` on their way into sums; on ARM they are loaded in pairs, ahead of time.
    registers = target.registers - (3 if target.name == "neon" else 1)
    across = ceil(product.n / lanes)
    for vectors in range(1, min(across, registers // 4) + 1):
        tile = Tile(_rows(product.m, vectors, min((registers - vectors) // vectors, most_rows)), vectors)
        partial = product.n % (vectors * lanes) != 0
        masked = False
        pack_b: Literal["always", "partial", "never"] = "never"
        if product.b.free != 1 or (_far(product.b, product) and product.m > 4 * tile.rows):
            pack_b = "always"
        elif partial and target.name == "avx512":
            masked = True
        elif partial:
            # Only AVX-512 loads parts of vectors at no cost.
            pack_b = "partial"
        for block in _counts(ceil(product.m / tile.rows)):
            for group in _counts(ceil(across / vectors)):
                plan = Plan(
                    product, lanes, tile, ceil(across / vectors), group, block * tile.rows, pack_a, pack_b, masked
                )
                if _reasonable(plan):
                    yield plan


def _far(operand: Operand, product: Product) -> bool:
    """Whether a walk along k touches so many pages that it waits for them."""
    stride = operand.depth * product.itemsize
    return min(product.k, product.k * stride / PAGE) > NEAR_PAGES


def _rows(m: int, vectors: int, most: int) -> int:
    """The rows of a tile for m rows that take the fewest cycles; among those the most."""
    return min(range(1, min(most, m) + 1), key=lambda rows: (_cycles(m, rows, vectors), -rows))


def _cycles(m: int, rows: int, vectors: int) -> float:
    """What one step of k costs for m rows of a panel, in tiles of so many rows and a smaller one."""
    full, tail = divmod(m, rows)
    return full * _step(rows, vectors) + (_step(tail, vectors) if tail else 0)


def _step(rows: int, vectors: int) -> float:
    """What one step of k costs for a tile: two multiply-adds or nearly two loads at once, or the latency."""
    return max(rows * vectors / 2, (rows + vectors) / LOADS, LATENCY)


def _reasonable(plan: Plan) -> bool:
    """Whether the rows of a block fit the cache, and units are worth handing to a thread."""
    product, tile = plan.product, plan.tile
    if plan.block * product.k * product.itemsize > BLOCK_BYTES and plan.block > 4 * tile.rows:
        return False
    return plan.block * plan.group * plan.width * product.k >= SMALLEST_UNIT or plan.blocks * plan.groups == 1


def _cost(plan: Plan) -> float:
    """Cycles, summed over what one to four threads need; a thread waits for the others to finish.

    A unit packs what it needs itself, so units of many rows pack `b` seldom, and of many columns `a`.
    """
    product, tile = plan.product, plan.tile
    rows, columns = min(plan.block, product.m), min(plan.group, plan.panels)
    tiles = ceil(rows / tile.rows)
    step = _cycles(rows, tile.rows, tile.vectors)
    if product.k * plan.width * product.itemsize > NEAR_BYTES:
        step = max(step, tiles * tile.vectors * FAR_VECTOR)
    panel = product.k * step + tiles * TILE + rows * tile.vectors * STORE
    packed = (plan.pack_b == "always") * columns * tile.vectors + plan.pack_a * ceil(rows / plan.lanes)
    unit = UNIT + columns * panel + product.k * packed * PACKING
    return sum(ceil(plan.units / threads) * threads * unit for threads in (1, 2, 3, 4))


def _counts(total: int) -> list[int]:
    """Ways to divide a number of pieces: how many go together."""
    return sorted({ceil(total / parts) for parts in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64)})
