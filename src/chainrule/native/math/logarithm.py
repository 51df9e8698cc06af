"""Logarithms: log, log1p, and the inverse hyperbolic functions asinh, acosh and atanh.

All rest on `x = 2**e (1 + t)` with `1 + t` from sqrt(1/2) to sqrt(2), and on `log(1 + t) = 2 atanh(s)` for
`s = t / (2 + t)`, a series in `z = s²` that `scripts/fit_polynomials.py` has fitted. It is added up as in fdlibm's
`log` (Sun Microsystems, 1993), largest term last: `t - (t²/2 - s (t²/2 + z L(z)))`.
"""

from __future__ import annotations

import math

from chainrule.native.emit import Function, V, number
from chainrule.native.math.formats import (
    bits,
    floats,
    format_of,
    magnitude,
    polynomial,
    power_of_two,
    shift_left,
    shift_right,
    sqrt,
    with_sign,
)

_L = {
    "float": (0.233322678, 0.285507413, 0.400001227, 0.666666666),
    "double": (
        0.14617736244748404,
        0.15331608012982639,
        0.18182892885710064,
        0.22222211077418922,
        0.28571428626371159,
        0.39999999999898507,
        0.66666666666666697,
    ),
}
# The first part has so few digits that its product with any exponent is exact.
_LN2 = {
    "float": (6.9313812256e-01, 9.0580006145e-06),
    "double": (6.93147180369123816490e-01, 1.90821492927058770002e-10),
}


def normal_split(f: Function, x: V) -> tuple[V, V]:
    """1 + t and e, as floats, for a number above 0. Denormal numbers are made normal first."""
    form = format_of(x)
    tiny = f.compare("olt", x, number(form.least, x.type))
    whole, exponent = _split(f, f.select(tiny, f.mul(x, number(2.0**form.digits, x.type)), x))
    shift = f.select(tiny, number(form.digits, exponent.type), number(0, exponent.type))
    return whole, f.convert("sitofp", f.sub(exponent, shift), x.element)


def _split(f: Function, x: V) -> tuple[V, V]:
    """1 + t and the whole number e, for a normal number above 0."""
    form = format_of(x)
    raw = bits(f, x)
    least = bits(f, number(math.sqrt(0.5), x.type))
    exponent = shift_right(f, f.sub(raw, least), form.digits)
    return floats(f, f.sub(raw, shift_left(f, exponent, form.digits))), exponent


def _log(f: Function, t: V, exponent: V) -> V:
    """log(2**e (1 + t)), for an exponent given as a float."""
    first, second = _LN2[t.element]
    s = f.div(t, f.add(t, number(2, t.type)))
    z = f.mul(s, s)
    half = f.mul(number(0.5, t.type), f.mul(t, t))
    series = f.mul(s, f.multiply_add(z, polynomial(f, z, _L[t.element]), half))
    low = f.multiply_add(exponent, number(second, t.type), series)
    return f.multiply_add(exponent, number(first, t.type), f.sub(t, f.sub(half, low)))


def _with_ends(f: Function, result: V, x: V, pole: float) -> V:
    """The result above the pole; -infinity there, NaN below. Infinity and NaN stay."""
    end = number(pole, x.type)
    result = f.select(f.compare("olt", x, number(math.inf, x.type)), result, x)
    result = f.select(f.compare("oeq", x, end), number(-math.inf, x.type), result)
    return f.select(f.compare("olt", x, end), number(math.nan, x.type), result)


def log(f: Function, x: V) -> V:
    """The natural logarithm."""
    whole, exponent = normal_split(f, x)
    return _with_ends(f, _log(f, f.sub(whole, number(1, x.type)), exponent), x, 0)


def log1p(f: Function, x: V) -> V:
    """log(1 + x); what 1 + x loses in rounding is added to t."""
    one, form = number(1, x.type), format_of(x)
    above = f.add(one, x)
    whole, exponent = _split(f, above)
    lost = f.sub(x, f.sub(above, one))
    # Beyond 2**(digits + 1) nothing counts that is lost, and 2**-e would leave the normal range.
    last = number(form.digits + 1, exponent.type)
    scale = power_of_two(f, f.neg(f.select(f.compare("slt", exponent, last), exponent, last)))
    t = f.multiply_add(lost, scale, f.sub(whole, one))
    result = with_sign(f, _log(f, t, f.convert("sitofp", exponent, x.element)), x)
    return _with_ends(f, result, x, -1)


def asinh(f: Function, x: V) -> V:
    """log1p(|x| + x² / (1 + sqrt(1 + x²))) with the sign of x; log(2 |x|) for large numbers, whose squares overflow."""
    size, one = magnitude(f, x), number(1, x.type)
    squared = f.mul(size, size)
    argument = f.add(size, f.div(squared, f.add(one, sqrt(f, f.add(one, squared)))))
    return with_sign(f, _or_log_of_double(f, argument, size), x)


def acosh(f: Function, x: V) -> V:
    """log1p(u + sqrt(u (u + 2))) for u = x - 1; log(2 x) for large numbers, whose squares overflow."""
    u = f.sub(x, number(1, x.type))
    argument = f.add(u, sqrt(f, f.mul(u, f.add(u, number(2, x.type)))))
    # A negative u has a root too when u + 2 is negative.
    argument = f.select(f.compare("olt", u, number(0, x.type)), number(math.nan, x.type), argument)
    return _or_log_of_double(f, argument, x)


def _or_log_of_double(f: Function, argument: V, x: V) -> V:
    """log1p(argument), but log(2 x) where x is so large that 1 + x is x."""
    large = f.compare("ogt", x, number(2.0**60, x.type))
    result = log1p(f, f.select(large, x, argument))
    return f.add(result, f.select(large, number(math.log(2), x.type), number(0, x.type)))


def atanh(f: Function, x: V) -> V:
    """log1p(2 |x| / (1 - |x|)) / 2 with the sign of x."""
    size = magnitude(f, x)
    ratio = f.div(f.add(size, size), f.sub(number(1, x.type), size))
    return with_sign(f, f.mul(number(0.5, x.type), log1p(f, ratio)), x)
