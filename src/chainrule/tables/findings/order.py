"""Rows that follow one another in time."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.findings.base import ENOUGH_ROWS, Finding, Sample, is_ordered, numbers, options, percent, read
from chainrule.tables.findings.identifiers import counts_up
from chainrule.tables.splits import is_class, times

_LEAST_ROWS = 20
_NAME = re.compile(r"(.*[\W_])?(year|date|datetime|time|timestamp|jahr|datum)", re.IGNORECASE)
_AHEAD = (1, 2, 3)


def check(sample: Sample) -> Iterator[Finding]:
    """Rows in the order of time that are split at random; with `--time`, columns that are known only afterwards."""
    if sample.settings.time is not None:
        yield from _later_dates(sample, sample.settings.time)
        yield from _ahead_of_their_time(sample, sample.settings.time)
    elif sample.settings.group is None:
        yield from _in_order(sample)


def _in_order(sample: Sample) -> Iterator[Finding]:
    for field in sample.schema.fields:
        if field.role == "target" or not (field.kind == "date" or _NAME.fullmatch(field.name)):
            continue
        values = sample.values(field.name)
        if len(values) < _LEAST_ROWS or not is_ordered(values) or values.missing.any():
            continue
        steps = np.sign(np.diff(numbers(values)))
        if len(np.unique(values.array)) > 2 and (not (steps < 0).any() or not (steps > 0).any()):
            finest = next((each.name for each in sample.schema.fields if counts_up(sample, each.name)), field.name)
            message = (
                f"the rows are in the order of {field.name!r}: split at random, the model is tested on rows between "
                "those that it was trained on, not on later ones"
            )
            yield Finding("order", "warning", (field.name,), message, options("--time", [finest]))
            return


def _later_dates(sample: Sample, time: str) -> Iterator[Finding]:
    now = sample.values(time)
    for field in sample.inputs:
        values = sample.values(field.name)
        if field.name == time or values.array.dtype.kind != "M" or now.array.dtype.kind != "M":
            continue
        both = ~(values.missing | now.missing)
        later = float(np.mean(values.array[both] > now.array[both])) if both.any() else 0.0
        if later >= 0.5:
            message = (
                f"{field.name!r} is later than {time!r} in {percent(later)} of the rows: is it known at that time?"
            )
            yield Finding("order", "warning", (field.name,), message, options("--drop", [field.name]))


def _ahead_of_their_time(sample: Sample, time: str) -> Iterator[Finding]:
    """Inputs that are the target of a later row."""
    when = times(sample.table, sample.schema, time)
    rows = np.flatnonzero(~when.missing)
    rows = rows[np.argsort(when.array[rows], kind="stable")][:ENOUGH_ROWS]
    for target in sample.schema.targets:
        if is_class(target) or len(rows) < _LEAST_ROWS:
            continue
        y = numbers(read(target.kind, sample.table.column(target.name).take(rows)))
        for field in sample.inputs:
            if field.kind != "number" or field.name == time:
                continue
            x = numbers(read(field.kind, sample.table.column(field.name).take(rows)))
            alike = {ahead: _correlation(x[:-ahead], y[ahead:]) for ahead in _AHEAD}
            best = max(alike, key=lambda ahead: alike[ahead])
            if alike[best] > 0.9999 and alike[best] > _correlation(x, y):
                message = (
                    f"{field.name!r} is {target.name!r} {best} row{'s' * (best > 1)} later: it is known only afterwards"
                )
                yield Finding("order", "warning", (field.name,), message, drops=True)


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    if len(x) < _LEAST_ROWS or x.std() == 0 or y.std() == 0:
        return 0.0
    return abs(float(np.corrcoef(x, y)[0, 1]))
