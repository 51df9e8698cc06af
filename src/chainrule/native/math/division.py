"""Floor division and remainder of floats, exactly as NumPy rounds them.

What a division leaves is always a float itself. It is found as on paper: the digits of the dividend in whole numbers, a
part at a time, divided by those of the divisor.
"""

from __future__ import annotations

import math

from chainrule.native.emit import Function, V, number
from chainrule.native.math import formats
from chainrule.native.math.formats import bits, magnitude, power_of_two, shared, widened, with_sign

# A number of 53 digits can be moved up by so many within 64.
_PART = 11


def _digits(f: Function, x: V) -> tuple[V, V]:
    """A float64 above 0 as m and e of m 2**(e - 1075)."""
    raw = bits(f, x)
    exponent = f.binary("lshr", raw, number(52, raw.type))
    normal = f.compare("ne", exponent, number(0, raw.type))
    fraction = f.binary("and", raw, number((1 << 52) - 1, raw.type))
    hidden = f.select(normal, number(1 << 52, raw.type), number(0, raw.type))
    return f.binary("or", fraction, hidden), f.select(normal, exponent, number(1, raw.type))


def _cut(f: Function, a: V, b: V) -> V:
    """What is left of a float64 when division by b is cut toward zero: it has the sign of a (C: `fmod`)."""
    x, y = magnitude(f, a), magnitude(f, b)
    (whole, exponent), (divisor, divisor_exponent) = _digits(f, x), _digits(f, y)
    zero, part = number(0, whole.type), number(_PART, whole.type)
    divisor = f.select(f.compare("eq", divisor, zero), number(1, whole.type), divisor)
    places = f.sub(exponent, divisor_exponent)
    with f.repeat([whole, f.select(f.compare("sgt", places, zero), places, zero)]) as loop:
        rest, left = loop.carried
        now = f.select(f.compare("slt", left, part), left, part)
        rest, left = f.binary("urem", f.binary("shl", rest, now), divisor), f.sub(left, now)
        loop.next([rest, left], again=f.any(f.compare("ne", left, zero)))
    unit = power_of_two(f, f.sub(divisor_exponent, number(1023, zero.type)))
    result = f.mul(f.mul(f.convert("sitofp", loop.results[0], "double"), number(2.0**-52, x.type)), unit)
    result = f.select(f.compare("slt", places, zero), x, result)
    legal = f.binary("and", f.compare("olt", x, number(math.inf, x.type)), f.compare("one", y, number(0, x.type)))
    return with_sign(f, f.select(legal, result, number(math.nan, x.type)), a)


def _floored(f: Function, a: V, b: V) -> tuple[V, V, V]:
    """What cutting leaves; whether rounding down is one less than cutting; and what that leaves."""
    zero = number(0, a.type)
    cut = widened(lambda inner, *wide: shared(inner, "fmod", _cut, *wide))(f, a, b)
    exact = f.compare("oeq", cut, zero)
    other_sign = f.binary("xor", f.compare("olt", b, zero), f.compare("olt", cut, zero))
    less = f.select(exact, number(False, exact.type), other_sign)
    rest = f.select(less, f.add(cut, b), cut)
    return cut, less, f.select(exact, with_sign(f, zero, b), rest)


def remainder(f: Function, a: V, b: V) -> V:
    """What is left when the quotient is rounded down; it has the divisor's sign."""
    return _floored(f, a, b)[2]


def floor_divide(f: Function, a: V, b: V) -> V:
    """The quotient rounded down."""
    zero, one = number(0, a.type), number(1, a.type)
    cut, less, _ = _floored(f, a, b)
    quotient = f.div(f.sub(a, cut), b)
    quotient = f.select(less, f.sub(quotient, one), quotient)
    rounded = formats.floor(f, quotient)
    short = f.compare("ogt", f.sub(quotient, rounded), number(0.5, a.type))
    rounded = f.select(short, f.add(rounded, one), rounded)
    plain = f.div(a, b)
    rounded = f.select(f.compare("oeq", quotient, zero), with_sign(f, zero, plain), rounded)
    return f.select(f.compare("oeq", b, zero), plain, rounded)
