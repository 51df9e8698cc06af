"""Labels as scikit-learn's functions take them: numbers or texts, of any values."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import ArgumentError, DataLengthError, EmptyDataError, LabelError, ShapeError
from chainrule.metrics.base import Weights
from chainrule.metrics.inputs import row_weights

__all__ = ["PairedLabels", "paired_labels"]


class PairedLabels(NamedTuple):
    """True and predicted labels as indices into one list of classes.

    Attributes:
        true: Class indices, shape (N,).
        predicted: Class indices, shape (N,).
        weights: Shape (N,), or None where every row counts 1.
        classes: The labels that the indices stand for: those asked for first, then others that occur, sorted.
    """

    true: NDArray[np.int64]
    predicted: NDArray[np.int64]
    weights: NDArray[np.float64] | None
    classes: NDArray[Any]

    @property
    def occurring(self) -> NDArray[Any]:
        """The labels that are true or predicted anywhere, in the order of `classes`."""
        return np.asarray(self.classes[np.unique(np.concatenate([self.true, self.predicted]))])


def paired_labels(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    sample_weight: Weights,
    labels: ArrayLike | None = None,
) -> PairedLabels:
    """Find the classes and the index of each label among them.

    Args:
        y_true: Labels, shape (N,) or (N, 1).
        y_pred: Predicted labels, as many.
        sample_weight: Shape (N,). Default: 1 each.
        labels: The classes to put first, in this order, whether they occur or not. Default: none.

    Raises:
        EmptyDataError: No rows.
        DataLengthError: Different numbers of labels or weights.
        ShapeError: Anything but one label a row (scores, one-hot rows).
        ArgumentError: Numbers against texts, or a label asked for twice.
    """
    true, predicted = _label_column(y_true, "y_true"), _label_column(y_pred, "y_pred")
    if len(true) != len(predicted):
        raise DataLengthError(
            "there must be one prediction for each true label.",
            where="y_pred",
            expected=f"{len(true)} labels",
            got=f"{len(predicted)}",
        )
    if not len(true):
        raise EmptyDataError("there are no rows to measure.", where="y_true", expected="a label or more", got="none")
    wanted = np.asarray([] if labels is None else labels)
    kinds = {array.dtype.kind == "U" for array in (true, predicted, wanted) if array.size}
    if len(kinds) > 1:
        raise ArgumentError(
            "labels must be all numbers or all texts.",
            where="y_true, y_pred, labels, pos_label",
            got=", ".join(str(array.dtype) for array in (true, predicted, wanted) if array.size),
        )
    parts = [part for part in (wanted, true, predicted) if part.size]
    values, indices = np.unique(np.concatenate(parts), return_inverse=True)
    first = indices[: len(wanted)]
    if len(np.unique(first)) != len(wanted):
        raise ArgumentError("a label is asked for twice.", where="labels", got=list(wanted))
    order = np.concatenate([first, np.setdiff1d(np.arange(len(values)), first)])
    encoded = np.argsort(order)[indices[len(wanted) :]]
    weights = row_weights(sample_weight, (len(true),))
    return PairedLabels(encoded[: len(true)], encoded[len(true) :], weights, values[order])


def _label_column(values: ArrayLike, where: str) -> NDArray[Any]:
    array = np.asarray(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ShapeError(
            "this function takes one label a row.",
            where=where,
            expected="shape (N,)",
            got=f"shape {array.shape}",
            remedy="turn scores or one-hot rows into labels: y.argmax(axis=1)",
        )
    if array.dtype.kind == "O" and all(isinstance(label, str) for label in array):
        return array.astype(np.str_)
    if array.dtype.kind not in "biuU" and not (array.dtype.kind == "f" and np.array_equal(array, np.floor(array))):
        raise LabelError(
            "these are no labels.",
            where=where,
            expected="whole numbers or texts",
            got=f"dtype {array.dtype}, such as {array[0]!r}",
            remedy="turn scores into labels first: (scores > 0.5).astype(int), or scores.argmax(axis=1)",
        )
    return array
