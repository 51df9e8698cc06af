"""The optimizer of a schedule, and arguments that may differ from one of its parameter groups to the next."""

from __future__ import annotations

from typing import Any

from chainrule.errors import ArgumentError
from chainrule.optim.optimizer import Optimizer


def checked(optimizer: Any) -> Optimizer:
    """`optimizer`, if it is one."""
    if not isinstance(optimizer, Optimizer):
        raise ArgumentError("a schedule needs an optimizer.", where="optimizer", got=repr(optimizer)[:60])
    return optimizer


def per_group(name: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """`value` for each group of the optimizer: a list has one for each already."""
    count = len(checked(optimizer).param_groups)
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
