"""What targets of classes have in common, whatever tells the classes apart."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from chainrule import nn
from chainrule.columns.base import Target
from chainrule.columns.texts import first_row
from chainrule.data import State
from chainrule.data.values import Values
from chainrule.errors import ArgumentError, ColumnTypeError, SingleClassError
from chainrule.nn.losses import Loss

# Other spellings of numbers, such as "01", are names.
WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")


class ClassTarget(Target):
    """A class that is to be predicted.

    Two classes are one question, whether a row is of the second: one output, and the binary cross entropy of its logit.
    (Two outputs under a softmax say the same with twice the weights.) More are an output each, and cross entropy.

    Args:
        class_weight: "balanced" has each class count as much as the others, however many rows it has.
        label_smoothing: How much of each row is taken to be evenly of all classes, where there are more than two.

    Raises:
        ArgumentError: For another weight; or, once the classes are known, for a smoothing of two.
    """

    def __init__(self, class_weight: Literal["balanced"] | None = None, label_smoothing: float = 0.0) -> None:
        if class_weight not in (None, "balanced"):
            raise ArgumentError(
                "unknown weights of classes.", where=self.kind, expected="'balanced' or None", got=repr(class_weight)
            )
        self._class_weight = class_weight
        self._label_smoothing = label_smoothing
        self._become((), np.zeros(0, np.int64))

    @abstractmethod
    def _learn(self, values: Values) -> tuple[list[str], NDArray[np.int64]]:
        """The names of the classes, in order, and how many rows each has."""

    @abstractmethod
    def _codes(self, values: Values) -> NDArray[np.int64]:
        """For each row the number of its class, -1 where it is none."""

    def fit(self, values: Values) -> Self:
        names, counts = self._learn(values)
        if len(names) < 2:
            raise SingleClassError(
                "all rows have the same class: there is nothing to tell apart.",
                expected="rows of two classes or more",
                got=f"{len(values):,} rows of {names[0]!r}" if names else "no rows",
                remedy="look at how the rows were chosen, or choose another target",
            )
        self._become(names, counts)
        return self

    def _become(self, names: list[str] | tuple[str, ...], counts: NDArray[np.int64]) -> None:
        self.class_names = tuple(names)
        self._counts = counts
        self._binary = len(names) == 2
        if self._binary and self._label_smoothing:
            raise ArgumentError(
                "labels are smoothed among several classes.",
                where="label_smoothing",
                expected="three classes or more",
                got=", ".join(names),
            )
        self.task = "binary" if self._binary else "multiclass"
        self.outputs = 1 if self._binary else len(names)
        self.metrics = ("accuracy", "auc", "f1") if self._binary else ("accuracy", "f1")

    def encode(self, values: Values) -> NDArray[Any]:
        codes = self._codes(values)
        if (codes < 0).any():
            row = first_row(codes < 0)
            raise ColumnTypeError(
                "this is no class of the training part.",
                row=row,
                expected="one of " + ", ".join(self.class_names[:10]) + (", ..." if len(self.class_names) > 10 else ""),
                got=repr(values.text(row)) if not values.missing[row] else "nothing",
                remedy="drop such rows, or train with rows of that class",
            )
        return codes.astype(np.float32)[:, None] if self._binary else codes

    def loss(self) -> Loss:
        smoothing = self._label_smoothing
        if self._class_weight is None:
            return nn.BCEWithLogitsLoss() if self._binary else nn.CrossEntropyLoss(label_smoothing=smoothing)
        weight = self._counts.sum() / (len(self._counts) * np.maximum(self._counts, 1))
        if self._binary:
            return nn.BCEWithLogitsLoss(pos_weight=np.float32(weight[1] / weight[0]))
        return nn.CrossEntropyLoss(weight=weight.astype(np.float32), label_smoothing=smoothing)

    def predictions(self, outputs: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        probabilities = self._probabilities(outputs.astype(np.float64))
        labels = self._labels()[probabilities.argmax(axis=1)]
        columns = probabilities.astype(np.float32).T
        return {
            "": labels,
            **{f"probability of {name}": column for name, column in zip(self.class_names, columns, strict=True)},
        }

    def _probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._binary:
            logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def _labels(self) -> NDArray[Any]:
        """What the column has for the classes: truth values or whole numbers, where all are such, or texts."""
        if set(self.class_names) <= {"False", "True"}:
            return np.array([name == "True" for name in self.class_names])
        if all(WHOLE.fullmatch(name) for name in self.class_names):
            return np.array([int(name) for name in self.class_names])
        return np.array(self.class_names, dtype=object)

    def describe(self) -> str:
        total = max(int(self._counts.sum()), 1)
        shares = [f"{name} ({100 * n / total:.1f} %)" for name, n in zip(self.class_names, self._counts, strict=True)]
        more = f" and {len(shares) - 8} more" if len(shares) > 8 else ""
        weighed = "; each class counts the same" if self._class_weight else ""
        loss = "binary cross entropy" if self._binary else "cross entropy"
        smoothed = f"; labels smoothed by {self._label_smoothing:g}" if self._label_smoothing else ""
        return f"{len(shares)} classes, {', '.join(shares[:8])}{more}; {loss}{weighed}{smoothed}"

    def to_state(self) -> State:
        config = {
            "classes": list(self.class_names),
            "class_weight": self._class_weight,
            "label_smoothing": self._label_smoothing,
        }
        return State(config, {"counts": self._counts})

    @classmethod
    def from_state(cls, state: State) -> Self:
        built = cls(state.config["class_weight"], state.config.get("label_smoothing", 0.0))
        built._become(state.config["classes"], state.arrays["counts"])
        return built
