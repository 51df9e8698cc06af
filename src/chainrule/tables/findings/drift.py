"""Columns whose values are others in the test than in the training part."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chainrule.data.values import Values
from chainrule.tables.findings.base import Divided, Finding, is_ordered, numbers, percent, read, sample_rows

# By convention a stability index above 0.25 is a great shift. On few rows chance alone makes one, so it must also lie
# five standard deviations beyond chance.
_GREAT, _DEVIATIONS = 0.25, 5.0
_BINS = 10
_MOST_TOLD = 8


def check(divided: Divided) -> Iterator[Finding]:
    """Compare each column's values in training and test by their population stability index."""
    seed, parts = divided.settings.seed, divided.parts
    train, test = sample_rows(parts.train, seed), sample_rows(parts.test, seed)
    found = []
    for field in (*divided.schema.inputs, *divided.schema.targets):
        if field.name == divided.settings.time or field.kind == "picture":
            continue
        before = read(field.kind, divided.table.column(field.name).take(train))
        after = read(field.kind, divided.test_table.column(field.name).take(test))
        if before.array.ndim > 1 or (before.words is None) != (after.words is None):
            continue
        index, limit, shown = _shift(before, after)
        if index > limit:
            found.append((index, field.name, shown))
    for index, name, shown in sorted(found, reverse=True)[:_MOST_TOLD]:
        message = (
            f"{name!r} is distributed otherwise in the test than in training (stability index {index:.2f}): {shown}"
        )
        yield Finding("drift", "warning", (name,), message)


def _shift(before: Values, after: Values) -> tuple[float, float, str]:
    """The stability index, from where on it counts, and what has changed."""
    if is_ordered(before):
        x, y = numbers(before), numbers(after)
        edges = np.unique(np.nanquantile(x, np.arange(1, _BINS) / _BINS)) if np.isfinite(x).any() else np.zeros(0)
        codes = [np.where(np.isnan(each), len(edges) + 1, np.searchsorted(edges, each)) for each in (x, y)]
        shown = f"median {np.nanmedian(y):.4g} instead of {np.nanmedian(x):.4g}" if _median_moved(x, y) else ""
    else:
        codes, shown = _codes_of_texts(before, after)
    size = int(max(code.max(initial=0) for code in codes)) + 1
    counts = [np.bincount(code, minlength=size) for code in codes]
    index, limit = _stability_index(*counts)
    gone = [float(np.mean(values.missing)) for values in (before, after)]
    if abs(gone[1] - gone[0]) > 0.1 or not shown:
        shown = f"{percent(gone[1])} missing instead of {percent(gone[0])}" if gone[0] != gone[1] else "other shares"
    return index, limit, shown


def _median_moved(x: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(x).any() and np.isfinite(y).any())


def _codes_of_texts(before: Values, after: Values) -> tuple[list[NDArray[np.intp]], str]:
    """The most frequent texts by number, all others as one, what is missing as another."""
    assert before.words is not None
    counts = np.bincount(before.array[~before.missing], minlength=len(before.words))
    frequent = before.words[np.argsort(-counts, kind="stable")[:_BINS]]
    place = {text: number for number, text in enumerate(frequent.tolist())}
    codes = []
    for values in (before, after):
        assert values.words is not None
        of_words = np.array([place.get(str(word), _BINS) for word in values.words] or [_BINS], dtype=np.intp)
        codes.append(np.where(values.missing, _BINS + 1, of_words[values.array]))
    shares = [np.bincount(code, minlength=_BINS + 2) / max(len(code), 1) for code in codes]
    most = int(np.abs(shares[1] - shares[0]).argmax())
    name = repr(frequent[most]) if most < len(frequent) else "other texts" if most == _BINS else "missing"
    return codes, f"{percent(shares[1][most])} {name} instead of {percent(shares[0][most])}"


def _stability_index(before: NDArray[np.intp], after: NDArray[np.intp]) -> tuple[float, float]:
    """The index over the bins that are used, and from where on it counts.

    By chance alone the index is about a chi-squared number over the number of bins less one, times 1/n + 1/m.
    """
    used = before + after > 0
    n, m, bins = int(before.sum()), int(after.sum()), int(used.sum())
    if bins < 2 or not n or not m:
        return 0.0, _GREAT
    # Half a row more in each bin: a bin that is empty on one side is no infinite shift.
    p, q = ((counts[used] + 0.5) / (counts.sum() + 0.5 * bins) for counts in (before, after))
    index = float(((p - q) * np.log(p / q)).sum())
    chance = (bins - 1 + _DEVIATIONS * math.sqrt(2 * (bins - 1))) * (1 / n + 1 / m)
    return index, max(_GREAT, chance)
