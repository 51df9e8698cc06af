"""The largest magnitude of some numbers, as their bits without the sign: these order as magnitudes do, NaN last."""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.native.emit import BYTES, Function, V, element_of, number, vector

# The integers that hold the bits of numbers, and the bits of infinity.
_BITS = {"float": "i32", "double": "i64"}
_INFINITY = {"i32": 0xFF << 23, "i64": 0x7FF << 52}


def bits_of(element: str) -> str:
    """The type of the bits of such numbers."""
    return _BITS[element]


def least(element: str, lanes: int) -> V:
    """What no magnitudes of such numbers are below."""
    return number(0, vector(_BITS[element], lanes))


def larger(f: Function, before: V, numbers: V) -> V:
    """The larger magnitudes, lane by lane."""
    integer = element_of(before.type)
    without_sign = number((1 << 8 * BYTES[integer] - 1) - 1, before.type)
    bits = f.binary("and", f.convert("bitcast", numbers, integer), without_sign)
    return f.intrinsic("llvm.umax", before.type, before, bits)


def largest_of(f: Function, vectors: Iterable[V]) -> V:
    """The largest one in all lanes."""
    each = [f.intrinsic("llvm.vector.reduce.umax", element_of(one.type), one, overload=one.type) for one in vectors]
    total = each[0]
    for one in each[1:]:
        total = f.intrinsic("llvm.umax", total.type, total, one)
    return total


def is_finite(f: Function, bits: V) -> V:
    """Whether a magnitude is neither infinity nor NaN (i1)."""
    return f.compare("ult", bits, number(_INFINITY[bits.type], bits.type))
