"""Packing: a strip of an operand, brought into the order in which the micro-kernel reads it.

The strip is some rows of `a`, or columns of `b`; packed, its elements at one k stand side by side, then those at the
next k. Lanes beyond the strip's end hold anything: what is computed from them is never stored.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.native.emit import BYTES, Function, V, i64, vector


@dataclass(frozen=True)
class Strip:
    """What is packed.

    Attributes:
        start: The address of its first element.
        free: The stride from lane to lane.
        depth: The stride along k.
        k: How many steps along k (i64).
        shortest: How many that is at least.
        left: How many elements there are along the lanes (i64), at most `width` of which are packed.
        width: The distance of one k from the next in the packed strip: a multiple of a vector's lanes, or less than
            a vector, of which the lanes beyond are overwritten by the next k; after the last one they need room.
    """

    start: V
    free: int
    depth: int
    k: V
    shortest: int
    left: V
    width: int


def pack(f: Function, element: str, lanes: int, strip: Strip, to: V) -> None:
    """Write a packed strip to memory.

    Args:
        f: The function under construction.
        element: The type of an element.
        lanes: The elements of a vector.
        strip: What is packed.
        to: Where it goes.
    """
    quad = 16 // BYTES[element]
    if strip.depth == 1 and strip.shortest >= quad and lanes % quad == 0:
        _transpose(f, element, lanes, strip, to)
    else:
        _copy(f, element, lanes, strip, to)


def _copy(f: Function, element: str, lanes: int, strip: Strip, to: V) -> None:
    """Vectors along the lanes, one k after another."""
    type = vector(element, lanes)
    starts = range(0, strip.width, lanes)
    masks = [f.mask(f.sub(strip.left, i64(first)), lanes) for first in starts]
    offsets = "<" + ", ".join(f"i64 {lane * strip.free}" for lane in range(lanes)) + ">"
    with f.loop(i64(0), strip.k, unroll=False) as loop:
        source = f.at(strip.start, element, f.mul(loop.index, i64(strip.depth)))
        target = f.at(to, element, f.mul(loop.index, i64(strip.width)))
        for first, mask in zip(starts, masks, strict=True):
            address = f.at(source, element, i64(0), first * strip.free)
            if strip.free == 1:
                value = f.masked_load(type, address, mask)
            else:
                each = f.value(f"getelementptr {element}, {address}, <{lanes} x i64> {offsets}", f"<{lanes} x ptr>")
                value = f.gather(type, each, mask)
            f.store(value, f.at(target, element, i64(0), first))


def _transpose(f: Function, element: str, lanes: int, strip: Strip, to: V) -> None:
    """Neighbours along k become neighbours along the lanes, 16 bytes of k at once, within registers.

    The last step starts early enough not to go beyond the end, and lanes that do not exist repeat the last one.
    """
    quad = 16 // BYTES[element]
    with f.loop(i64(0), i64(strip.width), lanes, unroll=False, may_be_empty=False) as across:
        last = f.sub(f.sub(strip.left, i64(1)), across.index)
        lane0 = f.at(strip.start, element, f.mul(across.index, i64(strip.free)))
        rows = [f.at(lane0, element, f.mul(_least(f, i64(j), last), i64(strip.free))) for j in range(lanes)]
        with f.loop(i64(0), strip.k, quad, unroll=False, may_be_empty=False) as loop:
            k = _least(f, loop.index, f.sub(strip.k, i64(quad)))
            parts = [f.load(vector(element, quad), f.at(row, element, k)) for row in rows]
            columns = [joined(f, parts[j::quad]) for j in range(quad)]
            target = f.at(f.at(to, element, f.mul(k, i64(strip.width))), element, across.index)
            for i, column in enumerate(transposed_quads(f, columns)):
                f.store(column, f.at(target, element, i64(0), i * strip.width))


def _least(f: Function, a: V, b: V) -> V:
    return f.intrinsic("llvm.smin", "i64", a, b)


def joined(f: Function, parts: list[V]) -> V:
    """Short vectors, one after another, as a long one."""
    while len(parts) > 1:
        pairs = zip(parts[::2], parts[1::2], strict=True)
        parts = [f.shuffle(a, b, range(2 * a.lanes)) for a, b in pairs]
    return parts[0]


def transposed_quads(f: Function, rows: list[V]) -> list[V]:
    """Within each 16 bytes: lane i of row j becomes lane j of row i (two rows of two lanes, or four of four)."""
    half = len(rows) // 2
    size, lanes = len(rows), rows[0].lanes
    # Interleave rows j and j + half until each row has its place: a perfect shuffle, log2 times.
    for _ in range(size.bit_length() - 1):
        paired = []
        for a, b in zip(rows[:half], rows[half:], strict=True):
            for first in (0, half):
                mask = [
                    group + first + i + side * lanes
                    for group in range(0, lanes, size)
                    for i in range(half)
                    for side in (0, 1)
                ]
                paired.append(f.shuffle(a, b, mask))
        rows = paired
    return rows
