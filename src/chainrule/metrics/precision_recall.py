"""Precision, recall, specificity and F1: ratios of what a confusion matrix counts.

Definitions and averages follow scikit-learn's `precision_score`, `recall_score` and `f1_score`. Where a
ratio is 0/0 it is `zero_division`: 0.0 unless told otherwise, as scikit-learn, but without a warning; with
NaN the class is left out of averages. Specificity, which scikit-learn does not have, is the recall of "not
this class".

Averages: "binary" is the value of class 1 of two; "micro" adds up the counts of all classes first; "macro"
is the mean over the classes that occur among targets or predictions; "weighted" weighs it by the true rows of
each class; None gives an array, one value a class.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import ArgumentError
from chainrule.metrics.base import Weights
from chainrule.metrics.confusion import ConfusionMetric, Outcomes, count_pairs
from chainrule.metrics.labels import paired_labels

__all__ = [
    "Average",
    "F1Score",
    "Precision",
    "Recall",
    "Specificity",
    "f1_score",
    "precision_score",
    "recall_score",
    "specificity_score",
]

Average = Literal["binary", "micro", "macro", "weighted"]
Ratio = Callable[[Outcomes], tuple[NDArray[Any], NDArray[Any]]]


def precision_ratio(o: Outcomes) -> tuple[NDArray[Any], NDArray[Any]]:
    """TP over TP + FP."""
    return o.true_positives, o.true_positives + o.false_positives


def recall_ratio(o: Outcomes) -> tuple[NDArray[Any], NDArray[Any]]:
    """TP over TP + FN."""
    return o.true_positives, o.true_positives + o.false_negatives


def specificity_ratio(o: Outcomes) -> tuple[NDArray[Any], NDArray[Any]]:
    """TN over TN + FP."""
    return o.true_negatives, o.true_negatives + o.false_positives


def f1_ratio(o: Outcomes) -> tuple[NDArray[Any], NDArray[Any]]:
    """2 TP over 2 TP + FP + FN: the harmonic mean of precision and recall."""
    return 2 * o.true_positives, 2 * o.true_positives + o.false_positives + o.false_negatives


class _RatioMetric(ConfusionMetric):
    """The base of the four: a ratio of outcomes, and how to average it over classes."""

    higher_is_better = True
    _ratio: ClassVar[Ratio]

    def __init__(
        self,
        average: Average | None = "binary",
        *,
        zero_division: float = 0.0,
        threshold: float = 0.5,
        from_logits: bool = False,
    ) -> None:
        super().__init__(threshold=threshold, from_logits=from_logits)
        self.average = _check_average(average)
        self.zero_division = _check_zero_division(zero_division)

    def compute(self) -> float | NDArray[np.float64]:
        """The ratio over all rows since the last reset: a float, or shape (C,) with `average=None`.

        Raises:
            EmptyDataError: No rows so far.
            ArgumentError: `average="binary"` with more than two classes.
        """
        outcomes = Outcomes.of(self.matrix)
        if self.average == "binary":
            if len(self.matrix) > 2:
                raise _not_binary(f"{len(self.matrix)} classes")
            outcomes = outcomes.take([1])
        elif self.average is not None:
            outcomes = outcomes.take(outcomes.occurs)
        return _averaged(type(self)._ratio, outcomes, self.average, self.zero_division)


class Precision(_RatioMetric):
    """Of the rows taken for a class, the share that is of it: TP / (TP + FP).

    Args:
        average: "binary" (default), "micro", "macro", "weighted", or None for an array of one value a class.
        zero_division: The value of 0/0: 0.0 (default), 1.0 or NaN.
        threshold: For one score a row: the probability above which it says class 1. Default: 0.5.
        from_logits: Whether such scores are logits.

    Example:
        >>> metric = Precision()
        >>> metric.update([0.9, 0.8, 0.3, 0.1], [1, 0, 1, 0])
        >>> metric.compute()
        0.5
    """

    name = "precision"
    _ratio = precision_ratio


class Recall(_RatioMetric):
    """Of the rows of a class, the share that was taken for it: TP / (TP + FN). Also called sensitivity.

    Args:
        average, zero_division, threshold, from_logits: See `Precision`.

    Example:
        >>> metric = Recall(average="macro")
        >>> metric.update([[5.0, 1.0, 1.0], [1.0, 5.0, 1.0], [1.0, 5.0, 1.0]], [0, 1, 2])
        >>> round(metric.compute(), 4)
        0.6667
    """

    name = "recall"
    _ratio = recall_ratio


class Specificity(_RatioMetric):
    """Of the rows of other classes, the share that was not taken for the class: TN / (TN + FP).

    Args:
        average, zero_division, threshold, from_logits: See `Precision`.

    Example:
        >>> metric = Specificity()
        >>> metric.update([0.9, 0.8, 0.3, 0.1, 0.2], [1, 0, 1, 0, 0])
        >>> round(metric.compute(), 4)
        0.6667
    """

    name = "specificity"
    _ratio = specificity_ratio


class F1Score(_RatioMetric):
    """The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN).

    Args:
        average, zero_division, threshold, from_logits: See `Precision`.

    Example:
        >>> metric = F1Score(average=None)
        >>> metric.update([[3.0, 1.0], [3.0, 1.0], [0.0, 2.0]], [0, 1, 1])
        >>> metric.compute().round(4)
        array([0.6667, 0.6667])
    """

    name = "f1"
    _ratio = f1_ratio


def precision_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: float | str = 1,
    average: Average | None = "binary",
    sample_weight: Weights = None,
    zero_division: float = 0.0,
) -> float | NDArray[np.float64]:
    """Of the rows taken for a class, the share that is of it, as scikit-learn's `precision_score`.

    Args:
        y_true: Labels, shape (N,): numbers or texts.
        y_pred: Predicted labels (no scores), shape (N,).
        labels: The classes to average over (or to list, with `average=None`). Not used with "binary".
            Default: all that occur, sorted.
        pos_label: The class whose value is wanted with `average="binary"`. Default: 1.
        average: "binary" (default), "micro", "macro", "weighted", or None for one value a class.
        sample_weight: Shape (N,). Default: 1 each.
        zero_division: The value of 0/0: 0.0 (default), 1.0 or NaN. Never a warning.

    Returns:
        A float, or shape (C,) with `average=None`.

    Raises:
        ArgumentError: `average="binary"` with more than two classes, or a `pos_label` that does not occur.
        EmptyDataError: No rows.
        DataLengthError: Labels or weights of different lengths.

    Example:
        >>> precision_score(["cat", "dog", "dog"], ["cat", "cat", "dog"], average=None)
        array([0.5, 1. ])
    """
    return _score(precision_ratio, y_true, y_pred, labels, pos_label, average, sample_weight, zero_division)


def recall_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: float | str = 1,
    average: Average | None = "binary",
    sample_weight: Weights = None,
    zero_division: float = 0.0,
) -> float | NDArray[np.float64]:
    """Of the rows of a class, the share that was taken for it, as scikit-learn's `recall_score`.

    Arguments, result and errors are those of `precision_score`.

    Example:
        >>> recall_score([0, 1, 1, 1], [0, 1, 1, 0], average="macro").__round__(4)
        0.8333
    """
    return _score(recall_ratio, y_true, y_pred, labels, pos_label, average, sample_weight, zero_division)


def specificity_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: float | str = 1,
    average: Average | None = "binary",
    sample_weight: Weights = None,
    zero_division: float = 0.0,
) -> float | NDArray[np.float64]:
    """Of the rows of other classes, the share that was not taken for the class.

    scikit-learn has no such function; for two classes it is `recall_score(..., pos_label=0)` there.
    Arguments, result and errors are those of `precision_score`.

    Example:
        >>> specificity_score([0, 0, 1], [0, 1, 1])
        0.5
    """
    return _score(specificity_ratio, y_true, y_pred, labels, pos_label, average, sample_weight, zero_division)


def f1_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: float | str = 1,
    average: Average | None = "binary",
    sample_weight: Weights = None,
    zero_division: float = 0.0,
) -> float | NDArray[np.float64]:
    """The harmonic mean of precision and recall, as scikit-learn's `f1_score`.

    Arguments, result and errors are those of `precision_score`.

    Example:
        >>> f1_score([0, 1, 1, 0], [0, 1, 0, 0], average="micro")
        0.75
    """
    return _score(f1_ratio, y_true, y_pred, labels, pos_label, average, sample_weight, zero_division)


def _score(
    ratio: Ratio,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    labels: ArrayLike | None,
    pos_label: float | str,
    average: Average | None,
    sample_weight: Weights,
    zero_division: float,
) -> float | NDArray[np.float64]:
    _check_average(average)
    _check_zero_division(zero_division)
    wanted = [pos_label] if average == "binary" else labels
    pairs = paired_labels(y_true, y_pred, sample_weight, wanted)
    if average == "binary" and len(pairs.classes) > 2:
        raise _not_binary(f"pos_label {pos_label!r} and the labels {pairs.occurring.tolist()}")
    outcomes = Outcomes.of(count_pairs(pairs.true, pairs.predicted, len(pairs.classes), pairs.weights))
    if wanted is not None:
        outcomes = outcomes.take(slice(len(np.asarray(wanted))))
    return _averaged(ratio, outcomes, average, zero_division)


def _averaged(
    ratio: Ratio, outcomes: Outcomes, average: Average | None, zero_division: float
) -> float | NDArray[np.float64]:
    if average == "micro":
        outcomes = outcomes.pooled()
    numerator, denominator = ratio(outcomes)
    values = np.full(numerator.shape, zero_division, dtype=np.float64)
    np.divide(numerator, denominator, out=values, where=denominator != 0)
    if average is None:
        return values
    defined = ~np.isnan(values)
    if not defined.any():
        return float("nan")
    weights = outcomes.support[defined] if average == "weighted" else None
    # Where no row is of any of these classes, there is nothing to weigh by.
    return float(np.average(values[defined], weights=weights if weights is not None and weights.any() else None))


def _not_binary(got: object) -> ArgumentError:
    return ArgumentError(
        'average="binary" is the value of one of two classes.',
        where="average",
        expected="two classes",
        got=got,
        remedy='choose average="macro", "micro", "weighted" or None',
    )


def _check_average(average: Average | None) -> Average | None:
    if average is not None and average not in get_args(Average):
        known = ", ".join(map(repr, get_args(Average)))
        raise ArgumentError("unknown average.", where="average", expected=f"{known} or None", got=repr(average))
    return average


def _check_zero_division(zero_division: float) -> float:
    if zero_division not in (0.0, 1.0) and not np.isnan(zero_division):
        raise ArgumentError("unknown value for 0/0.", where="zero_division", expected="0, 1 or NaN", got=zero_division)
    return float(zero_division)
