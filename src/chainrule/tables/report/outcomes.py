"""What a test has shown, as the charts of a report need it: counts, curves and samples of bounded size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule import metrics
from chainrule.tables.report.data import Calibration, ClassEntry, ClassesPart, NumbersPart, RocCurve
from chainrule.tables.report.plain import cut
from chainrule.tables.tested import Tested

# The most of each that a report holds, however many there are.
CLASSES, CURVE_POINTS, POINTS, BINS = 20, 200, 1500, 30


def classes_part(tested: Tested, probabilities: NDArray[np.float32]) -> ClassesPart:
    """The test of a target with classes.

    Args:
        tested: The outcome.
        probabilities: Of each class, (N, C).
    """
    names, truth = tuple(map(cut, tested.class_names)), tested.truth.astype(np.int64)
    matrix = np.asarray(metrics.confusion_matrix(truth, tested.predicted, labels=range(len(names))))
    shown = _most_frequent(matrix.sum(axis=1))
    ratios = (
        np.asarray(score(truth, tested.predicted, labels=range(len(names)), average=None))
        for score in (metrics.precision_score, metrics.recall_score, metrics.f1_score)
    )
    entries = [
        ClassEntry(names[i], int(matrix[i].sum()), *(_rounded(part) for part in each))
        for i, each in enumerate(zip(*ratios, strict=True))
    ]
    return ClassesPart(
        classes=tuple(entries[i] for i in shown),
        more_classes=len(names) - len(shown),
        confusion=tuple(map(tuple, _pooled(matrix, shown).tolist())),
        curves=_curves(names, truth, probabilities, shown),
        calibration=_calibration(names, truth, probabilities),
    )


def numbers_part(tested: Tested) -> NumbersPart:
    """The test of a target with numbers."""
    truth, predicted = tested.truth.astype(np.float64), tested.predicted.astype(np.float64)
    rows = np.random.default_rng(0).permutation(len(truth))[:POINTS]
    counts, edges = np.histogram(truth - predicted, bins=min(BINS, max(math.isqrt(len(truth)), 5)))
    return NumbersPart(
        truth=_all_rounded(truth[rows]),
        predicted=_all_rounded(predicted[rows]),
        edges=_all_rounded(edges),
        counts=tuple(counts.tolist()),
    )


def _most_frequent(rows: NDArray[Any]) -> NDArray[np.int64]:
    """The classes to show, in their own order: all, or the most frequent where there are very many."""
    return np.sort(np.argsort(-rows, kind="stable")[:CLASSES]).astype(np.int64)


def _pooled(matrix: NDArray[Any], shown: NDArray[np.int64]) -> NDArray[Any]:
    """A confusion matrix of these classes, and of all others as one where there are some."""
    if len(shown) == len(matrix):
        return matrix
    others = np.setdiff1d(np.arange(len(matrix)), shown)
    rows = np.vstack([matrix[shown], matrix[others].sum(axis=0)])
    return np.column_stack([rows[:, shown], rows[:, others].sum(axis=1)])


def _curves(
    names: Sequence[str], truth: NDArray[np.int64], probabilities: NDArray[np.float32], shown: NDArray[np.int64]
) -> tuple[RocCurve, ...]:
    """Each class against the rest; of two classes one says all. A class that all rows are of, or none, has no curve."""
    curves = []
    for number in [1] if len(names) == 2 else shown:
        own = truth == number
        if own.any() and not own.all():
            others, hits, _ = metrics.roc_curve(own.astype(np.int64), probabilities[:, number])
            kept = _corners(others, hits)
            area = float(metrics.roc_auc_score(own.astype(np.int64), probabilities[:, number]))
            curves.append(RocCurve(names[number], area, _all_rounded(others[kept]), _all_rounded(hits[kept])))
    return tuple(curves)


def _corners(xs: NDArray[np.float64], ys: NDArray[np.float64]) -> NDArray[np.int64]:
    """The points at which a curve turns, or as many of them as a chart can show."""
    turn = np.diff(xs[:-1]) * np.diff(ys[1:]) != np.diff(xs[1:]) * np.diff(ys[:-1])
    kept = np.flatnonzero(np.concatenate([[True], turn, [True]]))
    return kept[np.unique(np.linspace(0, len(kept) - 1, CURVE_POINTS).round().astype(np.int64))]


def _calibration(
    names: Sequence[str], truth: NDArray[np.int64], probabilities: NDArray[np.float32]
) -> Calibration | None:
    # A sum of float32 shares can exceed 1 by a rounding.
    shares = np.clip(probabilities.astype(np.float64), 0.0, 1.0)
    event, given = "the prediction is right", shares / shares.sum(axis=1, keepdims=True)
    if len(names) == 2:
        event, given = names[1], given[:, 1]
    right, said, rows = metrics.calibration_curve(truth, given, n_bins=10)
    return Calibration(
        event=event,
        said=_all_rounded(said),
        right=_all_rounded(right),
        rows=tuple(rows.astype(int).tolist()),
        error=_rounded(metrics.calibration_error(truth, given, n_bins=10)),
    )


def _rounded(value: float) -> float:
    """To the digits that a chart can show, so that the file stays small."""
    return float(f"{value:.5g}")


def _all_rounded(values: ArrayLike) -> tuple[float, ...]:
    return tuple(map(_rounded, np.asarray(values).tolist()))
