"""What losses are given, checked before a number is computed: nothing is broadcast, promoted or guessed.

Shapes and dtypes are always checked, values where they are known: not while only shapes are worked out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._tensor import Tensor
from chainrule.core import shape as shapes
from chainrule.core.dtype import INTEGER, int64, is_floating
from chainrule.core.modes import state
from chainrule.core.shape import Shape
from chainrule.errors import (
    ArgumentError,
    ClassIndexError,
    DTypeError,
    LabelError,
    OutputLayerError,
    ShapeError,
    TargetDTypeError,
    TargetShapeError,
)
from chainrule.ops.convert import TensorLike, as_tensor
from chainrule.ops.movement import cast

# Rows of float32 probabilities miss 1 by some 1e-7, written out with a few digits by more.
SUM_TOLERANCE = 1e-3


def location(loss: str) -> str | None:
    """The loss's name for an error, unless a module is at work, which will give its own."""
    return loss if state.scope is None else None


def place(index: Any) -> str:
    """Where an element stands, for an error.

    >>> place((3,)), place((3, 0, 2))
    ('row 3', 'row 3, position (0, 2)')
    """
    row, *rest = (int(i) for i in index)
    return f"row {row}, position {tuple(rest)}" if rest else f"row {row}"


def first(wrong: np.ndarray) -> tuple[tuple[int, ...], str]:
    """The index of the first True, and where that is."""
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    return at, place(at) if at else "the only element"


def predictions(loss: str, input: TensorLike, last: str | None = None) -> Tensor:
    """Predictions as a floating tensor; `last` says what their last dimension stands for, if they must have one."""
    x = as_tensor(input)
    if not is_floating(x.dtype):
        raise DTypeError(
            "predictions are floating numbers.",
            where=location(loss),
            expected="float32 or float64",
            got=x.dtype,
            remedy="give the model's output itself, not the classes it stands for",
        )
    if last and x.ndim == 0:
        raise ShapeError(
            f"the last dimension is that of {last}.", where=location(loss), expected="(..., C)", got=x.shape
        )
    return x


def targets(loss: str, target: TensorLike) -> Tensor:
    """Targets as a tensor of numbers."""
    if not isinstance(target, Tensor) and np.asarray(target).dtype.kind not in "biuf":
        raise LabelError(
            "the targets are no numbers.",
            where=location(loss),
            expected="a tensor of numbers or class indices",
            got=repr(target)[:60],
            remedy="encode labels first: classes, y = np.unique(labels, return_inverse=True)",
        )
    return as_tensor(target)


def pairs(loss: str, input: TensorLike, target: TensorLike) -> tuple[Tensor, Tensor]:
    """Predictions and targets that are numbers, element by element; the targets in the predictions' dtype."""
    x, y = predictions(loss, input), targets(loss, target)
    if not is_floating(y.dtype):
        raise TargetDTypeError(
            "this loss compares numbers.",
            where=location(loss),
            expected=f"targets of {x.dtype}",
            got=y.dtype,
            remedy="target.float(), or y.astype('float32'), for numbers; class indices go with CrossEntropyLoss",
        )
    if x.shape != y.shape:
        raise TargetShapeError(
            "predictions and targets differ in shape, and a loss broadcasts nothing.",
            where=location(loss),
            expected=f"targets of shape {x.shape}, as the predictions",
            got=y.shape,
            remedy=_reshaping(x.shape, y.shape),
        )
    return x, cast(y, x.dtype)


def _reshaping(predicted: Shape, given: Shape) -> str:
    if given == (*predicted, 1):
        return "target.squeeze(-1)"
    if predicted == (*given, 1):
        return "target[..., None], or squeeze the last dimension of the predictions"
    return "one target for each prediction"


def class_targets(loss: str, scores: Tensor, target: TensorLike, *, distributions: bool = True) -> Tensor:
    """Class indices (int64) without the dimension of classes; or distributions over the classes, floating.

    Args:
        loss: The loss's name.
        scores: (..., C).
        target: (...), or (..., C) for distributions.
        distributions: Whether the loss takes them.
    """
    y = targets(loss, target)
    if distributions and y.shape == scores.shape:
        return _distribution(loss, scores, y)
    if y.shape != scores.shape[:-1]:
        or_distributions = f" or {scores.shape} (distributions)" if distributions else ""
        raise TargetShapeError(
            "the targets do not fit the scores of the classes, which are last: (..., C).",
            where=location(loss),
            expected=f"shape {scores.shape[:-1]} (class indices){or_distributions}",
            got=f"targets {y.shape}, scores {scores.shape}",
            remedy=_class_remedy(scores.shape, y.shape),
        )
    if y.dtype not in INTEGER:
        raise TargetDTypeError(
            "class indices are integers.",
            where=location(loss),
            expected="int64",
            got=y.dtype,
            remedy="target.long(), or y.astype('int64')"
            + ("; distributions have the shape of the scores" if distributions else ""),
        )
    return cast(y, int64)


