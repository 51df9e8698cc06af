"""Numbers brought to a range that a network can use, by what the training part shows of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

Way = Literal["standardise", "robust", "log", "minmax"]

# From so many spreads on, a number is far out: among a million normally distributed ones there is none.
FAR = 8.0
# Where so many of a hundred numbers are beyond this many spreads, it is no accident but a long tail.
TAIL = 4.0
# Squares of larger numbers overflow; nothing that anybody measures is as large.
LARGEST = 1e100


@dataclass(frozen=True)
class Scaling:
    """`x` in spreads from the centre, `(x - centre) / spread`, cut at ±8; on long tails, the signed logarithm before.

    Attributes:
        way: Which statistics centre and spread are.
        centre: What becomes 0.
        spread: What becomes 1.
        unit: For "log", which is `sign(u) log(1 + |u|)` of `u = (x - origin) / unit`.
        origin: The same.
    """

    way: Way
    centre: float
    spread: float
    origin: float = 0.0
    unit: float = 1.0

    @classmethod
    def of(cls, x: NDArray[np.float64], way: Way | Literal["auto"]) -> Self:
        """Learn from numbers, of which there must be one."""
        ordered = np.sort(np.clip(x, -LARGEST, LARGEST))
        low, median, high = _quantiles(ordered, 0.25, 0.5, 0.75)
        unit = _or_one((high - low) / 1.349) if high > low else _or_one(_typical_distance(ordered, median))
        if way == "auto":
            way = _fitting(np.abs(ordered - median) / unit)
        if way == "robust":
            return cls(way, median, unit)
        if way == "minmax":
            return cls(way, float(ordered[0]), _or_one(float(ordered[-1] - ordered[0])))
        if way == "log":
            ordered = _signed_log((ordered - median) / unit)
            return cls(way, *mean_and_std(ordered), origin=median, unit=unit)
        return cls(way, *mean_and_std(ordered))

    def __call__(self, x: NDArray[np.float64]) -> NDArray[np.float32]:
        """The numbers, scaled."""
        with np.errstate(over="ignore", under="ignore"):
            z = np.clip(x, -LARGEST, LARGEST)
            if self.way == "log":
                z = _signed_log((z - self.origin) / self.unit)
            z = (z - self.centre) / self.spread
            return np.clip(z, -FAR, FAR, out=z).astype(np.float32)

    def __str__(self) -> str:
        if self.way == "log":
            return f"long tail: signed logarithm of (x {minus(self.origin)}) / {self.unit:.4g}, standardised"
        formula = f"(x {minus(self.centre)}) / {self.spread:.4g}"
        if self.way == "robust":
            return f"outliers: by median and quartiles, {formula}, cut at ±{FAR:g}"
        return f"by least and largest, {formula}" if self.way == "minmax" else formula


def _quantiles(ordered: NDArray[np.float64], *shares: float) -> list[float]:
    return [float(each) for each in np.quantile(ordered, shares)]


def _typical_distance(ordered: NDArray[np.float64], median: float) -> float:
    """From the median to the others, where half of all numbers or more are the same."""
    others = ordered[ordered != median]
    return float(np.median(np.abs(others - median))) if len(others) else 1.0


def _fitting(distances: NDArray[np.float64]) -> Way:
    """How numbers at these distances from their median, in spreads, are scaled best."""
    if np.quantile(distances, 0.99) > TAIL:
        return "log"
    return "robust" if distances.max() > FAR else "standardise"


def mean_and_std(x: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard deviation; 1 for that of a constant.

    Example:
        >>> mean_and_std(np.array([1.0, 3.0])), mean_and_std(np.array([0.1, 0.1, 0.1]))
        ((2.0, 1.0), (0.1, 1.0))
    """
    # Distances to the first: those of a constant are exactly 0.
    distances = x - x[0]
    return float(x[0] + distances.mean()), _or_one(float(distances.std()))


def _or_one(spread: float) -> float:
    """A spread to divide by: a constant column stays 0."""
    return spread if spread > 0 else 1.0


def _signed_log(u: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.copysign(np.log1p(np.abs(u)), u)


def minus(number: float) -> str:
    """A number that is taken away, as one writes it: "- 5", "+ 5".

    Example:
        >>> minus(5), minus(-5)
        ('- 5', '+ 5')
    """
    return f"{'+' if number < 0 else '-'} {abs(number):.4g}"
