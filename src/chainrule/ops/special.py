"""The error function and its complement in NumPy, which has neither.

Rational approximations of W. J. Cody, "Rational Chebyshev approximation for the error function", Mathematics of
Computation 23 (1969), 631-637: three ranges, each exact to float64 rounding.
"""

from __future__ import annotations

import math

import numpy as np

from chainrule.core.primitive import Array

# |x| <= 0.46875: erf(x) = x * P(x²) / Q(x²)
_NEAR_P = (
    1.85777706184603153e-1,
    3.16112374387056560e0,
    1.13864154151050156e2,
    3.77485237685302021e2,
    3.20937758913846947e3,
)
_NEAR_Q = (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3)
# 0.46875 <= |x| <= 4: erfc(x) = exp(-x²) * P(x) / Q(x)
_MID_P = (
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594e0,
    6.61191906371416295e1,
    2.98635138197400131e2,
    8.81952221241769090e2,
    1.71204761263407058e3,
    2.05107837782607147e3,
    1.23033935479799725e3,
)
_MID_Q = (
    1.0,
    1.57449261107098347e1,
    1.17693950891312499e2,
    5.37181101862009858e2,
    1.62138957456669019e3,
    3.29079923573345963e3,
    4.36261909014324716e3,
    3.43936767414372164e3,
    1.23033935480374942e3,
)
# |x| >= 4: erfc(x) = exp(-x²)/x * (1/sqrt(pi) - P(1/x²) / (x² Q(1/x²)))
_FAR_P = (
    1.63153871373020978e-2,
    3.05326634961232344e-1,
    3.60344899949804439e-1,
    1.25781726111229246e-1,
    1.60837851487422766e-2,
    6.58749161529837803e-4,
)
_FAR_Q = (
    1.0,
    2.56852019228982242e0,
    1.87295284992346725e0,
    5.27905102951428412e-1,
    6.05183413124413191e-2,
    2.33520497626869185e-3,
)


def erf(x: Array) -> Array:
    """The error function of each element, in the dtype of `x` (float32 or float64)."""
    wide = np.asarray(x, np.float64)
    size = np.abs(wide)
    beyond = np.copysign(1 - _complement(size), wide)
    return np.asarray(np.where(size <= 0.46875, _near(wide), beyond), x.dtype)


def erfc(x: Array) -> Array:
    """`1 - erf(x)`, with all its digits also where `erf` is close to 1."""
    wide = np.asarray(x, np.float64)
    size = np.abs(wide)
    beyond = _complement(size)
    return np.asarray(np.where(size <= 0.46875, 1 - _near(wide), np.where(wide < 0, 2 - beyond, beyond)), x.dtype)


def _near(x: Array) -> Array:
    """`erf` where |x| <= 0.46875; NaN stays NaN."""
    squared = np.minimum(x * x, 0.46875**2)
    return np.asarray(x * np.polyval(_NEAR_P, squared) / np.polyval(_NEAR_Q, squared))


def _complement(x: Array) -> Array:
    """`erfc` where x >= 0.46875; NaN stays NaN."""
    mid = np.clip(x, 0.46875, 4.0)
    far = np.clip(x, 4.0, 30.0)  # erfc(30) is 0 in floating numbers
    inverse = 1 / (far * far)
    tail = 1 / math.sqrt(math.pi) - inverse * np.polyval(_FAR_P, inverse) / np.polyval(_FAR_Q, inverse)
    return np.asarray(
        np.where(x <= 4, _bell(mid) * np.polyval(_MID_P, mid) / np.polyval(_MID_Q, mid), _bell(far) / far * tail)
    )


def _bell(x: Array) -> Array:
    """`exp(-x * x)` without the rounding of the square, which would cost digits of a large exponent."""
    coarse = np.trunc(x * 16) / 16
    return np.asarray(np.exp(-coarse * coarse) * np.exp(-(x - coarse) * (x + coarse)))
