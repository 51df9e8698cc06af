"""Exponentials: exp, expm1, sigmoid, and the hyperbolic functions sinh, cosh and tanh.

All rest on `exp(x) = 2**n * exp(r)` with `n = round(x / ln 2)` and `r = x - n ln 2`, so `|r| <= ln(2) / 2`, where ln 2
is subtracted in two parts (Cody and Waite) of which the first has so few digits that its multiples are exact; and on
`exp(r) - 1 = r + r² q(r)` with the minimax polynomial q of `scripts/fit_polynomials.py`.
"""

from __future__ import annotations

import math

from chainrule.native.emit import Function, V, number
from chainrule.native.math.formats import (
    at_least,
    at_most,
    format_of,
    magnitude,
    polynomial,
    power_of_two,
    round_product,
    with_sign,
)

_Q = {
    "float": (0.00139411518, 0.00836319707, 0.0416663748, 0.166665769, 0.500000003),
    "double": (
        2.0921611481262383e-9,
        2.5105245732628405e-8,
        2.7557252846097369e-7,
        2.7557255330974882e-6,
        2.4801587347409608e-5,
        0.00019841269874875416,
        0.0013888888888874368,
        0.0083333333333261194,
        0.041666666666666684,
        0.16666666666666671,
        0.5,
    ),
}
# The first part has 9 (31) digits, so that it can be multiplied by any exponent without rounding.
_LN2 = {"float": (0.693359375, -2.12194440055e-4), "double": (0.693147180369123816490, 1.90821492927058770002e-10)}
# Below, exp(x) rounds to 0; above, to infinity.
_LOW = {"float": -104.0, "double": -746.0}
_HIGH = {"float": 89.0, "double": 710.0}
# Below, exp(x) - 1 rounds to -1.
_LOW_LESS_ONE = {"float": -20.0, "double": -40.0}


def _reduced(f: Function, x: V, low: V | None = None) -> tuple[V, V]:
    """exp(r) - 1, and n as a whole number, of an x within the range where exp is finite; `low` is added to x."""
    n, exponent = round_product(f, x, 1 / math.log(2))
    first, second = _LN2[x.element]
    r = f.multiply_add(n, number(-first, x.type), x)
    r = f.multiply_add(n, number(-second, x.type), r)
    r = f.add(r, low) if low else r
    return f.multiply_add(f.mul(r, r), polynomial(f, r, _Q[x.element]), r), exponent


def exp(f: Function, x: V, low: V | None = None) -> V:
    """e to the power of x (and what x lacks, if that is known).

    It is multiplied by a power of two within the normal range, and then by one that only its sign decides, so that the
    result may be denormal or infinite.
    """
    less_one, exponent = _reduced(f, at_most(f, at_least(f, x, _LOW[x.element]), _HIGH[x.element]), low)
    step = format_of(x).bias // 2 + 1
    negative = f.compare("olt", x, number(0, x.type))
    offset = f.select(negative, number(step, exponent.type), number(-step, exponent.type))
    first = power_of_two(f, f.add(exponent, offset))
    second = f.select(negative, number(2.0**-step, x.type), number(2.0**step, x.type))
    return f.mul(f.multiply_add(less_one, first, first), second)


def exp_of_moderate(f: Function, x: V) -> V:
    """exp where the result is neither denormal nor infinite; NaN stays NaN."""
    less_one, exponent = _reduced(f, x)
    scale = power_of_two(f, exponent)
    return f.multiply_add(less_one, scale, scale)


def _half_expm1(f: Function, x: V) -> V:
    """(2**n (exp(r) - 1) + (2**n - 1)) / 2, which does not overflow earlier than its double; 0 for -0."""
    less_one, exponent = _reduced(f, at_most(f, at_least(f, x, _LOW_LESS_ONE[x.element]), _HIGH[x.element]))
    half = power_of_two(f, f.sub(exponent, number(1, exponent.type)))
    return f.multiply_add(half, less_one, f.sub(half, number(0.5, x.type)))


def expm1(f: Function, x: V) -> V:
    """exp(x) - 1."""
    half = _half_expm1(f, x)
    return with_sign(f, f.add(half, half), x)


def sigmoid(f: Function, x: V) -> V:
    """1 - q, or e - e q for negative x, where e = exp(-|x|) and q = e / (1 + e).

    Nothing overflows, and the roundings of q count for less than they would in 1 / (1 + e) and e / (1 + e).
    """
    one = number(1, x.type)
    e = exp(f, f.neg(magnitude(f, x)))
    quotient = f.div(e, f.add(one, e))
    factor = f.select(f.compare("oge", x, number(0, x.type)), one, e)
    return f.multiply_add(f.neg(factor), quotient, factor)


def tanh(f: Function, x: V) -> V:
    """h / (1 + h) with the sign of x, where h = (exp(2 |x|) - 1) / 2.

    As in `sigmoid`, it is computed as h - h q for q = h / (1 + h), and as 1 - q for q = 1 / (1 + h) where h is above 1.
    """
    # Beyond 20, the result is 1.
    doubled = at_most(f, f.mul(magnitude(f, x), number(2, x.type)), 40.0)
    h = _half_expm1(f, doubled)
    factor = at_most(f, h, 1.0)
    quotient = f.div(factor, f.add(number(1, x.type), h))
    return with_sign(f, f.multiply_add(f.neg(factor), quotient, factor), x)


def sinh(f: Function, x: V) -> V:
    """(t + t / (t + 1)) / 2 for t = exp(|x|) - 1; where exp(-|x|) no longer counts, half of exp(|x| / 2) squared."""
    size, half = magnitude(f, x), number(0.5, x.type)
    t = expm1(f, size)
    near = f.mul(half, f.add(t, f.div(t, f.add(t, number(1, x.type)))))
    root = exp(f, f.mul(half, size))
    far = f.mul(f.mul(half, root), root)
    return with_sign(f, f.select(f.compare("ogt", size, number(22, x.type)), far, near), x)


def cosh(f: Function, x: V) -> V:
    """h + 1 / (4 h) for h = exp(|x|) / 2, which is squared from exp(|x| / 2) since exp(|x|) overflows too early."""
    root = exp(f, f.mul(magnitude(f, x), number(0.5, x.type)))
    h = f.mul(f.mul(root, number(0.5, x.type)), root)
    return f.add(h, f.div(number(0.25, x.type), h))
