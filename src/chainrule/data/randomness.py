"""Random numbers for splitting and shuffling: a pure function of the seed, and of nothing else."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError

__all__ = ["SAMPLING", "SHUFFLING", "SKIPPING", "SPLITTING", "check_seed", "generator"]

# Each use has a stream of its own, so that a split and a shuffle with one seed have nothing in common.
SPLITTING, SHUFFLING, SAMPLING, SKIPPING = 1, 2, 3, 4


def generator(seed: int, *stream: int) -> np.random.Generator:
    """A counter-based generator (Philox) for this seed and stream, whatever NumPy's global state is.

    Args:
        seed: A whole number, 0 or above.
        *stream: What the numbers are for, such as `(SHUFFLING, epoch)`.

    Raises:
        ArgumentError: The seed is no whole number, or negative.

    Example:
        >>> generator(7, SPLITTING).integers(100) == generator(7, SPLITTING).integers(100)
        np.True_
    """
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([check_seed(seed), *stream])))


def check_seed(seed: Any) -> int:
    """The seed, if it is a whole number of 0 or above; an ArgumentError otherwise."""
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if number < 0:
        raise ArgumentError(
            "a seed is a whole number.", where="seed", expected="an integer, 0 or above", got=repr(seed)
        )
    return number
