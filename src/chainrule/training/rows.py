"""What a user hands to `fit`, `evaluate` and `predict`, as checked arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from chainrule.config import get_default_dtype
from chainrule.core.dtype import is_floating
from chainrule.data import (
    Dataset,
    Split,
    check_inputs,
    check_lengths,
    check_sample_weight,
    check_targets,
    validation_split,
)
from chainrule.data.pictures.files import PictureFiles, rows_of
from chainrule.errors import ArgumentError, ChainruleError, ClassIndexError, NonFiniteDataError
from chainrule.nn.module import Module
from chainrule.optim.arguments import number


@dataclass(frozen=True)
class Rows:
    """Inputs, targets, and how much each row counts; `weight` is None where all count the same."""

    inputs: np.ndarray
    targets: np.ndarray
    weight: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def arrays(self) -> tuple[np.ndarray, ...]:
        """The arrays to be cut into batches."""
        return (self.inputs, self.targets) if self.weight is None else (self.inputs, self.targets, self.weight)

    def take(self, rows: np.ndarray) -> Rows:
        """Some of the rows."""
        inputs = cast(np.ndarray, rows_of(self.inputs, rows))
        return Rows(inputs, self.targets[rows], None if self.weight is None else self.weight[rows])


def model_dtype(model: Module) -> np.dtype:
    """The floating dtype of a model's weights; the default where it has none."""
    return next((p.dtype for p in model.parameters() if is_floating(p.dtype)), get_default_dtype())


def read_inputs(x: Any, model: Module, where: str = "x") -> np.ndarray:
    """Inputs, checked; floating ones in the dtype of the model's weights."""
    if isinstance(x, Split):
        raise ArgumentError(
            "these are several parts.",
            where=where,
            expected="one of them",
            remedy="model.fit(split.train, validation_data=split.validation)",
        )
    if isinstance(x, PictureFiles):
        # It has what is asked of an array here: a shape, a dtype, and rows, which are decoded when they are taken.
        return cast(np.ndarray, x)
    return as_model_dtype(check_inputs(_plain(x), where), model, where)


def as_model_dtype(array: np.ndarray, model: Module, where: str) -> np.ndarray:
    """Floating arrays in the dtype of the model's weights; others as they are.

    Raises:
        NonFiniteDataError: If a number is too large for that dtype.
    """
    dtype = model_dtype(model)
    if array.dtype.kind != "f" or array.dtype == dtype:
        return array
    with np.errstate(over="ignore"):
        converted = array.astype(dtype)
    if not np.isfinite(converted).all():
        raise NonFiniteDataError(
            f"some numbers are too large for the model's {dtype}.",
            where=where,
            expected=f"numbers up to {np.finfo(dtype).max:.3g}",
            got=f"{array[~np.isfinite(converted)].flat[0]:.3g}",
            remedy="scale them (data.Standardize), or model.double()",
        )
    return converted


def read_rows(x: Any, y: Any, model: Module, sample_weight: Any = None, where: tuple[str, str] = ("x", "y")) -> Rows:
    """Inputs and targets, checked: numbers, finite, of one length. `x` may be a `Dataset`, which has both."""
    if isinstance(x, Dataset):
        x, y = x.inputs, x.targets if y is None else y
    if y is None:
        raise ArgumentError("there are no targets.", where=where[1], expected="an array of targets", got="None")
    inputs, targets = read_inputs(x, model, where[0]), check_targets(_plain(y), where[1])
    n_rows = check_lengths({where[0]: inputs, where[1]: targets})
    weight = None if sample_weight is None else check_sample_weight(_plain(sample_weight), n_rows)
    return Rows(inputs, targets, None if weight is None else weight.astype(model_dtype(model)))


def _plain(values: Any) -> Any:
    """A tensor as the array it holds; anything else as it is."""
    return values.detach().numpy() if hasattr(values, "detach") else values


def weigh_classes(rows: Rows, labels: np.ndarray, class_weight: Mapping[int, float] | str, model: Module) -> Rows:
    """Rows that count by their class as well.

    Args:
        rows: The rows.
        labels: The class of each, (N,).
        class_weight: A weight for each class that shall not count 1; or "balanced": every class counts the same in all.
        model: For the dtype of the weights.

    Raises:
        ClassIndexError: If a class is weighed that no row has.
        ArgumentError: If a weight is negative, or `class_weight` is something else.
    """
    found, counts = np.unique(labels, return_counts=True)
    if class_weight == "balanced":
        weights = dict(zip(found.tolist(), (len(labels) / (len(found) * counts)).tolist(), strict=True))
    else:
        weights = _checked_weights(class_weight, found)
    own = np.array([weights.get(label, 1.0) for label in found.tolist()])[np.searchsorted(found, labels)]
    weight = own if rows.weight is None else rows.weight * own
    return replace(rows, weight=check_sample_weight(weight, len(rows), "class_weight").astype(model_dtype(model)))


def _checked_weights(class_weight: Any, found: np.ndarray) -> dict[int, float]:
    """Weights of classes, as given by hand."""
    if not isinstance(class_weight, Mapping):
        raise ArgumentError(
            "unknown class weights.",
            where="class_weight",
            expected='a dict from class to weight, or "balanced"',
            got=repr(class_weight)[:60],
            remedy="dict(enumerate(weights)), for a list" if isinstance(class_weight, (list, tuple)) else None,
        )
    unknown = [label for label in class_weight if label not in found.tolist()]
    if unknown:
        raise ClassIndexError(
            "a class is weighed that no row has.",
            where="class_weight",
            expected=f"classes {found.tolist()}",
            got=unknown,
        )
    return {int(label): number(f"class_weight[{label}]", value, least=0) for label, value in class_weight.items()}


def hold_out(rows: Rows, fraction: float, labels: np.ndarray | None, seed: int) -> tuple[Rows, Rows]:
    """Rows for training and for validation: random by the seed, stratified where there are classes.

    Raises:
        ArgumentError, EmptyDataError: If one of them would be empty, or lack a class for training.
    """
    try:
        kept, held = validation_split(len(rows), number("validation_split", fraction), seed=seed, labels=labels)
    except ChainruleError as error:
        error.where, error.remedy = "validation_split", "another share, or rows of your own: validation_data=(x, y)"
        raise
    return rows.take(kept), rows.take(held)
