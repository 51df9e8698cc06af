"""Checks of what a user hands over, made once, before training starts.

Each check returns the data as it may be used, or raises the error of the mistake. Dtypes that chainrule does not
have are widened where that loses nothing: float16 to float32; int8, int16 and uint16 to int32; uint32 (and uint64
that fits) to int64.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import (
    ArgumentError,
    ClassIndexError,
    DataLengthError,
    DTypeError,
    EmptyDataError,
    LabelError,
    MissingClassError,
    NonFiniteDataError,
    ShapeError,
    SingleClassError,
    TargetDTypeError,
)

__all__ = [
    "check_class_indices",
    "check_inputs",
    "check_lengths",
    "check_sample_weight",
    "check_several_classes",
    "check_targets",
    "check_training_classes",
]

SUPPORTED = ("float32", "float64", "int32", "int64", "uint8", "bool")
WIDER = {"float16": "float32", "int8": "int32", "int16": "int32", "uint16": "int32", "uint32": "int64"}
ENCODE_LABELS = "encode them: classes, y = np.unique(y, return_inverse=True)"


def check_inputs(inputs: ArrayLike, where: str = "x") -> NDArray[Any]:
    """Inputs as an array of numbers, of a supported dtype, with rows, without NaN or infinity.

    Args:
        inputs: Shape (N, ...): anything that `np.asarray` takes.
        where: How the user knows them, for the error. Default: "x".

    Returns:
        The same array where nothing had to be changed.

    Raises:
        ShapeError: A single number, or rows of different lengths.
        EmptyDataError: No rows, or rows of nothing.
        DTypeError: Texts, objects, dates, complex numbers, or numbers that no supported dtype holds.
        NonFiniteDataError: NaN, infinity or masked values.

    Example:
        >>> check_inputs([[1.0, float("nan")], [2.0, 3.0]])
        Traceback (most recent call last):
            ...
        chainrule.errors.NonFiniteDataError: x: 1 of 4 values is NaN or infinite.
          expected: finite numbers
          got:      nan in row 0, column 1
          remedy:   drop such rows (keep = np.isfinite(x).all(axis=1)), or fill the gaps
    """
    array = _array(inputs, where)
    if array.dtype.kind in "OUST":
        raise DTypeError(
            "the inputs are no numbers.",
            where=where,
            expected=f"one of {', '.join(SUPPORTED)}",
            got=_sample(array),
            remedy="turn columns of text into numbers or one-hot columns, and convert: np.asarray(x, np.float32)",
        )
    return _numbers(array, where)


def check_targets(targets: ArrayLike, where: str = "y") -> NDArray[Any]:
    """Targets as an array of numbers; as `check_inputs`, but texts and objects are a `LabelError`.

    Args:
        targets: Shape (N, ...): anything that `np.asarray` takes.
        where: How the user knows them, for the error. Default: "y".

    Raises:
        LabelError: Labels that are texts or objects; the error shows how to encode them.
        ShapeError, EmptyDataError, DTypeError, NonFiniteDataError: As for `check_inputs`.

    Example:
        >>> check_targets(["cat", "dog"])
        Traceback (most recent call last):
            ...
        chainrule.errors.LabelError: y: the targets are no numbers.
          expected: class indices (0, 1, ...) or numbers
          got:      dtype <U3, such as 'cat' in row 0
          remedy:   encode them: classes, y = np.unique(y, return_inverse=True)
    """
    array = _array(targets, where)
    if array.dtype.kind in "OUST":
        raise LabelError(
            "the targets are no numbers.",
            where=where,
            expected="class indices (0, 1, ...) or numbers",
            got=_sample(array),
            remedy=ENCODE_LABELS,
        )
    return _numbers(array, where)


def check_lengths(arrays: Mapping[str, NDArray[Any]]) -> int:
    """The number of rows, which all arrays must share.

    Args:
        arrays: The arrays by the names that the user knows them by.

    Raises:
        DataLengthError: Different numbers of rows.

    Example:
        >>> check_lengths({"x": np.zeros((3, 2)), "y": np.zeros(3)})
        3
    """
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise DataLengthError(
            "there must be as many rows in each.",
            where=", ".join(lengths),
            expected="equal numbers of rows",
            got=", ".join(f"{length:,} in {name}" for name, length in lengths.items()),
        )
    return next(iter(lengths.values()))


def check_class_indices(targets: NDArray[Any], n_classes: int, where: str = "y") -> NDArray[Any]:
    """`targets` that are all a class index from 0 to `n_classes - 1`; `where` is what errors call them.

    Raises:
        TargetDTypeError: Targets that are no integers.
        ClassIndexError: An index below 0, or not below the number of classes.

    Example:
        >>> check_class_indices(np.array([0, 2]), n_classes=3)
        array([0, 2])
    """
    if targets.dtype.kind not in "iu":
        raise TargetDTypeError(
            "class indices must be integers.",
            where=where,
            expected=f"integers from 0 to {n_classes - 1}",
            got=f"dtype {targets.dtype}",
            remedy='convert whole numbers: y.astype("int64")',
        )
    wrong = (targets < 0) | (targets >= n_classes)
    if wrong.any():
        first = np.argwhere(wrong)[0]
        raise ClassIndexError(
            f"{_count(wrong)} no class of the model.",
            where=where,
            expected=f"class indices from 0 to {n_classes - 1}",
            got=f"{targets[tuple(first)]} in {_place(first)}",
            remedy=f"number the classes from 0 ({ENCODE_LABELS}), or give the model more outputs",
        )
    return targets


def check_several_classes(targets: NDArray[Any], where: str = "y") -> None:
    """Raise a `SingleClassError` where all rows have the same class.

    Args:
        targets: Class indices, shape (N,) or (N, 1), or one-hot rows, shape (N, C).
        where: How the user knows them, for the error. Default: "y".

    Example:
        >>> check_several_classes(np.array([0, 1, 0]))
    """
    if (targets == targets[0]).all():
        raise SingleClassError(
            "all rows have the same class: there is nothing to tell apart.",
            where=where,
            expected="rows of two classes or more",
            got=f"{len(targets):,} rows of class {targets[0].tolist()}",
            remedy="look at how the rows were chosen; a file that is sorted by class must be shuffled first",
        )


def check_training_classes(
    targets: NDArray[Any], n_classes: int, class_names: Sequence[str] | None = None, where: str = "y"
) -> None:
    """Raise a `MissingClassError` where the training part has no row of some class.

    Args:
        targets: Class indices of the training rows, from 0 to `n_classes - 1`.
        n_classes: The number of classes that the model can tell apart.
        class_names: Their names, for the error. Default: the indices.
        where: How the user knows the targets. Default: "y".

    Example:
        >>> check_training_classes(np.array([0, 2, 2]), 3, ["cat", "dog", "owl"])
        Traceback (most recent call last):
            ...
        chainrule.errors.MissingClassError: y: the training part has no row of 1 of 3 classes.
          expected: a row of each class
          got:      none of dog
          remedy:   split with stratify=y, add rows of these classes, or leave the classes out of the model
    """
    missing = np.flatnonzero(np.bincount(targets.ravel(), minlength=n_classes) == 0)
    if missing.size:
        names = [str(index if class_names is None else class_names[index]) for index in missing[:10]]
        raise MissingClassError(
            f"the training part has no row of {missing.size} of {n_classes} classes.",
            where=where,
            expected="a row of each class",
            got=f"none of {', '.join(names)}{', ...' if missing.size > 10 else ''}",
            remedy="split with stratify=y, add rows of these classes, or leave the classes out of the model",
        )


def check_sample_weight(sample_weight: ArrayLike, n_rows: int, where: str = "sample_weight") -> NDArray[Any]:
    """The weights `sample_weight` of `n_rows` rows, shape (N,): finite, not negative, and not all 0.

    Raises:
        DataLengthError: Not one weight for each row.
        ArgumentError: Negative weights, or nothing but 0.
        LabelError, NonFiniteDataError, ...: As for `check_targets`.

    Example:
        >>> check_sample_weight([1.0, 0.5], 2)
        array([1. , 0.5])
    """
    weights = check_targets(sample_weight, where)
    if weights.shape != (n_rows,):
        raise DataLengthError(
            "there must be one weight for each row.",
            where=where,
            expected=f"shape ({n_rows},)",
            got=f"shape {weights.shape}",
        )
    if (weights < 0).any() or not weights.any():
        raise ArgumentError(
            "weights must not be negative, nor all be 0.",
            where=where,
            got=f"smallest {weights.min()}, largest {weights.max()}",
        )
    return weights


def _array(values: ArrayLike, where: str) -> NDArray[Any]:
    if np.ma.is_masked(values):
        raise NonFiniteDataError(
            "some values are masked.", where=where, remedy="fill the gaps: x.filled(value), or drop such rows"
        )
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ShapeError(
            "the rows do not form an array.",
            where=where,
            expected="rows of equal shape",
            got=str(error),
            remedy="cut or pad the rows to one length",
        ) from error
    if array.ndim == 0:
        raise ShapeError(
            "a single value is no data.",
            where=where,
            expected="rows: shape (N, ...)",
            got=f"{type(values).__name__}, shape ()",
            remedy="give an array of rows (a sparse matrix: x.toarray())",
        )
    if array.size == 0:
        raise EmptyDataError("there is no data.", where=where, expected="at least one row", got=f"shape {array.shape}")
    return array


def _numbers(array: NDArray[Any], where: str) -> NDArray[Any]:
    array = _supported(array, where)
    finite = np.isfinite(array) if array.dtype.kind == "f" else None
    if finite is not None and not finite.all():
        first = np.argwhere(~finite)[0]
        raise NonFiniteDataError(
            f"{_count(~finite)} NaN or infinite.",
            where=where,
            expected="finite numbers",
            got=f"{array[tuple(first)]} in {_place(first)}",
            remedy="drop such rows (keep = np.isfinite(x).all(axis=1)), or fill the gaps",
        )
    return array


def _supported(array: NDArray[Any], where: str) -> NDArray[Any]:
    """The array in the machine's byte order and in a dtype that chainrule has, with every value unchanged."""
    native = array.dtype.newbyteorder("=")
    name = native.name
    if name in SUPPORTED:
        return array.astype(native, copy=False)
    if name in WIDER:
        return array.astype(WIDER[name])
    if name == "uint64" and array.max() <= np.iinfo(np.int64).max:
        return array.astype(np.int64)
    remedies = {
        "u": "scale the numbers, or convert them: x.astype(np.float64)",
        "f": "convert, at a loss of digits: x.astype(np.float64)",
        "c": "give real and imaginary parts as two columns",
        "M": 'turn dates into numbers: (x - x.min()) / np.timedelta64(1, "D")',
        "m": 'turn durations into numbers: x / np.timedelta64(1, "s")',
        "V": "stack the fields as columns: np.column_stack([x[name] for name in x.dtype.names])",
    }
    raise DTypeError(
        "chainrule has no dtype for these values.",
        where=where,
        expected=f"one of {', '.join(SUPPORTED)}",
        got=f"dtype {array.dtype}",
        remedy=remedies.get(native.kind),
    )


def _sample(array: NDArray[Any]) -> str:
    """The dtype and the first value that is no number."""
    for index, value in np.ndenumerate(array.astype(object)):
        if not isinstance(value, (int, float)):
            return f"dtype {array.dtype}, such as {value!r} in {_place(index)}"
    return f"dtype {array.dtype}"


def _count(wrong: NDArray[np.bool_]) -> str:
    n = int(wrong.sum())
    return f"{n:,} of {wrong.size:,} values {'is' if n == 1 else 'are'}"


def _place(index: Sequence[Any] | NDArray[Any]) -> str:
    row, *rest = (int(i) for i in index)
    if not rest:
        return f"row {row}"
    return f"row {row}, column {rest[0]}" if len(rest) == 1 else f"row {row}, position {tuple(rest)}"
