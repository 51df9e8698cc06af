"""Checking what users give: each function hands the value back, or says what is wrong with which argument."""

from __future__ import annotations

import math
from collections.abc import Collection
from numbers import Integral, Real
from typing import Any

import numpy as np

from chainrule._tensor import Tensor
from chainrule.errors import ArgumentError


def number(
    name: str,
    value: Any,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    most: float = math.inf,
    below: float = math.inf,
) -> float:
    """A finite number within the limits; a tensor of one element counts by its value."""
    if isinstance(value, Tensor) and value.numel() == 1:
        value = value.item()
    limits = {"at least": least, "above": above, "at most": most, "below": below}
    named = [f", {word} {limit:g}" for word, limit in limits.items() if math.isfinite(limit)]
    expected = "a finite number" + "".join(named)
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise ArgumentError(f"{name} is not a number.", where=name, expected=expected, got=repr(value)[:60])
    found = float(value)
    if not (math.isfinite(found) and least <= found <= most and above < found < below):
        raise ArgumentError(f"{name} makes no sense.", where=name, expected=expected, got=repr(value))
    return found


def measured(name: str, value: Any) -> float:
    """A number that came out of training, such as a loss: NaN and infinity are numbers too."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"{name} is not a number.", where=name, expected="a number or a tensor of one", got=repr(value)[:60]
        ) from None


def numbers(
    name: str, value: Any, length: int, *, least: float = -math.inf, below: float = math.inf
) -> tuple[float, ...]:
    """So many numbers, in a tuple or list."""
    if not isinstance(value, (tuple, list)) or len(value) != length:
        raise ArgumentError(
            f"{name} is not {length} numbers.",
            where=name,
            expected=f"a tuple of {length} numbers",
            got=repr(value)[:60],
        )
    return tuple([number(f"{name}[{i}]", item, least=least, below=below) for i, item in enumerate(value)])


def whole(name: str, value: Any, *, least: int) -> int:
    """A whole number, not below `least`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ArgumentError(
            f"{name} is not a whole number from {least} on.",
            where=name,
            expected=f"{least}, {least + 1}, ...",
            got=repr(value)[:60],
        )
    return int(value)


def flag(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ArgumentError(f"{name} is neither True nor False.", where=name, expected="a bool", got=repr(value)[:60])
    return bool(value)


def choice(name: str, value: Any, options: Collection[Any]) -> Any:
    """One of `options`."""
    if not any(value is option or (isinstance(value, str) and value == option) for option in options):
        raise ArgumentError(
            f"{name} is unknown.", where=name, expected=" or ".join(map(repr, options)), got=repr(value)[:60]
        )
    return value


def tensors(name: str, value: Any) -> list[Tensor]:
    """The parameters of a model, or any other tensors, as a list; a single tensor is a list of one."""
    items = [value] if isinstance(value, Tensor) else list(value) if hasattr(value, "__iter__") else [value]
    for item in items:
        if not isinstance(item, Tensor):
            raise ArgumentError(
                f"{name} holds something that is no tensor.",
                where=name,
                expected="tensors, such as model.parameters()",
                got=repr(item)[:60],
            )
    return items
