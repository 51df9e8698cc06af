"""Trigonometric functions, for float64.

All rest on `x = n pi / 2 + r` with `|r| <= pi / 4`, and on odd and even minimax polynomials of r, fitted by
`scripts/fit_polynomials.py`; n says which of sine and cosine it is, and the sign. Numbers up to 2**20 pi / 2 are
reduced by subtracting pi / 2 in three parts (Cody and Waite), larger ones by `reduction.reduce_huge`.
"""

from __future__ import annotations

import math

from chainrule.native.emit import Function, V, number
from chainrule.native.math.formats import bits, floats, magnitude, polynomial, round_product, shift_left, with_sign
from chainrule.native.math.reduction import reduce_huge

_SIN = (
    1.5918142570685286e-10,
    -2.5051132049684098e-8,
    2.7557316103656848e-6,
    -0.00019841269836761006,
    0.0083333333333309504,
    -0.16666666666666665,
)
_COS = (
    -1.1382639806157951e-11,
    2.0876146382193723e-9,
    -2.7557317272343775e-7,
    2.480158729876704e-5,
    -0.0013888888888887398,
    0.041666666666666665,
)
# pi / 2 in parts: the first two have 33 digits, so that their products with one of 20 digits are exact.
_HALF_PI = (1.57079632673412561417, 6.07710050630396597660e-11, 2.02226624879595063154e-21)
_FAR = 1.6e6


def _reduced(f: Function, x: V) -> tuple[V, V]:
    """r, and n (i64)."""
    far = f.compare("ogt", magnitude(f, x), number(_FAR, x.type))
    near = f.select(far, number(0, x.type), x)
    n, quarter = round_product(f, near, 2 / math.pi)
    r = near
    for part in _HALF_PI:
        r = f.sub(r, f.mul(n, number(part, x.type)))
    return reduce_huge(f, x, far, r, quarter)


def _sin(f: Function, r: V) -> V:
    z = f.mul(r, r)
    return with_sign(f, f.multiply_add(f.mul(r, z), polynomial(f, z, _SIN), r), r)


def _cos(f: Function, r: V) -> V:
    """1 - z / 2 + z² p(z), and what the first difference loses."""
    z, one = f.mul(r, r), number(1, r.type)
    half = f.mul(number(0.5, r.type), z)
    first = f.sub(one, half)
    lost = f.sub(f.sub(one, first), half)
    return f.add(first, f.multiply_add(f.mul(z, z), polynomial(f, z, _COS), lost))


def _odd(f: Function, quarter: V) -> V:
    return f.convert("trunc", quarter, "i1")


def _signed(f: Function, x: V, quarter: V) -> V:
    """x, turned round in the third and fourth quarter."""
    half = f.binary("and", quarter, number(2, quarter.type))
    return floats(f, f.binary("xor", bits(f, x), shift_left(f, half, 62)))


def sin(f: Function, x: V) -> V:
    """The sine; NaN for infinity."""
    r, quarter = _reduced(f, x)
    return _signed(f, f.select(_odd(f, quarter), _cos(f, r), _sin(f, r)), quarter)


def cos(f: Function, x: V) -> V:
    """The cosine; NaN for infinity."""
    r, quarter = _reduced(f, x)
    chosen = f.select(_odd(f, quarter), _sin(f, r), _cos(f, r))
    return _signed(f, chosen, f.add(quarter, number(1, quarter.type)))


def tan(f: Function, x: V) -> V:
    """The tangent, sine by cosine; NaN for infinity."""
    r, quarter = _reduced(f, x)
    odd, sine, cosine = _odd(f, quarter), _sin(f, r), _cos(f, r)
    return f.div(f.select(odd, f.neg(cosine), sine), f.select(odd, sine, cosine))
