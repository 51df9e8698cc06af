"""Columns that give the answer away: each alone predicts the target (almost) without a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.values import Values
from chainrule.tables.findings.base import Finding, Sample, is_ordered, numbers, options, percent
from chainrule.tables.schema import Field
from chainrule.tables.splits import is_class

# Of what the most frequent class (or the mean) leaves unexplained, one column alone rarely explains so much honestly.
# The best column of Iris reaches 0.93, of the mushrooms (smell tells the poisonous ones) 0.97.
_SUSPECT, _SURE = 0.95, 0.99

# On fewer rows than these, and fewer outside of the most frequent class, chance may do it.
_LEAST_ROWS, _LEAST_OTHERS = 50, 10

# A row is predicted from the rows of the same bin. Dates get few bins: neighbours in time are alike, which is no leak.
_BINS, _BINS_OF_DATES, _ROWS_A_BIN = 256, 16, 10
_MOST_CLASSES = 50


def check(sample: Sample) -> Iterator[Finding]:
    """Predict each target from each input alone, every row from all others, and see what is too good."""
    for target in sample.schema.targets:
        truth = sample.values(target.name)
        known = np.flatnonzero(~truth.missing)
        truth = truth.take(known)
        for field in sample.inputs:
            values = sample.values(field.name).take(known)
            # That two rows are of one picture is nothing that the network sees.
            if field.kind != "picture" and values.array.ndim == 1 and len(known) > 1:
                yield from _judge(sample, field, values, target, truth)


def _judge(sample: Sample, field: Field, values: Values, target: Field, truth: Values) -> Iterator[Finding]:
    if is_class(target):
        labels = _largest_classes(truth.array)
        right, guess = right_from_bins(bins(values), labels), np.bincount(labels).max() / len(labels)
        score = (right - guess) / (1 - guess) if guess < 1 else 0.0
        enough = (1 - guess) * len(labels) >= _LEAST_OTHERS
        shown = f"predicts {percent(right)} of the rows right (the most frequent class: {percent(guess)})"
    else:
        y = numbers(truth)
        score, enough = explained_by_bins(values, y), True
        if is_ordered(values) and values.missing.mean() < 0.1:
            score = max(score, same_order(numbers(values), y))
        shown = f"explains {percent(min(score, 1.0))} of the variance"
    if score < _SUSPECT:
        return
    sure = bool(score >= _SURE and enough and len(truth) >= _LEAST_ROWS)
    message = f"{field.name!r} gives {target.name!r} away: alone it {shown}"
    if not sure:
        message = f"{field.name!r} may give {target.name!r} away: alone it {shown}; is it known before?"
    remedy = "" if sure else options("--drop", [field.name])
    yield Finding("answer", "warning", (field.name,), message, remedy, drops=sure)


def bins(values: Values) -> NDArray[np.intp]:
    """A number for each row, the same for rows whose values are the same or near; what is missing is a value too."""
    present = np.flatnonzero(~values.missing)
    array = values.array[present]
    number = np.zeros(len(values), dtype=np.intp)
    different, code, counts = np.unique(array, return_inverse=True, return_counts=True)
    wanted = _BINS_OF_DATES if array.dtype.kind == "M" else min(_BINS, len(present) // _ROWS_A_BIN + 1)
    if values.words is not None:
        # What stands in a single row is one of the rare.
        number[present] = np.where(counts[code] > 1, code + 2, 1)
    elif len(different) <= wanted:
        number[present] = code + 1
    else:
        number[present] = (
            np.unique((np.cumsum(counts) - counts) * wanted // len(present), return_inverse=True)[1][code] + 1
        )
    return number


def right_from_bins(number: NDArray[np.intp], labels: NDArray[np.intp]) -> float:
    """The share of rows whose class is the most frequent one of the other rows in their bin."""
    counts = np.zeros((number.max() + 1, labels.max() + 1), dtype=np.intp)
    np.add.at(counts, (number, labels), 1)
    own = counts[number, labels] - 1
    two = np.sort(np.partition(counts, -2, axis=1)[:, -2:], axis=1)[number] if counts.shape[1] > 1 else None
    if two is None:
        return 1.0
    best_other = np.where(two[:, 1] == own + 1, two[:, 0], two[:, 1])
    return float(np.mean(own > best_other))


def explained_by_bins(values: Values, y: NDArray[np.float64]) -> float:
    """The share of the variance that is explained by a line in each bin, fitted to the other rows of the bin."""
    number = bins(values)
    x = np.nan_to_num(numbers(values)) if is_ordered(values) else np.zeros(len(y))
    count = np.bincount(number)[number]

    def centred(z: NDArray[Any]) -> NDArray[np.float64]:
        return z - (np.bincount(number, z) / np.maximum(np.bincount(number), 1))[number]

    x, residual = centred(x), centred(y)
    spread = np.bincount(number, x * x)[number]
    leverage = 1 / count
    sloped = (spread > 0) & (count > 2)
    safe = np.where(sloped, spread, 1.0)
    residual = residual - np.where(sloped, np.bincount(number, x * residual)[number] / safe, 0.0) * x
    leverage = leverage + np.where(sloped, x * x / safe, 0.0)
    # What a row alone decides is no prediction: there stands the mean.
    alone = leverage > 1 - 1e-9
    residual = np.where(alone, y - y.mean(), residual / np.where(alone, 1.0, 1 - leverage))
    total = float(((y - y.mean()) ** 2).sum())
    return 1 - float((residual**2).sum()) / total if total > 0 else 0.0


def same_order(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The squared correlation of the ranks: 1 where one grows with the other, or falls, in whatever curve."""
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < 3:
        return 0.0
    a, b = _ranks(x[both]), _ranks(y[both])
    spread = float((a * a).sum() * (b * b).sum())
    return float((a * b).sum()) ** 2 / spread if spread > 0 else 0.0


def _ranks(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks around their mean; equal values share one."""
    _, code, counts = np.unique(x, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2 - (len(x) - 1) / 2)[code]


def _largest_classes(array: NDArray[Any]) -> NDArray[np.intp]:
    """The classes by number, the largest first; the smallest of very many are one."""
    _, code, counts = np.unique(array, return_inverse=True, return_counts=True)
    place = np.empty(len(counts), dtype=np.intp)
    place[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return np.minimum(place, _MOST_CLASSES - 1)[code]
