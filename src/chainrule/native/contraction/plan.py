"""How a contraction is divided: the tile that the registers hold, panels of columns, blocks of rows, units.

Everything here follows from shapes, strides and the target alone, so that any number of threads computes the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from math import ceil, gcd, log2
from typing import Literal, NamedTuple

from chainrule.native.contraction.product import Operand, Product
from chainrule.native.matrix_unit import DEPTH, LEVELS, SIDE, WIDTH
from chainrule.native.target import Target

# The multiply-adds below which a piece of work is not worth handing to another thread, about a microsecond.
SMALLEST_UNIT = 20_000
# Bytes of a panel that the first-level cache holds.
NEAR_BYTES = 1 << 15
# Cycles: until the sum of a multiply-add can be used again, in practice; to pack a vector; to fetch a vector when it is
# first used; more for one that comes from beyond the first-level cache; to add up pairs of lanes; to store a vector; a
# lane; to begin a tile; to begin a unit.
LATENCY = 5
PACKING = 8
FETCH = 3
FAR_VECTOR = 0.9
HALVING = 0.7
STORE = 2
STORE_LANE = 4
TILE = 15
UNIT = 100
# More rows in a tile gain nothing, and LLVM takes long over them.
MOST_ROWS = 16
# On the matrix unit, the bytes of `a`, packed, beside which panels of `b` pass through the second-level cache; and how
# many steps of k are computed at once.
SPLIT_BLOCK_BYTES = 3 << 18
SPLIT_DEPTHS = (1024, 512, 256)
# Cycles there: to take 32 steps of k into 32 x 32 sums; to begin and finish those; to add them to others that wait for
# more parts; to pack a vector that lies in memory as one, one of neighbours across, or of numbers here and there; more
# for one that the second-level cache does not hold, which is one of many.
BLOCK_STEP = 420
BLOCK = 600
KEPT_BLOCK = 600
SPLIT = 10
SPLIT_TURNED = 16
SPLIT_APART = 40
SPLIT_FAR = 16
FAR_NUMBERS = 1 << 18
# Loads in a cycle, in practice.
LOADS = 1.7
SHORTEST_PART = 16
# A way of the first-level cache, how many it has, and a line; cycles to fetch a line from beyond it, in practice.
WAY_BYTES, WAYS, LINE = 4096, 8, 64
FAR_LINE = 4
# So many tiles must use a panel for packing to cost less than fetching it again.
TILES = 8
# Pages of memory that one walk along k may touch before it waits for their addresses; steps in a page that hide it.
NEAR_PAGES = 16
PAGE = 4096
STEPS_IN_PAGE = 4


class Blocking(NamedTuple):
    """How much is to stay in the caches.

    Attributes:
        rows: Bytes of `a` that the second-level cache holds while the panels of `b` pass by.
        part: Steps of k that are computed at once where there are many, so that blocks and panels have a handy shape.
    """

    rows: int
    part: int


# Tiles of narrower vectors are smaller: what they read is used less often, so it must come from nearer by. And
# processors that have no wider ones have smaller caches.
WIDE, NARROW = Blocking(rows=5 << 18, part=1024), Blocking(rows=1 << 18, part=256)


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
        form: Which micro-kernel computes it.
        product: What is computed; vectors of results run along its n.
        lanes: The elements of a vector.
        tile: The tile of sums that the registers hold.
        panels: How many panels of `tile.vectors` vectors the columns make.
        group: How many panels a unit computes.
        block: How many rows a unit computes (a multiple of the tile's).
        depth: How many steps of k are computed at once.
        pack_a: Whether the rows of `a` are packed before they are used.
        pack_b: Whether panels of `b` are packed: always, where they are not full, or never.
        masked: Whether vectors of `b` are loaded by masks.
    """

    form: Literal["outer", "dot", "matrix"]
    product: Product
    lanes: int
    tile: Tile
    panels: int
    group: int
    block: int
    depth: int
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
    def parts(self) -> int:
        """How many parts the steps of k make."""
        return max(ceil(self.product.k / self.depth), 1)

    @property
    def shortest(self) -> int:
        """The steps of the last part."""
        return self.product.k - (self.parts - 1) * self.depth

    @property
    def packed_bytes(self) -> int:
        """The bytes that an element needs where it is packed."""
        return 2 * LEVELS if self.form == "matrix" else self.product.itemsize

    @property
    def units(self) -> int:
        """Matrices x blocks x groups."""
        return self.product.batch * self.blocks * self.groups


