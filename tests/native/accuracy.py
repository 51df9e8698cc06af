"""How far results are from the truth, in units in the last place; and which arguments to look at."""

from __future__ import annotations

import numpy as np

# The functions that are not exact by nature, with the largest error allowed, in units in the last place, for float32
# and for float64. Those of float32 are what `scripts/measure_mathematics.py` found (docs/performance.md).
LIMITS = {
    "exp": (1.1, 1.1),
    "expm1": (1.76, 2.0),
    "log": (0.84, 0.9),
    "log1p": (1.41, 1.5),
    "sqrt": (0.5001, 0.5001),
    "rsqrt": (1.5, 1.51),
    "sigmoid": (1.9, 1.9),
    "tanh": (2.13, 2.1),
    "erf": (1.28, 1.4),
    "erfc": (4.0, 3.0),
    "sin": (0.501, 2.5),
    "cos": (0.501, 2.5),
    "tan": (0.501, 4.1),
    "asin": (0.501, 2.3),
    "acos": (0.501, 1.3),
    "atan": (0.501, 2.0),
    "sinh": (0.501, 2.9),
    "cosh": (0.501, 3.2),
    "asinh": (0.501, 2.0),
    "acosh": (0.501, 2.8),
    "atanh": (0.501, 2.3),
}
LIMITS_OF_TWO = {"pow": (0.501, 1.2), "atan2": (0.501, 2.0)}

SPECIAL = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 2.5, 1e10, -1e10, 0.1, -0.1, 1 / 3),
    *(np.inf, -np.inf, np.nan, 1e-45, -1e-45, 1e-40, 1e-38, 3.4e38, -3.4e38, 88.7, 88.8, -87.5, -103.9, -104.1),
    *(5e-324, -1e-310, 1e300, -1e300, 709.7, 709.8, 710.4, -745.1, -745.2),
    *(2.0**23 + 1, 2.0**24 - 1, 2.0**52 + 1, -(2.0**52) - 1, 2.0**53 - 1, 2.0**53, 1 - 2.0**-53, 1 + 2.0**-52),
)


def every_float32(step: int, seed: int = 0) -> np.ndarray:
    """A float32 from each `step` neighbouring ones, infinities and NaN among them, and the special ones."""
    first = np.arange(0, 2**32, step, dtype=np.int64)
    chosen = first + np.random.default_rng(seed).integers(0, step, first.size)
    with np.errstate(over="ignore"):
        return np.concatenate([chosen.astype(np.uint32).view(np.float32), np.array(SPECIAL, np.float32)])


def some_float64(count: int, seed: int = 0) -> np.ndarray:
    """Float64 of all exponents, more of the usual ones, those where formulas change, and the special ones."""
    rng = np.random.default_rng(seed)
    return np.concatenate(
        [
            rng.integers(0, 2**64, count, dtype=np.uint64).view(np.float64),
            rng.normal(size=count),
            rng.uniform(-750, 750, count),
            1 + rng.normal(size=count) * 1e-3,
            np.arange(1, count) * np.pi / 2,
            np.arange(1, count) * np.log(2) / 2,
            np.array(SPECIAL),
        ]
    )


def numbers(dtype: np.dtype, count: int = 500) -> np.ndarray:
    """Special values and limits of a dtype, and random ones."""
    rng = np.random.default_rng(dtype.num)
    if dtype.kind == "b":
        return rng.integers(0, 2, count).astype(bool)
    if dtype.kind == "f":
        bits = rng.integers(0, 2**63, count, dtype=np.uint64).astype(f"u{dtype.itemsize}").view(dtype)
        with np.errstate(over="ignore"):
            return np.concatenate([np.array(SPECIAL, dtype), bits, (rng.normal(size=count) * 100).astype(dtype)])
    info = np.iinfo(dtype)
    limits = [info.min, info.min + 1, info.max, info.max - 1, 0, 1, 2, 3, 7]
    small = rng.integers(-9 if info.min else 0, 9, count)
    return np.concatenate([limits, small, rng.integers(info.min, info.max, count, dtype)]).astype(dtype)


def pairs(dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Each of the first 45 numbers with each, then others."""
    x = numbers(dtype)
    a, b = (side.ravel() for side in np.meshgrid(x[:45], x[:45]))
    return np.concatenate([a, x]), np.concatenate([b, np.roll(x, 7)])


def errors(result: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The distance of each result from a truth of more digits, in units in the last place; of NaN to NaN it is 0."""
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = truth.astype(result.dtype)
        last_binade = np.finfo(result.dtype).max / 2
        unit = np.spacing(np.minimum(np.abs(rounded), last_binade)) * np.where(np.abs(rounded) > last_binade, 2, 1)
        error = np.abs(result.astype(truth.dtype) - truth) / unit.astype(truth.dtype)
    agree = (result == rounded) | (np.isnan(result) & np.isnan(rounded))
    return np.where(agree & ~np.isfinite(rounded), 0, np.where(np.isnan(error), np.inf, error)).astype(float)


def same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where two arrays are equal, the signs of zeros included; all NaN are one."""
    if a.dtype.kind != "f":
        return np.asarray(a == b)
    return np.asarray(((a == b) & (np.signbit(a) == np.signbit(b))) | (np.isnan(a) & np.isnan(b)))
