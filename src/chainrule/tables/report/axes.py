"""Where data stands in a chart: round numbers for its ticks, and the way from numbers to places."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """One direction of a chart.

    Attributes:
        low: The number at its start.
        high: The number at its end, which is larger.
        ticks: The round numbers to mark.
    """

    low: float
    high: float
    ticks: tuple[float, ...]

    @classmethod
    def over(cls, values: Iterable[float], *, count: int = 5, whole: bool = False, tight: bool = False) -> Axis:
        """An axis that holds all values.

        Args:
            values: Finite numbers; none at all give an axis from 0 to 1.
            count: About how many ticks there shall be.
            whole: Whether only whole numbers are marked.
            tight: Whether it ends with the values, not at the next ticks.

        >>> Axis.over([0.13, 0.78]).labels()
        ['0.0', '0.2', '0.4', '0.6', '0.8']
        """
        there = list(values) or [0.0, 1.0]
        low, high = min(there), max(there)
        if high - low <= 1e-9 * max(abs(low), abs(high)):
            margin = abs(low) / 10 or 0.5
            low, high = low - margin, high + margin
        step = max(_round_step((high - low) / count), 1.0 if whole else 0.0)
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if tight:
            first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        ticks = tuple(number * step for number in range(first, last + 1))
        return cls(low, high, ticks) if tight else cls(ticks[0], ticks[-1], ticks)

    def share(self, value: float) -> float:
        """How far along the axis a value stands, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)

    def labels(self) -> list[str]:
        """The ticks as text, all with as many decimals as tell them apart.

        >>> Axis.over([0, 1_900_000]).labels()
        ['0', '500k', '1000k', '1500k', '2000k']
        """
        largest = max(map(abs, self.ticks), default=0.0)
        scale, unit = next(((scale, unit) for scale, unit in _UNITS if largest >= scale * 10), (1.0, ""))
        if largest and not 1e-4 <= largest < 1e15:
            return [f"{tick:.2g}" for tick in self.ticks]
        step = (self.ticks[1] - self.ticks[0]) / scale if len(self.ticks) > 1 else 1.0
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        decimals += round(step, decimals) != round(step, decimals + 1)
        return [f"{tick / scale:.{decimals}f}{unit if tick else ''}".replace("-", "−") for tick in self.ticks]


_UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is no smaller."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least * (1 - 1e-9))
