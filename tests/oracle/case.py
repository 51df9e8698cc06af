"""What a case is: a function in the reference's words, and how its inputs are drawn."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

# RandomState, because its stream is frozen for good; that of np.random.Generator may change between releases.
Draw = Callable[[np.random.RandomState], np.ndarray]


@dataclass(frozen=True)
class Case:
    """One question to a reference library."""

    function: Callable[..., Any]
    inputs: Mapping[str, np.ndarray]


class Cases(dict[str, Case]):
    """The cases of one family, by name, and the module (`torch`, `sklearn.metrics`) that answers them."""

    def __init__(self, reference: str) -> None:
        super().__init__()
        self.reference = reference

    def add(self, name: str, function: Callable[..., Any], **inputs: Draw | np.ndarray) -> None:
        """Add a case: `function(reference, **inputs)`."""
        if name in self:
            raise ValueError(f"there are two cases called {name!r}")
        self[name] = Case(function, {key: _drawn(spec, f"{name}/{key}") for key, spec in inputs.items()})


def normal(*shape: int, dtype: Any = np.float64) -> Draw:
    """Draw from the standard normal distribution."""
    return lambda random: _rounded(random.standard_normal(shape)).astype(dtype)


def uniform(*shape: int, low: float = 0.0, high: float = 1.0, dtype: Any = np.float64) -> Draw:
    """Draw evenly from `low` to `high`."""
    return lambda random: _rounded(random.uniform(low, high, shape)).astype(dtype)


def integers(*shape: int, low: int = 0, high: int, dtype: Any = np.int64) -> Draw:
    """Draw whole numbers from `low` up to, but not including, `high`."""
    return lambda random: random.randint(low, high, shape).astype(dtype)


def _drawn(spec: Draw | np.ndarray, seed: str) -> np.ndarray:
    if isinstance(spec, np.ndarray):
        return spec
    return spec(np.random.RandomState(zlib.crc32(seed.encode())))


def _rounded(values: np.ndarray | float) -> np.ndarray:
    """Whole multiples of 2^-20: the last bits of log and cos differ between machines, inputs must not."""
    return np.asarray(np.round(np.asarray(values) * 2**20) / 2**20)
