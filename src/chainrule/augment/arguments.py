"""Checks of what augmentations are built with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.nn.arguments import whole


def size_of(layer: object, size: int | Sequence[int]) -> tuple[int, int]:
    """`size` as height and width."""
    both = size if isinstance(size, Sequence) else (size, size)
    if len(both) != 2:
        raise ArgumentError(
            "a size is height and width.", where=type(layer).__name__, expected="(32, 32), or 32", got=size
        )
    height, width = both
    return whole(layer, "size", height), whole(layer, "size", width)


def pair(
    layer: object,
    name: str,
    value: Any,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    most: float = math.inf,
    rising: bool = True,
) -> tuple[float, float]:
    """`value` as two finite numbers within bounds, the second not below the first where they are `rising`."""
    try:
        first, second = map(float, value)
    except (TypeError, ValueError):
        first = second = math.nan
    fits = all(math.isfinite(number) and number > above and least <= number <= most for number in (first, second))
    if not fits or (rising and first > second):
        bounds = [
            "" if least == -math.inf else f", from {least:g}",
            "" if above == -math.inf else f", above {above:g}",
            "" if most == math.inf else f", up to {most:g}",
        ]
        raise ArgumentError(
            f"{name} does not fit.",
            where=type(layer).__name__,
            expected=("two rising numbers" if rising else "two numbers") + "".join(bounds),
            got=repr(value),
        )
    return first, second
