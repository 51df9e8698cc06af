"""Whether Python values are still what they were: plain ones by value, all others by identity."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np

from chainrule.core.held import Symbol
from chainrule.core.node import Handle

# Stands where there is nothing: a name or variable without a value.
MISSING = object()

_PLAIN = (bool, int, float, complex, str, bytes, type(None), Enum, np.dtype, np.generic, slice, range)


def frozen(value: Any) -> Any:
    """`value` as it is now: lists, dicts and sets become tuples of their content, which later changes do not reach."""
    if isinstance(value, (list, tuple)):
        return tuple([frozen(item) for item in value])
    if isinstance(value, dict):
        return tuple([(key, frozen(item)) for key, item in value.items()])
    return frozenset(value) if isinstance(value, set) else value


def same(a: Any, b: Any) -> bool:
    """Whether two frozen values are the same.

    >>> same((1, "a"), (1, "a")), same(1, True), same(float("nan"), float("nan"))
    (True, False, True)
    """
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, frozenset):
        return bool(a == b)
    return isinstance(a, _PLAIN) and bool(a == b or (a != a and b != b))


def is_put_away(value: Any) -> bool:
    """Whether these are tensors that a traced function has made and put away: they are state from then on."""
    if isinstance(value, (list, tuple)):
        return len(value) > 0 and all(map(is_put_away, value))
    if isinstance(value, dict):
        return len(value) > 0 and all(map(is_put_away, value.values()))
    return isinstance(value, Handle) and not isinstance(value.node.held, Symbol)


def shown(value: Any) -> str:
    """`value` in a message."""
    if value is MISSING:
        return "nothing"
    if isinstance(value, Handle):
        return f"a tensor of shape {value.node.shape}"
    if isinstance(value, (*_PLAIN, tuple, frozenset)):
        text = repr(value)
        return text if len(text) <= 60 else text[:57] + "..."
    return getattr(value, "__qualname__", None) or f"a {type(value).__name__}"