def make_plan(product: Product, target: Target) -> Plan:
    """Of all forms and tiles, then of all ways to divide the work, those that take the fewest cycles."""
    both = product, product.transposed()
    vectors = [plan for each in both for plan in chain(_outer_plans(each, target), _dot_plans(each, target))]
    best = min(vectors, key=lambda plan: _cost(plan, target))
    # On the matrix unit, how many steps of k are best computed at once depends on how the rows are divided.
    plans = [best, *(plan for each in both for plan in matrix_plans(each, target))]
    divided = (each for plan in plans for each in _divided(plan, target))
    return min(divided, key=lambda plan: (_cost(plan, target), plan.units))


def _divided(plan: Plan, target: Target) -> Iterator[Plan]:
    """The ways to divide the work among units: their rows must fit the cache, and they must be worth handing out."""
    rows = plan.tile.rows
    room = _blocking(target).rows if plan.form != "matrix" else SPLIT_BLOCK_BYTES
    most = max(room // (plan.depth * plan.packed_bytes), 4 * rows)
    least = SMALLEST_UNIT / plan.depth
    blocks = [each for each in _counts(ceil(plan.product.m / rows)) if each * rows <= most]
    yield replace(plan, block=max(blocks, default=1) * rows)
    for block in blocks:
        for group in _counts(plan.panels):
            if block * rows * group * plan.width >= least:
                yield replace(plan, block=block * rows, group=group)


def _outer_plans(product: Product, target: Target) -> Iterator[Plan]:
    """The outer form with tiles of one vector and of more, not divided yet."""
    lanes = target.lanes(max(product.itemsize, 4))
    registers = _registers(target)
    across = ceil(product.n / lanes)
    for vectors in range(1, min(across, registers // 4) + 1):
        tile = Tile(_rows(product.m, vectors, min((registers - vectors) // vectors, MOST_ROWS)), vectors)
        partial = product.n % (vectors * lanes) != 0
        masked = False
        pack_b: Literal["always", "partial", "never"] = "never"
        lines_of_a, lines_of_b = ceil(tile.rows * product.itemsize / LINE), ceil(vectors * target.vector_bytes / LINE)
        step = _step(tile.rows, vectors)
        # Rows alone pay where their lines take half of a step, panels where theirs and the rows' take all of it.
        waits_for_a = _clashes(product.a, product, target) and lines_of_a * FAR_LINE > step / 2
        waits_for_b = _clashes(product.b, product, target) and (lines_of_a + lines_of_b) * FAR_LINE > step
        far_a = (waits_for_a and across >= TILES * vectors) or (_far(product.a, product) and product.n > lanes)
        far_b = (waits_for_b and product.m > TILES * tile.rows) or (
            _far(product.b, product) and product.m > 4 * tile.rows
        )
        pack_a = product.a.free == 1 and far_a
        if product.b.free != 1 or far_b:
            pack_b = "always"
        elif partial and target.name == "avx512":
            masked = True
        elif partial:
            # Only AVX-512 loads parts of vectors at no cost.
            pack_b = "partial"
        panels, block = ceil(across / vectors), ceil(product.m / tile.rows) * tile.rows
        depth = _depth(product, _blocking(target), pack_a or pack_b != "never")
        yield Plan("outer", product, lanes, tile, panels, panels, block, depth, pack_a, pack_b, masked)


def _dot_plans(product: Product, target: Target) -> Iterator[Plan]:
    """The dot form with as many columns as a vector has lanes, with half as many, and so on, not divided yet."""
    columns = target.lanes(max(product.itemsize, 4))
    if product.a.depth != 1 or product.b.depth != 1 or product.itemsize < 4:
        return
    while columns > 1:
        # A sum each, and the rows' vectors.
        rows = min(_registers(target) // (columns + 1), product.m)
        if rows:
            panels = ceil(product.n / columns)
            block = ceil(product.m / rows) * rows
            yield Plan(
                "dot", product, columns, Tile(rows, 1), panels, panels, block, max(product.k, 1), False, "never", False
            )
        columns //= 2


def matrix_plans(product: Product, target: Target) -> Iterator[Plan]:
    """The matrix unit's form, not divided yet."""
    if not target.matrix or product.element != "float" or not product.k:
        return
    panels, block = ceil(product.n / WIDTH), ceil(product.m / WIDTH) * WIDTH
    tile = Tile(WIDTH, WIDTH // SIDE)
    for parts in sorted({ceil(product.k / depth) for depth in SPLIT_DEPTHS}):
        depth = ceil(product.k / parts / DEPTH) * DEPTH
        yield Plan("matrix", product, SIDE, tile, panels, panels, block, depth, True, "always", False)


def _blocking(target: Target) -> Blocking:
    return WIDE if target.vector_bytes == 64 else NARROW


def _depth(product: Product, blocking: Blocking, packs: bool) -> int:
    """How many steps of k are computed at once: all, unless rows of `a` or what is packed would outgrow the cache."""
    k = max(product.k, 1)
    if k <= 2 * blocking.part or not (packs or product.m * k * product.itemsize > blocking.rows):
        return k
    # Parts of about the same length, and a last one that is not too short for packing.
    first = ceil(k / ceil(k / blocking.part))
    return next(depth for depth in range(first, k) if not 0 < k % depth < SHORTEST_PART)


def _registers(target: Target) -> int:
    """How many hold sums and one operand; through the others goes the other one (on ARM it is loaded in pairs)."""
    return target.registers - (3 if target.name == "neon" else 2)


def _far(operand: Operand, product: Product) -> bool:
    """Whether a walk along k touches so many pages that it waits for them."""
    stride = abs(operand.depth) * product.itemsize
    return stride * STEPS_IN_PAGE > PAGE and min(product.k, product.k * stride / PAGE) > NEAR_PAGES


def _clashes(operand: Operand, product: Product, target: Target) -> bool:
    """Whether what is read step by step stands so far apart that it is pushed out of the near cache by what follows."""
    stride = abs(operand.depth) * product.itemsize
    steps = _depth(product, _blocking(target), packs=True)
    # So many rows fall into different places, then they come back to the first.
    apart = WAY_BYTES // gcd(stride, WAY_BYTES)
    return steps > apart * WAYS


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


def _cost(plan: Plan, target: Target) -> float:
    """Cycles, summed over what one to four threads need; a thread waits for the others to finish.

    A unit packs the panels of `b` that it needs itself, so units of many rows pack them seldom. Rows of `a` are packed
    once for all units of a block that the thread does, one after another.
    """
    unit, block = _matrix_cycles(plan) if plan.form == "matrix" else _vector_cycles(plan, target)
    total = 0.0
    for threads in (1, 2, 3, 4):
        share = ceil(plan.units / threads)
        # Rows that are packed in parts are packed anew by each unit.
        packed = ceil(share / plan.groups) if plan.parts == 1 else share
        total += threads * (share * unit + packed * block)
    return total


def _matrix_cycles(plan: Plan) -> tuple[float, float]:
    """What a unit costs on the matrix unit, and what it costs to pack the rows of a block."""
    product = plan.product
    rows, columns = min(plan.block, product.m), min(plan.group, plan.panels)
    steps, tiles = ceil(product.k / DEPTH), ceil(rows / SIDE)
    block = steps * tiles * DEPTH * _splitting(product.a.depth, product.a.free, product.m * product.k)
    panel = steps * 2 * DEPTH * _splitting(product.b.free, product.b.depth, product.n * product.k)
    panel += tiles * (steps * BLOCK_STEP + (BLOCK if plan.parts == 1 else plan.parts * (BLOCK + KEPT_BLOCK))) / 2
    panel += rows * 2 * (STORE if product.contiguous else STORE_LANE * SIDE)
    return UNIT + columns * panel, block


def _splitting(along: int, down: int, size: int) -> float:
    """What it costs to pack a vector of so many numbers in all, by the strides along it and to the next one."""
    cycles = SPLIT if along == 1 else SPLIT_TURNED if down == 1 else SPLIT_APART
    return cycles + (SPLIT_FAR if size > FAR_NUMBERS else 0)


def _vector_cycles(plan: Plan, target: Target) -> tuple[float, float]:
    """What a unit costs with vectors, and what it costs to make the rows of a block ready."""
    product, tile = plan.product, plan.tile
    rows, columns = min(plan.block, product.m), min(plan.group, plan.panels)
    tiles = ceil(rows / tile.rows)
    along = target.lanes(max(product.itemsize, 4))
    if plan.form == "dot":
        steps, vectors = ceil(product.k / along), plan.lanes
        sums = steps * (_cycles(rows, tile.rows, vectors) + rows * FAR_VECTOR)
        sums += rows * (vectors + log2(along / vectors)) * HALVING
    else:
        steps, vectors = product.k, tile.vectors
        sums = steps * _cycles(rows, tile.rows, vectors)
    if plan.depth * plan.width * product.itemsize > NEAR_BYTES:
        # The first-level cache does not hold the panel from one tile to the next.
        sums += steps * vectors * FAR_VECTOR * tiles
    read = PACKING if plan.pack_b == "always" else FETCH
    panel = sums + steps * vectors * read
    panel += tiles * TILE + rows * tile.vectors * (STORE if product.contiguous else STORE_LANE * plan.lanes)
    unit = UNIT + columns * panel
    block = product.k * tiles * PACKING if plan.pack_a else rows * product.k / along * FETCH
    return unit, block


def _counts(total: int) -> list[int]:
    """Ways to divide a number of pieces: how many go together."""
    return sorted({ceil(total / parts) for parts in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64)})
