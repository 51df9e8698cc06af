"""NumPy's names for PyTorch's arguments."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def numpy_names(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, which then takes NumPy's `axis` and `keepdims` for `dim` and `keepdim` as well, as PyTorch's do.

    >>> cr.sum(cr.ones(2, 3), axis=1, keepdims=True).shape
    (2, 1)
    """

    @functools.wraps(function)
    def named(*args: P.args, **kwargs: P.kwargs) -> R:
        if "axis" in kwargs:
            kwargs["dim"] = kwargs.pop("axis")
        if "keepdims" in kwargs:
            kwargs["keepdim"] = kwargs.pop("keepdims")
        return function(*args, **kwargs)

    return named
