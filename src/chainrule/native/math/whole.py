"""Division and powers of whole numbers, where data can be bad: a divisor of 0, a negative exponent.

Such a lane writes a `Fault` and goes on with a legal value. Lanes outside the mask may hold anything and never fault.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.native.convention import Fault
from chainrule.native.emit import BYTES, Function, V, i64, number


@dataclass(frozen=True)
class Faults:
    """Where a fault is written, if anywhere, and which lanes count (None: all)."""

    word: V | None
    mask: V | None

    def report(self, f: Function, fault: Fault, bad: V, value: V) -> None:
        """Write the fault if a lane is bad that counts, with the least of the bad values."""
        if self.word is None:
            return
        if self.mask is not None:
            bad = f.binary("and", bad, self.mask)
        offending = f.select(bad, value, number(0, value.type))
        if bad.lanes:
            offending = f.intrinsic("llvm.vector.reduce.smin", value.element, offending, overload=value.type)
        with f.when(f.any(bad)):
            shifted = f.binary("shl", f.convert("sext", offending, "i64"), i64(8))
            f.store(f.binary("or", shifted, i64(fault)), self.word)


def _legal_divisor(f: Function, a: V, b: V, faults: Faults) -> V:
    """`b`, but 1 where it is 0, and where the quotient of the lowest number by -1 would overflow: NumPy's result."""
    zero = f.compare("eq", b, number(0, b.type))
    faults.report(f, Fault.INTEGER_DIVISION_BY_ZERO, zero, b)
    if signed(a):
        lowest = number(-(1 << (8 * BYTES[a.element] - 1)), a.type)
        beyond = f.binary("and", f.compare("eq", a, lowest), f.compare("eq", b, number(-1, b.type)))
        zero = f.binary("or", zero, beyond)
    return f.select(zero, number(1, b.type), b)


def signed(a: V) -> bool:
    """Whether whole numbers are signed: all but uint8 and bool."""
    return a.element in ("i32", "i64")


def floor_divide(f: Function, a: V, b: V, faults: Faults) -> V:
    """The quotient rounded down."""
    b = _legal_divisor(f, a, b, faults)
    if not signed(a):
        return f.binary("udiv", a, b)
    quotient = f.binary("sdiv", a, b)
    inexact = _rounds_up(f, f.sub(a, f.mul(quotient, b)), b)
    return f.add(quotient, f.convert("sext", inexact, a.element))


def remainder(f: Function, a: V, b: V, faults: Faults) -> V:
    """What `floor_divide` leaves; it has the divisor's sign."""
    b = _legal_divisor(f, a, b, faults)
    if not signed(a):
        return f.binary("urem", a, b)
    rest = f.binary("srem", a, b)
    return f.add(rest, f.select(_rounds_up(f, rest, b), b, number(0, b.type)))


def _rounds_up(f: Function, rest: V, divisor: V) -> V:
    """Whether division that cuts toward zero, leaving `rest`, has rounded up."""
    zero = number(0, rest.type)
    other_sign = f.compare("slt", f.binary("xor", rest, divisor), zero)
    return f.binary("and", f.compare("ne", rest, zero), other_sign)


def power(f: Function, base: V, exponent: V, faults: Faults) -> V:
    """`base ** exponent` modulo the range of the dtype, by squaring: 1 for a negative exponent."""
    one, zero = number(1, base.type), number(0, base.type)
    if signed(exponent):
        negative = f.compare("slt", exponent, zero)
        faults.report(f, Fault.NEGATIVE_INTEGER_POWER, negative, exponent)
        exponent = f.select(negative, zero, exponent)
    with f.repeat([one, base, exponent]) as loop:
        result, square, left = loop.carried
        odd = f.convert("trunc", left, "i1")
        rest = f.binary("lshr", left, one)
        more = f.any(f.compare("ne", rest, zero))
        loop.next([f.mul(result, f.select(odd, square, one)), f.mul(square, square), rest], again=more)
    return loop.results[0]


def absolute(f: Function, a: V) -> V:
    """The absolute value; that of the lowest number is itself."""
    return f.intrinsic("llvm.abs", a.type, a, V("false", "i1"))


def sign(f: Function, a: V) -> V:
    """-1, 0 or 1."""
    positive = f.convert("zext", f.compare("sgt" if signed(a) else "ne", a, number(0, a.type)), a.element)
    if not signed(a):
        return positive
    bits = 8 * BYTES[a.element]
    return f.binary("or", positive, f.binary("ashr", a, number(bits - 1, a.type)))
