"""Print the coefficients in `chainrule/native/math`: minimax polynomials by Remez's exchange, in 60 digits.

Each is the polynomial of its length whose largest weighted error over the interval is least; the error is printed
beside it in bits. Needs mpmath, which nothing else of the project does: `pip install mpmath`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import mpmath as mp

mp.mp.dps = 60
GRID = 1500

Function = Callable[[mp.mpf], mp.mpf]


class Fit(NamedTuple):
    """What is to be approximated."""

    name: str
    function: Function
    low: float
    high: float
    terms: int
    weight: Function = lambda x: mp.mpf(1)


def remez(fit: Fit) -> tuple[list[mp.mpf], mp.mpf]:
    """The coefficients, highest power first, and the largest weighted error."""
    low, high = mp.mpf(fit.low), mp.mpf(fit.high)
    grid = [(low + high - (high - low) * mp.cos(mp.pi * (i + mp.mpf(1) / 2) / GRID)) / 2 for i in range(GRID)]
    exact = [fit.function(x) for x in grid]
    weight = [fit.weight(x) for x in grid]
    chosen = [round(i * (GRID - 1) / fit.terms) for i in range(fit.terms + 1)]
    for _ in range(30):
        system = mp.matrix(fit.terms + 1)
        right = mp.matrix(fit.terms + 1, 1)
        for row, i in enumerate(chosen):
            for power in range(fit.terms):
                system[row, power] = grid[i] ** power
            system[row, fit.terms] = (-1) ** row / weight[i]
            right[row] = exact[i]
        solution = mp.lu_solve(system, right)
        coefficients = [solution[power] for power in reversed(range(fit.terms))]
        errors = [(y - mp.polyval(coefficients, x)) * w for x, y, w in zip(grid, exact, weight, strict=True)]
        following = alternating(errors, fit.terms + 1)
        if following == chosen:
            break
        chosen = following
    return coefficients, max(map(abs, errors))


def alternating(errors: list[mp.mpf], count: int) -> list[int]:
    """The places of `count` errors of alternating sign, the largest ones."""
    places: list[int] = []
    for i, error in enumerate(errors):
        if places and (error > 0) == (errors[places[-1]] > 0):
            if abs(error) > abs(errors[places[-1]]):
                places[-1] = i
        else:
            places.append(i)
    while len(places) > count:
        places.pop(0 if abs(errors[places[0]]) < abs(errors[places[-1]]) else -1)
    return places


def log_erfc(x: mp.mpf) -> mp.mpf:
    """ln erfc(x)."""
    return mp.log(mp.erfc(x))


def scaled_erfc(centre: int) -> Function:
    """(1 + 2 x) exp(x²) erfc(x) for x = c (1 + t) / (1 - t)."""

    def scaled(t: mp.mpf) -> mp.mpf:
        x = centre * (1 + t) / (1 - t)
        return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)

    return scaled


def in_square(series: Callable[[mp.mpf], mp.mpf]) -> Function:
    """A function of z = x², given as one of x."""
    return lambda z: series(mp.sqrt(z))


EIGHTH = mp.sqrt(2) - 1  # tan(pi / 8)
LARGEST_S = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)  # (m - 1) / (m + 1) for m up to sqrt(2)

EXP: Function = lambda r: (mp.expm1(r) - r) / r**2  # noqa: E731  # a formula
ATANH = in_square(lambda s: 2 * (mp.atanh(s) / s - 1) / s**2)

FITS = (
    Fit("exponential float32: (exp(r) - 1 - r) / r²", EXP, -0.3467, 0.3467, 5),
    Fit("exponential float64: (exp(r) - 1 - r) / r²", EXP, -0.3467, 0.3467, 11),
    Fit("logarithm float32: 2 (atanh(s) / s - 1) / z in z = s²", ATANH, 1e-20, LARGEST_S**2, 4),
    Fit("logarithm float64: 2 (atanh(s) / s - 1) / z in z = s²", ATANH, 1e-20, LARGEST_S**2, 7),
    Fit(
        "power: (atanh(s) / s - 1 - z / 3) / z² in z = s²",
        in_square(lambda s: (mp.atanh(s) / s - 1 - s**2 / 3) / s**4),
        1e-9,
        LARGEST_S**2,
        8,
    ),
    Fit("erf float32, near: erf(x) / x - 1 in z = x²", in_square(lambda x: mp.erf(x) / x - 1), 1e-20, 0.9**2, 6),
    Fit("erf float32, far: ln erfc(x)", log_erfc, 0.9, 4.0, 7, lambda x: mp.erfc(x) / mp.erf(x)),
    Fit("erf float64, near: erf(x) / x - 1 in z = x²", in_square(lambda x: mp.erf(x) / x - 1), 1e-20, 0.65**2, 10),
    Fit("erfc float32: (1 + 2 x) exp(x²) erfc(x) in t = (x - 2) / (x + 2)", scaled_erfc(2), -1, 0.67, 10),
    Fit("erfc float64: (1 + 2 x) exp(x²) erfc(x) in t = (x - 4) / (x + 4)", scaled_erfc(4), -1, 0.75, 23),
    Fit(
        "sin: (sin(r) / r - 1) / z in z = r²", in_square(lambda r: (mp.sin(r) / r - 1) / r**2), 1e-20, mp.pi**2 / 16, 6
    ),
    Fit(
        "cos: (cos(r) - 1 + z / 2) / z² in z = r²",
        in_square(lambda r: (mp.cos(r) - 1 + r**2 / 2) / r**4),
        1e-9,
        mp.pi**2 / 16,
        6,
    ),
    Fit(
        "atan: (atan(t) / t - 1) / z in z = t²", in_square(lambda t: (mp.atan(t) / t - 1) / t**2), 1e-20, EIGHTH**2, 12
    ),
    Fit("asin: (asin(x) / x - 1) / z in z = x²", in_square(lambda x: (mp.asin(x) / x - 1) / x**2), 1e-20, 0.25, 13),
)

if __name__ == "__main__":
    for fit in FITS:
        coefficients, error = remez(fit)
        digits = 9 if "float32" in fit.name else 17
        print(f"{fit.name}, error 2^{mp.nstr(mp.log(error, 2), 3)}")
        for coefficient in coefficients:
            print(f"    {mp.nstr(coefficient, digits)},")

    mp.mp.prec = 2000
    print("2 / pi, 64 zeros and then its digits, in words of 64")
    digits_of = int(2 / mp.pi * mp.mpf(2) ** 1280)
    for word in reversed(range(-1, 20)):
        print(f"    0x{digits_of >> 64 * word & (1 << 64) - 1 if word >= 0 else 0:016X},")
