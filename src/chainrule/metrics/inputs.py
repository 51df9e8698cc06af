"""What a metric is given, turned into plain rows and checked, in one place for all metrics.

Rows are the examples, or the positions in them: scores of shape (N, T, C) are N * T rows of C classes. A last
axis of length 1 is dropped from both sides, and nothing is ever broadcast: (N, 1) against (N,) is N rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import (
    ArgumentError,
    ClassIndexError,
    DataLengthError,
    EmptyDataError,
    LabelError,
    NonFiniteDataError,
    ShapeError,
    TargetDTypeError,
    TargetShapeError,
)
from chainrule.metrics.base import Weights

__all__ = [
    "Rows",
    "binary_rows",
    "check_threshold",
    "class_rows",
    "nothing_to_measure",
    "number_rows",
    "positive",
    "probabilities",
    "row_weights",
    "same_width",
]

# float32 softmax rows miss 1 by a few 1e-7; scores that miss it by more are no probabilities.
PROBABILITY_TOLERANCE = 1e-5


class Rows(NamedTuple):
    """One batch as rows.

    Attributes:
        scores: Shape (R,) where a row has one score, (R, C) where it has one a class, (R, D) for numbers.
        targets: Class indices (int64, shape (R,)), or numbers (shape (R, D)).
        weights: Shape (R,), float64, or None where every row counts 1.
    """

    scores: NDArray[Any]
    targets: NDArray[Any]
    weights: NDArray[np.float64] | None

    @property
    def n_classes(self) -> int:
        """The number of classes: 2 where a row has a single score."""
        return 2 if self.scores.ndim == 1 else int(self.scores.shape[1])


def class_rows(predictions: ArrayLike, targets: ArrayLike, sample_weight: Weights) -> Rows:
    """Rows of class scores with class indices.

    Args:
        predictions: Shape (N,) or (N, 1): one score of class 1 against class 0. Shape (..., C): one a class.
        targets: Class indices without the axis of classes (or with one of length 1), or one-hot rows and
            distributions in the shape of the predictions.
        sample_weight: See `row_weights`.

    Raises:
        TargetShapeError: Targets that do not fit the predictions.
        TargetDTypeError: Targets that are not whole numbers.
        ClassIndexError: A class index below 0, or not below the number of classes.
        NonFiniteDataError: NaN among the predictions.
    """
    scores = _scores(predictions)
    if scores.ndim == 1:
        return binary_rows(scores, targets, sample_weight)
    truth = _numbers(targets, "targets")
    n_classes = scores.shape[-1]
    if truth.shape == scores.shape:
        truth = truth.argmax(axis=-1)
    elif truth.shape == (*scores.shape[:-1], 1):
        truth = truth[..., 0]
    if truth.shape != scores.shape[:-1]:
        raise TargetShapeError(
            "the targets do not fit the scores of the classes.",
            where="targets",
            expected=f"shape {scores.shape[:-1]} (class indices) or {scores.shape} (one-hot)",
            got=f"shape {np.shape(targets)}",
            remedy="one class index for each row of scores",
        )
    weights = row_weights(sample_weight, truth.shape)
    return Rows(scores.reshape(-1, n_classes), _class_indices(truth.ravel(), n_classes), weights)


def binary_rows(predictions: ArrayLike, targets: ArrayLike, sample_weight: Weights) -> Rows:
    """Rows of one score each with targets 0 or 1; each element of a larger shape is a row of its own.

    Raises:
        TargetShapeError: Targets of another shape than the predictions.
        TargetDTypeError, ClassIndexError, NonFiniteDataError: As for `class_rows`.
    """
    scores, truth = _scores(predictions), _drop_last(_numbers(targets, "targets"))
    _same_shape(scores, truth, "one score a row needs one target (0 or 1) a row; several scores a row are classes")
    weights = row_weights(sample_weight, truth.shape)
    return Rows(scores.ravel(), _class_indices(truth.ravel(), 2), weights)


def number_rows(predictions: ArrayLike, targets: ArrayLike, sample_weight: Weights) -> Rows:
    """Rows of numbers, float64, shape (N, D): D is 1, or the number of outputs.

    Raises:
        TargetShapeError: Targets of another shape than the predictions.
        NonFiniteDataError: NaN or infinity on either side.
    """
    scores, truth = (_drop_last(_numbers(a, w)) for a, w in ((predictions, "predictions"), (targets, "targets")))
    _same_shape(scores, truth, "give one target for each predicted number")
    for values, where in ((scores, "predictions"), (truth, "targets")):
        if not np.isfinite(values).all():
            raise _non_finite(~np.isfinite(values), "NaN or infinity", where)
    weights = row_weights(sample_weight, truth.shape[:1])
    width = int(np.prod(truth.shape[1:]))
    flat = (len(truth), width)
    return Rows(scores.astype(np.float64).reshape(flat), truth.astype(np.float64).reshape(flat), weights)


def row_weights(sample_weight: Weights, shape: tuple[int, ...]) -> NDArray[np.float64] | None:
    """One weight for each row of the given shape, flat; one weight an example holds for all its rows.

    Raises:
        DataLengthError: Weights that are not one for each example (or one for each row).
        ArgumentError: Negative weights, NaN or infinity.
    """
    if sample_weight is None:
        return None
    weights = _numbers(sample_weight, "sample_weight").astype(np.float64)
    if weights.shape not in (shape, shape[:1]):
        raise DataLengthError(
            "there must be one weight for each row.",
            where="sample_weight",
            expected=f"shape {shape[:1]}",
            got=f"shape {weights.shape}",
        )
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ArgumentError(
            "weights must be finite and not negative.",
            where="sample_weight",
            got=f"smallest {weights.min()}, largest {weights.max()}",
        )
    per_row = weights.reshape(weights.shape + (1,) * (len(shape) - weights.ndim))
    return np.broadcast_to(per_row, shape).ravel()


def probabilities(scores: NDArray[Any], *, from_logits: bool) -> NDArray[np.float64]:
    """Scores as probabilities, float64: sigmoid or softmax of logits, or what came, checked.

    Args:
        scores: Shape (R,) (of class 1) or (R, C), as in `Rows`.
        from_logits: Whether the scores are logits.

    Raises:
        ArgumentError: Scores that were said to be probabilities, and cannot be.
    """
    values = scores.astype(np.float64)
    if from_logits:
        if values.ndim == 1:
            # The halved argument of tanh keeps the sigmoid from overflowing on either side.
            return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values)))
        top = values.max(axis=1, keepdims=True)
        if not np.isfinite(top).all():
            raise _non_finite(
                ~np.isfinite(top), "rows without a softmax: their highest logit is infinite", "predictions"
            )
        powers = np.exp(values - top)
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    _check_range(values)
    if values.ndim == 2 and not np.allclose(values.sum(axis=1), 1.0, rtol=0.0, atol=PROBABILITY_TOLERANCE):
        raise _not_probabilities("rows that do not sum to 1")
    return values


def positive(scores: NDArray[Any], threshold: float, *, from_logits: bool) -> NDArray[np.bool_]:
    """Whether scores of shape (R,) say class 1: probabilities above the threshold, logits above its logit.

    Raises:
        ArgumentError: Scores that were said to be probabilities, and lie outside of 0..1.
    """
    if from_logits:
        return np.asarray(scores > np.log(threshold / (1.0 - threshold)))
    _check_range(scores)
    return np.asarray(scores > threshold)


def check_threshold(threshold: float) -> float:
    """The threshold, if it is a probability strictly between 0 and 1; an ArgumentError otherwise."""
    if not 0.0 < threshold < 1.0:
        raise ArgumentError(
            "a threshold is a probability (with from_logits=True as well).",
            where="threshold",
            expected="a number between 0 and 1",
            got=threshold,
        )
    return float(threshold)


def same_width(before: int | None, now: int) -> int:
    """The number of classes or outputs, if this batch has as many as those before; a ShapeError otherwise."""
    if before is not None and now != before:
        raise ShapeError(
            "this batch has another number of classes or outputs than those before.",
            where="predictions",
            expected=before,
            got=now,
            remedy="call reset() before measuring another model",
        )
    return now


def nothing_to_measure() -> EmptyDataError:
    """What `compute` raises before any row."""
    return EmptyDataError(
        "there is nothing to measure.",
        where="metric",
        expected="at least one row with a weight above 0",
        got="no rows, or weights that are all 0",
        remedy="call update(predictions, targets) before compute()",
    )


def _check_range(values: NDArray[Any]) -> None:
    if values.size and (values.min() < -PROBABILITY_TOLERANCE or values.max() > 1.0 + PROBABILITY_TOLERANCE):
        raise _not_probabilities(f"scores from {values.min():.6g} to {values.max():.6g}")


def _not_probabilities(got: str) -> ArgumentError:
    return ArgumentError(
        "these scores cannot be probabilities.",
        where="predictions",
        expected="numbers from 0 to 1 (that sum to 1 over the classes)",
        got=got,
        remedy="pass from_logits=True if the model ends without sigmoid or softmax",
    )


def _numbers(values: ArrayLike, where: str) -> NDArray[Any]:
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise LabelError(
            "metrics take numbers.",
            where=where,
            expected="floats, integers or booleans",
            got=f"dtype {array.dtype}",
            remedy="encode text labels first: classes, y = np.unique(y, return_inverse=True)",
        )
    if array.ndim == 0:
        raise ShapeError("one value is no batch.", where=where, expected="shape (N,) or (N, ...)", got="shape ()")
    return array


def _drop_last(array: NDArray[Any]) -> NDArray[Any]:
    return array[..., 0] if array.ndim > 1 and array.shape[-1] == 1 else array


def _scores(predictions: ArrayLike) -> NDArray[Any]:
    scores = _drop_last(_numbers(predictions, "predictions"))
    if scores.dtype.kind == "f" and np.isnan(scores).any():
        raise _non_finite(np.isnan(scores), "NaN", "predictions")
    return scores


def _same_shape(scores: NDArray[Any], truth: NDArray[Any], remedy: str) -> None:
    if scores.shape != truth.shape:
        raise TargetShapeError(
            "the targets do not fit the predictions.",
            where="targets",
            expected=f"shape {scores.shape}",
            got=f"shape {truth.shape}",
            remedy=remedy,
        )


def _class_indices(truth: NDArray[Any], n_classes: int) -> NDArray[np.int64]:
    indices = truth.astype(np.int64) if np.isfinite(truth).all() else np.zeros_like(truth, dtype=np.int64)
    if truth.dtype.kind == "f" and not np.array_equal(indices, truth):
        raise TargetDTypeError(
            "class targets must be whole numbers.",
            where="targets",
            expected=f"class indices from 0 to {n_classes - 1}",
            got=f"{truth[indices != truth][0]}",
        )
    if indices.size and (indices.min() < 0 or indices.max() >= n_classes):
        wrong = indices[(indices < 0) | (indices >= n_classes)]
        raise ClassIndexError(
            f"class indices out of range: {wrong.size} of {indices.size}.",
            where="targets",
            expected=f"class indices from 0 to {n_classes - 1}",
            got=f"{wrong[0]}",
            remedy="encode labels as 0, 1, ...: classes, y = np.unique(y, return_inverse=True)",
        )
    return indices


def _non_finite(wrong: NDArray[np.bool_], what: str, where: str) -> NonFiniteDataError:
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    return NonFiniteDataError(
        f"{int(wrong.sum())} of {wrong.size} values are {what}.",
        where=where,
        expected="finite numbers",
        got=f"the first at index {first}",
        remedy="find the layer whose output broke before measuring it",
    )
