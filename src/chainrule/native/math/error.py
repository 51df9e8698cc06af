"""The error function and its complement.

- float32, near 0: erf(x) = x + x p(x²); farther out: 1 - exp(p(|x|)), with p fitted to ln erfc.
- erfc(x) = exp(-x²) p(t) / (1 + 2 x) in t = (x - c) / (x + c), which maps all x >= 0 to one interval, after
  M. M. Shepherd and J. G. Laframboise, "Chebyshev approximation of (1 + 2x) exp(x²) erfc(x)", Mathematics of
  Computation 36 (1981), 249-253; near 0 it is 1 - erf.
- float64: erf near 0 is x + x p(x²), and 1 - erfc farther out.

The polynomials are fitted by `scripts/fit_polynomials.py`.
"""

from __future__ import annotations

from chainrule.native.emit import Function, V, number
from chainrule.native.math.exponential import exp, exp_of_moderate
from chainrule.native.math.formats import at_most, magnitude, polynomial, product, with_sign

# From 0 to these, `near` holds.
_BORDER = {"float": 0.9, "double": 0.65}
# Up to about here erf is less than erfc, so that 1 - erf keeps its digits.
_HALF = {"float": 0.45, "double": 0.65}
_NEAR = {
    "float": (-0.000611129401, 0.00501622874, -0.0267819571, 0.1128223, -0.376125324, 0.128379155),
    "double": (
        -1.3534424523778638e-7,
        1.6216553794985063e-6,
        -1.4913658507836374e-5,
        0.0001205497668560806,
        -0.00085483204497372448,
        0.0052239775514705179,
        -0.026866170640345218,
        0.11283791670939391,
        -0.37612638903183552,
        0.12837916709551257,
    ),
}
_LOG_ERFC = (0.000198219347, -0.0030654876, 0.0223152034, -0.104113661, -0.636976102, -1.12779723, -0.000166449818)
# The middle of the interval, where erfc is 0 in this format, and the polynomial.
_CENTRE = {"float": 2.0, "double": 4.0}
_END = {"float": 10.1, "double": 28.0}
_ERFC_FLOAT = (
    -0.000400610274,
    -0.00123037144,
    0.00131325032,
    0.00863219775,
    -0.00805960474,
    -0.054204501,
    0.164055278,
    -0.166031398,
    -0.0927639771,
    1.27697839,
)
_ERFC_DOUBLE = (
    -1.7163129526376949e-9,
    -1.3399127654658227e-8,
    -7.8175072983316284e-9,
    1.145760044102716e-7,
    6.2492343919521181e-8,
    -8.3422339490828354e-7,
    3.0183370847347409e-7,
    5.7172524399118276e-6,
    -1.122520056149344e-5,
    -2.4402906497125731e-5,
    0.00015062243734778683,
    -0.00019925557642393935,
    -0.00075777339584351322,
    0.0050319697673546503,
    -0.016197734049917336,
    0.037167515561312034,
    -0.066330365812416743,
    0.093732834996864734,
    -0.1010390660363088,
    0.068097054254735225,
    0.015379652102619923,
    -0.13962111684056287,
    1.2329951186255525,
)


def erf(f: Function, x: V) -> V:
    """The error function."""
    size = magnitude(f, x)
    complement = _complement_near_1(f, size) if x.element == "float" else _complement(f, size)
    far = with_sign(f, f.sub(number(1, x.type), complement), x)
    return f.select(_is_far(f, size), far, _near(f, x))


def erfc(f: Function, x: V) -> V:
    """1 - erf(x)."""
    size = magnitude(f, x)
    complement = _complement(f, size)
    far = f.select(f.compare("olt", x, number(0, x.type)), f.sub(number(2, x.type), complement), complement)
    is_far = f.compare("ogt", size, number(_HALF[x.element], x.type))
    return f.select(is_far, far, f.sub(number(1, x.type), _near(f, x)))


def _is_far(f: Function, size: V) -> V:
    return f.compare("ogt", size, number(_BORDER[size.element], size.type))


def _near(f: Function, x: V) -> V:
    """erf near 0."""
    return f.multiply_add(x, polynomial(f, f.mul(x, x), _NEAR[x.element]), x)


def _complement_near_1(f: Function, size: V) -> V:
    """erfc of a float32 from 0.9, as exactly as 1 - erfc needs it: beyond 4 it is nothing."""
    return exp_of_moderate(f, polynomial(f, at_most(f, size, 4.0), _LOG_ERFC))


def _complement(f: Function, size: V) -> V:
    """erfc from 0 to where it is nothing."""
    size = at_most(f, size, _END[size.element])
    centre = number(_CENTRE[size.element], size.type)
    t = f.div(f.sub(size, centre), f.add(size, centre))
    # Rounding x² would cost digits of a large exponent: what it loses is made good.
    squared, lost = product(f, size, size)
    bell = exp(f, f.neg(squared), f.neg(lost))
    scale = f.multiply_add(size, number(2, size.type), number(1, size.type))
    fitted = polynomial(f, t, _ERFC_FLOAT if size.element == "float" else _ERFC_DOUBLE)
    return f.div(f.mul(bell, fitted), scale)
