"""Inverse trigonometric functions, for float64.

- atan of a ratio from 0 to 1: beyond tan(pi / 8) the angle is pi / 4 + atan((n - d) / (n + d)), so that one odd
  polynomial serves; all other angles follow by reflection.
- asin(x) = x + x³ p(x²) up to 1/2; beyond, pi / 2 - 2 asin(sqrt((1 - x) / 2)).

The polynomials are fitted by `scripts/fit_polynomials.py`.
"""

from __future__ import annotations

import math

from chainrule.native.emit import Function, V, number
from chainrule.native.math.formats import magnitude, polynomial, sqrt, with_sign

_ATAN = (
    0.016329855496037591,
    -0.034612210875919378,
    0.045532919425872018,
    -0.052308458415835648,
    0.058789850491034283,
    -0.066664300403890389,
    0.076922966795000422,
    -0.090909087647140695,
    0.1111111110539641,
    -0.14285714285662484,
    0.19999999999999816,
    -0.33333333333333333,
)
_ASIN = (
    0.028999393626857157,
    -0.015213706841797004,
    0.017637970828197212,
    0.0053682724545828269,
    0.010344108752302561,
    0.011475821785543214,
    0.013971565626745663,
    0.017352368332105062,
    0.022372174010973081,
    0.030381944110907248,
    0.044642857146724082,
    0.074999999999982404,
    0.16666666666666668,
)
# What pi / 2, as a float64, lacks.
_HALF_PI_REST = 6.123233995736766e-17


def _atan_of_ratio(f: Function, n: V, d: V) -> V:
    """atan(n / d) for 0 <= n <= d; 0 if both are 0."""
    zero, one = number(0, n.type), number(1, n.type)
    # Equal numbers, which may be infinite or 0, are replaced by others of that ratio.
    equal = f.compare("oeq", n, d)
    n = f.select(equal, f.select(f.compare("oeq", d, zero), zero, one), n)
    d = f.select(equal, one, d)
    # Only the ratio counts: large numbers are made less, so that n + d is finite.
    scale = f.select(f.compare("ogt", d, number(2.0**1000, d.type)), number(2.0**-60, d.type), one)
    n, d = f.mul(n, scale), f.mul(d, scale)
    steep = f.compare("ogt", n, f.mul(d, number(math.sqrt(2) - 1, d.type)))
    t = f.div(f.select(steep, f.sub(n, d), n), f.select(steep, f.add(n, d), d))
    z = f.mul(t, t)
    rest = f.mul(f.mul(t, z), polynomial(f, z, _ATAN))
    rest = f.add(rest, f.select(steep, number(_HALF_PI_REST / 2, t.type), zero))
    return f.add(f.select(steep, number(math.pi / 4, t.type), zero), f.add(t, rest))


def _from(f: Function, whole: float, angle: V) -> V:
    """An angle subtracted from pi (2) or pi / 2 (1), given in quarter turns."""
    rest = f.sub(number(whole * _HALF_PI_REST, angle.type), angle)
    return f.add(number(whole * math.pi / 2, angle.type), rest)


def atan2(f: Function, y: V, x: V) -> V:
    """The angle of the point (x, y), from -pi to pi; signed zeros and infinities count as in C."""
    height, width = magnitude(f, y), magnitude(f, x)
    steep = f.compare("ogt", height, width)
    angle = _atan_of_ratio(f, f.select(steep, width, height), f.select(steep, height, width))
    angle = f.select(steep, _from(f, 1, angle), angle)
    # By its sign bit, -0 is to the left.
    left = f.compare("olt", with_sign(f, number(1, x.type), x), number(0, x.type))
    angle = f.select(left, _from(f, 2, angle), angle)
    angle = f.select(f.compare("uno", y, x), f.add(y, x), angle)
    return with_sign(f, angle, y)


def atan(f: Function, x: V) -> V:
    """The angle from -pi / 2 to pi / 2 with this tangent."""
    return atan2(f, x, number(1, x.type))


def _asin_to_half(f: Function, x: V) -> V:
    """asin from 0 to 1/2."""
    z = f.mul(x, x)
    return f.multiply_add(f.mul(x, z), polynomial(f, z, _ASIN), x)


def _folded(f: Function, size: V) -> tuple[V, V]:
    """Whether |x| is at most 1/2, and the asin of |x|, or of sqrt((1 - |x|) / 2) where it is more."""
    half = number(0.5, size.type)
    small = f.compare("ole", size, half)
    root = sqrt(f, f.mul(half, f.sub(number(1, size.type), size)))
    return small, _asin_to_half(f, f.select(small, size, root))


def asin(f: Function, x: V) -> V:
    """The angle from -pi / 2 to pi / 2 with this sine; NaN beyond 1."""
    small, angle = _folded(f, magnitude(f, x))
    return with_sign(f, f.select(small, angle, _from(f, 1, f.add(angle, angle))), x)


def acos(f: Function, x: V) -> V:
    """The angle from 0 to pi with this cosine; NaN beyond 1."""
    small, angle = _folded(f, magnitude(f, x))
    double = f.add(angle, angle)
    right = f.select(small, _from(f, 1, angle), double)
    left = f.select(small, _from(f, 1, f.neg(angle)), _from(f, 2, double))
    return f.select(f.compare("olt", x, number(0, x.type)), left, right)
