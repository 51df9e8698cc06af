"""Columns that say the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chainrule.data.values import Values
from chainrule.tables.findings.base import Finding, Sample, is_ordered, listed, numbers, options

# Two columns whose values are almost all different would each be a renaming of the other.
_ROWS_A_VALUE = 5
_SAME = 0.9999


def check(sample: Sample) -> Iterator[Finding]:
    """Inputs that are one another under other names for their values, or on another scale."""
    renamed: dict[bytes, list[str]] = {}
    scaled: list[str] = []
    for field in sample.inputs:
        values = sample.values(field.name)
        if values.array.ndim > 1:
            continue
        number = _in_order_of_appearance(values)
        if 1 < number.max() + 1 <= len(number) / _ROWS_A_VALUE:
            renamed.setdefault(number.tobytes(), []).append(field.name)
        elif is_ordered(values) and not values.missing.all():
            scaled.append(field.name)
    for names in (*renamed.values(), *_on_other_scales(sample, scaled)):
        if len(names) > 1:
            message = f"{listed(names)} say the same: one of them is enough"
            yield Finding("twins", "note", tuple(names), message, options("--drop", names[1:]))


def _in_order_of_appearance(values: Values) -> NDArray[np.int32]:
    """The values by number, the first one being 0: equal for columns that differ only in what values are called."""
    codes = np.unique(values.array, return_inverse=True)[1]
    codes = np.where(values.missing, codes.max(initial=0) + 1, codes)
    _, first, number = np.unique(codes, return_index=True, return_inverse=True)
    place = np.empty(len(first), dtype=np.int32)
    place[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    return place[number]


def _on_other_scales(sample: Sample, names: list[str]) -> list[list[str]]:
    """Columns of numbers that correlate so well that only the scale and rounding differ."""
    columns: list[NDArray[np.float64]] = []
    for name in names:
        column = numbers(sample.values(name))
        column = np.nan_to_num(column - np.nanmean(column))
        columns.append(column / max(float(np.sqrt((column**2).sum())), np.finfo(np.float64).tiny))
    if len(columns) < 2:
        return []
    matrix = np.stack(columns)
    alike = np.abs(matrix @ matrix.T) > _SAME
    # Each column belongs to the first that it is like.
    leader = alike.argmax(axis=1)
    return [[names[i] for i in np.flatnonzero(leader == each)] for each in np.unique(leader)]
