"""Powers of floats, for float64.

`x ** y = exp(y log |x|)` with a sign. The logarithm carries twice the digits, as an unevaluated sum of two numbers,
since the exponent may be 745 and its absolute error is the result's relative error. As in `logarithm`, log(m) is
2 atanh(s) with s = (m - 1) / (m + 1), here `s + s³ / 3 + s⁵ p(s²)` with p from `scripts/fit_polynomials.py`.
"""

from __future__ import annotations

import math

from chainrule.native.emit import Function, V, number
from chainrule.native.math.exponential import exp
from chainrule.native.math.formats import floor, magnitude, polynomial, product, with_sign
from chainrule.native.math.logarithm import normal_split

_ATANH = (
    0.058620656042906248,
    0.058530686362947342,
    0.066674043704232961,
    0.076922974402750103,
    0.090909091681224619,
    0.11111111110825834,
    0.14285714285714687,
    0.2,
)
_THIRD = (1 / 3, 1.850371707708594e-17)
_LN2 = (6.93147180369123816490e-01, 1.90821492927058770002e-10)

Pair = tuple[V, V]
"""An unevaluated sum: a number, and what it lacks."""


def _sum(f: Function, a: V, b: V) -> Pair:
    """a + b exactly, where the exponent of a is not below that of b, or a is 0 (Dekker)."""
    total = f.add(a, b)
    return total, f.sub(b, f.sub(total, a))


def _times(f: Function, a: Pair, b: Pair) -> Pair:
    high, low = product(f, a[0], b[0])
    return _sum(f, high, f.add(low, f.add(f.mul(a[0], b[1]), f.mul(a[1], b[0]))))


def _log_of_mantissa(f: Function, m: V) -> Pair:
    """log(m) for m from sqrt(1/2) to sqrt(2)."""
    one = number(1, m.type)
    n = f.sub(m, one)
    d, d_low = _sum(f, one, m)
    # s, and what the quotient lacks.
    s = f.div(n, d)
    back, back_low = product(f, s, d)
    rest = f.sub(f.sub(f.sub(n, back), back_low), f.mul(s, d_low))
    pair = (s, f.div(rest, d))
    z = _times(f, pair, pair)
    tail = f.multiply_add(z[0], polynomial(f, z[0], _ATANH), number(_THIRD[1], m.type))
    cubic = _times(f, _times(f, pair, z), _sum(f, number(_THIRD[0], m.type), tail))
    high, low = _sum(f, s, cubic[0])
    low = f.add(low, f.add(pair[1], cubic[1]))
    return f.add(high, high), f.add(low, low)


def _log(f: Function, x: V) -> Pair:
    """The logarithm of a number above 0; of 0 and infinity in the first part alone."""
    m, exponent = normal_split(f, x)
    high, low = _log_of_mantissa(f, m)
    scaled, scaled_low = f.mul(exponent, number(_LN2[0], x.type)), f.mul(exponent, number(_LN2[1], x.type))
    total, lost = _sum(f, scaled, high)
    total, lost = _sum(f, total, f.add(lost, f.add(low, scaled_low)))
    zero = number(0, x.type)
    finite = f.binary("and", f.compare("ogt", x, zero), f.compare("olt", x, number(math.inf, x.type)))
    ends = f.select(f.compare("oeq", x, zero), number(-math.inf, x.type), x)
    return f.select(finite, total, ends), f.select(finite, lost, zero)


def power(f: Function, x: V, y: V) -> V:
    """x ** y, with the special cases of C's `pow`: 1 for y = 0 and for x = 1, whatever the other is."""
    zero, one = number(0, x.type), number(1, x.type)
    high, low = _log(f, magnitude(f, x))
    exponent, lost = product(f, y, high)
    lost = f.add(lost, f.mul(y, low))
    # An exponent beyond all results, or an infinite one, lacks nothing that counts.
    matters = f.compare("olt", magnitude(f, exponent), number(800, x.type))
    result = exp(f, exponent, f.select(matters, lost, zero))
    # Of -1 to any power, infinite ones too, the size is 1.
    result = f.select(f.compare("oeq", magnitude(f, x), one), one, result)
    result = _signed(f, result, x, y)
    result = f.select(f.compare("uno", x, y), f.add(x, y), result)
    always_one = f.binary("or", f.compare("oeq", y, zero), f.compare("oeq", x, one))
    return f.select(always_one, one, result)


def _signed(f: Function, size: V, x: V, y: V) -> V:
    """`size` with the sign of x for odd y; NaN where a negative x has no such power (-infinity has all)."""
    half = f.mul(y, number(0.5, y.type))
    whole = f.compare("oeq", floor(f, y), y)
    odd = f.binary("and", whole, f.compare("une", floor(f, half), half))
    minus_infinity = number(-math.inf, x.type)
    negative = f.binary("and", f.compare("olt", x, number(0, x.type)), f.compare("one", x, minus_infinity))
    result = f.select(negative, f.select(whole, size, number(math.nan, x.type)), size)
    return f.select(odd, with_sign(f, result, x), result)
