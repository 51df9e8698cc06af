"""Columns that give the answer away together: the target is a sum of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.findings.base import Finding, Sample, is_ordered, listed, numbers, options
from chainrule.tables.splits import is_class

# What is left of the variance by rounding, not by chance.
_EXACT = 0.99999


def check(sample: Sample) -> Iterator[Finding]:
    """Fit each number to be predicted by a sum of the others on half of the rows, and try it on the other half."""
    names = [field.name for field in sample.inputs if field.kind == "number" and is_ordered(sample.values(field.name))]
    if len(names) < 2:
        return
    inputs = np.stack([numbers(sample.values(name)) for name in names], axis=1)
    for target in sample.schema.targets:
        if is_class(target):
            continue
        y = numbers(sample.values(target.name))
        complete = np.isfinite(inputs).all(axis=1) & np.isfinite(y)
        if complete.sum() < 10 * len(names) or complete.sum() < 50:
            continue
        parts = _parts_of(inputs[complete], y[complete])
        if len(parts) > 1:
            chosen = tuple(names[index] for index in parts)
            message = f"{target.name!r} can be computed from {listed(chosen)}: it is a weighted sum of them"
            yield Finding("sum", "warning", chosen, message, options("--drop", chosen))


def _parts_of(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[int]:
    """Which columns the numbers are a sum of; none where they are none."""
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    y = y - y.mean()
    rows = np.arange(len(y)) % 2 == 0
    weights = np.linalg.lstsq(np.c_[x[rows], np.ones(rows.sum())], y[rows], rcond=None)[0]
    left = y[~rows] - np.c_[x[~rows], np.ones((~rows).sum())] @ weights
    if (left**2).sum() > (1 - _EXACT) * (y[~rows] ** 2).sum():
        return []
    return np.flatnonzero(np.abs(weights[:-1]) > 0.01 * y.std()).tolist()
