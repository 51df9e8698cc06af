"""Reduction of huge angles.

After M. H. Payne and R. N. Hanek, "Radian reduction for trigonometric functions", ACM SIGNUM Newsletter 18 (1983),
19-24.

x is a whole number m times 2**e. Of the digits of 2 / pi, those whose product with x is a multiple of 4 say nothing of
the angle and are left out; the next 192, times m, hold the quarter in their first two digits and then the fraction of a
quarter turn, to 64 digits even for the float64 that comes closest to a multiple of pi / 2. Such angles are rare: lanes
are done one after another, in whole numbers, if one of them needs it.
"""

from __future__ import annotations

import math

from chainrule.native.emit import Function, V, i64, number
from chainrule.native.math.formats import bits, magnitude, power_of_two

# 2 / pi from its first binary digit on, after 64 zeros (printed by `scripts/fit_polynomials.py`).
_TWO_BY_PI = (
    0x0000000000000000,
    0xA2F9836E4E441529,
    0xFC2757D1F534DDC0,
    0xDB6295993C439041,
    0xFE5163ABDEBBC561,
    0xB7246E3A424DD2E0,
    0x06492EEA09D1921C,
    0xFE1DEB1CB129A73E,
    0xE88235F52EBB4484,
    0xE99C7026B45F7E41,
    0x3991D639835339F4,
    0x9C845F8BBDF9283B,
    0x1FF897FFDE05980F,
    0xEF2F118B5A0A6D1F,
    0x6D367ECF27CB09B7,
    0x4F463F669E5FEA2D,
    0x7527BAC7EBE5F17B,
    0x3D0739F78A5292EA,
    0x6BFB5FB11F8D5D08,
    0x56033046FC7B6BAB,
    0xF0CFBC209AF4361D,
)


def reduce_huge(f: Function, x: V, far: V, near: V, near_quarter: V) -> tuple[V, V]:
    """The angle within pi / 4 and the number of quarter turns (i64): by `reduced` where far, else what is given."""
    before = f.block
    with f.when(f.any(far)):
        angle, quarter = _reduced(f, x) if not x.lanes else _lane_by_lane(f, x)
        angle, quarter = f.select(far, angle, near), f.select(far, quarter, near_quarter)
        block = f.block
    return _either(f, near, before, angle, block), _either(f, near_quarter, before, quarter, block)


def _either(f: Function, a: V, from_a: str, b: V, from_b: str) -> V:
    return f.value(f"phi {a.type} [ {a.text}, %{from_a} ], [ {b.text}, %{from_b} ]", a.type)


def _lane_by_lane(f: Function, x: V) -> tuple[V, V]:
    slots, angles, quarters = (f.alloca(type, x.lanes) for type in ("double", "double", "i64"))
    f.store(x, slots)
    with f.loop(i64(0), i64(x.lanes), unroll=False, may_be_empty=False) as loop:
        angle, quarter = _reduced(f, f.load("double", f.at(slots, "double", loop.index)))
        f.store(angle, f.at(angles, "double", loop.index))
        f.store(quarter, f.at(quarters, "i64", loop.index))
    return f.load(x.type, angles), f.load(f"<{x.lanes} x i64>", quarters)


def _digits(f: Function, start: V) -> list[V]:
    """192 digits of 2 / pi from one of them on, as three words."""
    table = f.module.table("two_by_pi", "i64", [word - (word >> 63 << 64) for word in _TWO_BY_PI])
    first, shift = f.binary("lshr", start, i64(6)), f.binary("and", start, i64(63))
    words = [f.load("i64", f.at(table, "i64", first, offset)) for offset in range(4)]
    return [f.intrinsic("llvm.fshl", "i64", words[i], words[i + 1], shift) for i in range(3)]


def _reduced(f: Function, x: V) -> tuple[V, V]:
    """The angle within pi / 4 and the number of quarter turns, of one number that is not small; NaN for infinity."""
    raw = bits(f, magnitude(f, x))
    whole = f.binary("or", f.binary("and", raw, i64((1 << 52) - 1)), i64(1 << 52))
    # x = whole * 2**(biased - 1075); the first digit that counts is number (biased - 1075) - 1, counted from 1.
    start = f.sub(f.binary("lshr", raw, i64(52)), i64(1077 - 64))
    start = f.intrinsic("llvm.smax", "i64", start, i64(0))
    high, mid, low = _digits(f, start)

    def wide(a: V) -> V:
        return f.convert("zext", a, "i128")

    carry = f.binary("lshr", f.mul(wide(low), wide(whole)), number(64, "i128"))
    lower = f.add(f.mul(wide(mid), wide(whole)), carry)
    total = f.add(lower, f.binary("shl", wide(f.mul(high, whole)), number(64, "i128")))
    quarter = f.convert("trunc", f.binary("lshr", total, number(126, "i128")), "i64")
    # A fraction from 1/2 on is a negative one of the next quarter.
    fraction = f.binary("shl", total, number(2, "i128"))
    beyond = f.compare("slt", fraction, number(0, "i128"))
    quarter = f.add(quarter, f.convert("zext", beyond, "i64"))
    size = f.select(beyond, f.sub(number(0, "i128"), fraction), fraction)
    zeros = f.intrinsic("llvm.ctlz", "i128", size, V("false", "i1"))
    leading = f.binary("lshr", f.binary("shl", size, zeros), number(64, "i128"))
    digits = f.convert("uitofp", f.convert("trunc", leading, "i64"), "double")
    scale = power_of_two(f, f.sub(i64(-64), f.convert("trunc", zeros, "i64")))
    angle = f.mul(f.mul(digits, scale), number(math.pi / 2, "double"))
    negative = f.compare("olt", x, number(0, "double"))
    angle = f.select(f.binary("xor", beyond, negative), f.neg(angle), angle)
    angle = f.select(f.compare("olt", magnitude(f, x), number(math.inf, "double")), angle, number(math.nan, "double"))
    return angle, f.select(negative, f.sub(i64(0), quarter), quarter)