def _class_remedy(scores: Shape, given: Shape) -> str:
    if given == (*scores[:-1], 1):
        return "target.squeeze(-1)"
    if len(scores) > 2 and given == (scores[0], *scores[2:]):
        return "turn PyTorch's order of dimensions: input.movedim(1, -1)"
    if given == scores:
        return "target.argmax(-1), or CrossEntropyLoss, which takes distributions"
    return "one class index for each row of scores"


def _distribution(loss: str, scores: Tensor, y: Tensor) -> Tensor:
    if not is_floating(y.dtype):
        raise TargetDTypeError(
            "targets in the shape of the scores are distributions over the classes, which are floating.",
            where=location(loss),
            expected=f"{scores.dtype}; or class indices of shape {scores.shape[:-1]}",
            got=y.dtype,
            remedy="one-hot rows: target.float()",
        )
    value = y.node.value
    if value is not None and value.size:
        not_one = (value < 0).any(-1) | (np.abs(value.sum(-1) - 1) > SUM_TOLERANCE)
        if not_one.any():
            at, spot = first(not_one)
            raise ArgumentError(
                "a target is no distribution over the classes.",
                where=location(loss),
                expected="rows of numbers from 0 on that add up to 1",
                got=f"{_short(value[at])} in {spot}",
                remedy="for several classes at once, each yes or no: BCEWithLogitsLoss",
            )
    return cast(y, scores.dtype)


def indices_in_range(loss: str, y: Tensor, classes: int, ignore_index: int) -> None:
    """Raise a `ClassIndexError` for an index that is no class, and is not to be ignored."""
    value = y.node.value
    if value is None:
        return
    wrong = ((value < 0) | (value >= classes)) & (value != ignore_index)
    if wrong.any():
        at, spot = first(wrong)
        raise ClassIndexError(
            f"there is no class {value[at]}.",
            where=location(loss),
            expected=f"0 to {classes - 1}, as there are {classes} scores",
            got=f"{value[at]} in {spot}; {int(wrong.sum())} of {wrong.size} targets are out of range",
            remedy="number the classes from 0, and give the model an output for each",
        )


def class_weight(loss: str, weight: TensorLike | None, scores: Tensor) -> Tensor | None:
    """One weight for each class, in the dtype of the scores."""
    if weight is None:
        return None
    w = as_tensor(weight)
    if w.shape != scores.shape[-1:]:
        raise ShapeError(
            "there must be one weight for each class.", where=location(loss), expected=scores.shape[-1:], got=w.shape
        )
    return cast(w, scores.dtype)


def element_weight(loss: str, name: str, weight: TensorLike | None, x: Tensor) -> Tensor | None:
    """A weight that is broadcast to the predictions, in their dtype."""
    if weight is None:
        return None
    w = as_tensor(weight)
    try:
        fits = shapes.broadcast(w.shape, x.shape) == x.shape
    except ShapeError:
        fits = False
    if not fits:
        raise ShapeError(
            f"{name} does not fit the predictions.",
            where=location(loss),
            expected=f"{x.shape}, or what broadcasts to it",
            got=w.shape,
        )
    return cast(w, x.dtype)


def yes_or_no(loss: str, y: Tensor) -> None:
    """Raise a `ClassIndexError` for targets outside of 0 ... 1."""
    value = y.node.value
    if value is None:
        return
    wrong = (value < 0) | (value > 1)
    if wrong.any():
        at, spot = first(wrong)
        raise ClassIndexError(
            "a target of two classes is 0, 1, or a probability.",
            where=location(loss),
            expected="0 to 1",
            got=f"{value[at]} in {spot}",
            remedy="labels -1 and 1: (target + 1) / 2; more than two classes: CrossEntropyLoss",
        )


def probabilities(loss: str, x: Tensor, *, over_classes: bool, remedy: str) -> None:
    """Raise an `OutputLayerError` for predictions outside of 0 ... 1, or rows over classes that do not add up to 1."""
    value = x.node.value
    if value is None or not value.size:
        return
    if over_classes:
        wrong = (value < 0).any(-1) | (np.abs(value.sum(-1) - 1) > SUM_TOLERANCE)
    else:
        wrong = (value < 0) | (value > 1)
    if wrong.any():
        at, spot = first(wrong)
        raise OutputLayerError(
            "the predictions are no probabilities.",
            where=location(loss),
            expected="rows of numbers from 0 on that add up to 1" if over_classes else "numbers from 0 to 1",
            got=f"{_short(value[at])} in {spot}",
            remedy=remedy,
        )


def fraction(loss: str, name: str, value: float) -> float:
    """A number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ArgumentError(f"{name} does not fit.", where=location(loss), expected="0 to 1", got=repr(value))
    return float(value)


def positive(loss: str, name: str, value: float) -> float:
    """A number above 0."""
    if not value > 0:
        raise ArgumentError(f"{name} does not fit.", where=location(loss), expected="a number above 0", got=repr(value))
    return float(value)


def _short(values: np.ndarray) -> str:
    if np.ndim(values) == 0:
        return f"{values:.6g}"
    return np.array2string(values, precision=4, threshold=6, edgeitems=3).replace("\n", "")
