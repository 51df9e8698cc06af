"""Arguments that may differ from one parameter group to the next."""

from __future__ import annotations

from typing import Any

from chainrule.errors import ArgumentError
from chainrule.optim.optimizer import Optimizer


def per_group(name: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """`value` for each group of the optimizer: a list has one for each already."""
    count = len(optimizer.param_groups) if isinstance(optimizer, Optimizer) else 1
    if not isinstance(value, (list, tuple)):
        return [value] * count
    if len(value) != count:
        raise ArgumentError(
            f"{name} does not have one value for each parameter group.",
            where=name,
            expected=f"{count} values, or a single one",
            got=f"{len(value)} values",
        )
    return list(value)
