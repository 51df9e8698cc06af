"""What every reader of data gives, and every trainer takes: inputs with targets, and their parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.checks import check_class_indices, check_lengths
from chainrule.errors import EmptyDataError, TargetShapeError

__all__ = ["Dataset", "Split"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs with their targets, and what is known of them.

    Args:
        inputs: Shape (N, ...). Pictures are (N, H, W, C), channels last, as uint8.
        targets: Class indices, shape (N,), where there are class names; numbers, shape (N,) or (N, D), otherwise.
        class_names: The name of each class, in the order of the indices. None where the targets are numbers.
        name: What to call the data.
        source: Where it comes from, with its licence where that is known.

    Raises:
        DataLengthError: Inputs and targets with different numbers of rows.
        EmptyDataError: No rows.
        TargetShapeError: Targets of named classes that are not one index a row.
        ClassIndexError: A target that is no index into the class names.

    Example:
        >>> pets = Dataset(np.zeros((3, 2)), np.array([0, 1, 1]), class_names=("cat", "dog"), name="pets")
        >>> len(pets), pets.class_counts()
        (3, {'cat': 1, 'dog': 2})
    """

    inputs: NDArray[Any]
    targets: NDArray[Any]
    class_names: tuple[str, ...] | None = None
    name: str = "data"
    source: str = ""

    def __post_init__(self) -> None:
        if not check_lengths({"inputs": self.inputs, "targets": self.targets}):
            raise EmptyDataError("there are no rows.", where=self.name, expected="at least one row", got="none")
        if self.class_names is not None and self.targets.ndim != 1:
            raise TargetShapeError(
                "targets of named classes are one index a row.",
                where=f"targets of {self.name}",
                expected=f"shape ({len(self)},)",
                got=f"shape {self.targets.shape}",
                remedy="turn one-hot rows into indices: y.argmax(axis=1)",
            )
        if self.class_names is not None:
            check_class_indices(self.targets, len(self.class_names), where=f"targets of {self.name}")

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, rows: ArrayLike) -> Dataset:
        """These rows (indices or a mask) as a data set of the same name, copied.

        Example:
            >>> len(Dataset(np.arange(4.0), np.arange(4.0)).take([0, 3]))
            2
        """
        index = np.asarray(rows)
        return replace(self, inputs=self.inputs[index], targets=self.targets[index])

    def map(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Dataset:
        """The same rows with changed inputs, such as `dataset.map(scaler.transform)`.

        Example:
            >>> Dataset(np.arange(3.0), np.arange(3.0)).map(lambda x: x * 10).inputs
            array([ 0., 10., 20.])
        """
        return replace(self, inputs=change(self.inputs))

    def class_counts(self) -> dict[str, int]:
        """How many rows each class has, in the order of the classes; empty where the targets are numbers."""
        if self.class_names is None:
            return {}
        counts = np.bincount(self.targets, minlength=len(self.class_names))
        return dict(zip(self.class_names, counts.tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class Split:
    """Data in parts that share no row.

    Args:
        train: What the model and the preprocessing learn from.
        validation: What decides when to stop and which settings are best. None where there is none.
        test: What is looked at once, at the end. None where there is none.

    Example:
        >>> whole = Dataset(np.arange(4.0), np.arange(4.0))
        >>> split = Split(train=whole.take([0, 1, 2]), test=whole.take([3]))
        >>> len(split.train), split.validation, len(split.test)
        (3, None, 1)
    """

    train: Dataset
    validation: Dataset | None = None
    test: Dataset | None = None

    def map(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Split:
        """The same parts with changed inputs: what was learned from the training part, applied to all of them.

        Example:
            >>> from chainrule.data import Standardize, load_digits, split_dataset
            >>> split = split_dataset(load_digits(), test=0.2)
            >>> scaled = split.map(Standardize().fit(split.train.inputs).transform)
            >>> bool(abs(scaled.train.inputs.mean()) < 1e-6)
            True
        """
        validation, test = (None if part is None else part.map(change) for part in (self.validation, self.test))
        return Split(self.train.map(change), validation, test)
