"""What a type of column is: how it is recognised, prepared, encoded, and, where it can be one, predicted as a target.

Everything about one type stands in one file of this folder, so that a new type is a new file and nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.data import State
from chainrule.data.pictures import PictureFiles
from chainrule.data.values import Values
from chainrule.nn import Module
from chainrule.nn.losses import Loss

__all__ = ["Claim", "ColumnType", "Target", "Task"]

Task = Literal["binary", "multiclass", "regression"]


@dataclass(frozen=True)
class Claim:
    """That a column is of some type.

    Attributes:
        strength: From 0 to 100; the strongest claim wins.
        reason: Why, as the user reads it: "3 different texts in 891 rows".
    """

    strength: int
    reason: str


class ColumnType(ABC):
    """An input column of one type: what its values become, and the small network that encodes them.

    It learns from the training part alone (`fit`), and is the same for every part afterwards (`transform`). What it
    has learned is data (`to_state`), kept in the run folder.

    Attributes:
        kind: The name of the type, as users say it (`--column age=number`) and as run folders hold it.
        ways: The ways in which it can be encoded, where the user may choose one (`--column age=number:robust`).
        left_out: Why columns of this type are no inputs yet; empty where they are.
    """

    kind: ClassVar[str]
    ways: ClassVar[tuple[str, ...]] = ()
    left_out: ClassVar[str] = ""

    @classmethod
    def among(cls, columns: int, way: str = "") -> Self:
        """A new one, for a table with so many inputs in all; encoded in the way that is said, if one is."""
        return cls()

    @classmethod
    def takes(cls, way: str) -> bool:
        """Whether a column of this type can be encoded in this way."""
        return way in cls.ways

    @classmethod
    @abstractmethod
    def claim(cls, name: str, values: Values) -> Claim | None:
        """Whether a column with this name and these values looks like one, and why; None if it cannot be one."""

    @classmethod
    def read(cls, values: Values) -> Values:
        """The values as what they mean, where they are written as texts: numbers, instants.

        What looks at a column without preparing it, such as a check or an overview, uses this.

        Raises:
            ColumnTypeError: As for `fit`.
        """
        return values

    @abstractmethod
    def fit(self, values: Values) -> Self:
        """Learn from the training rows, and return itself.

        Raises:
            ColumnTypeError: If values cannot be of this type; its `row` says which row, counted from 0.
        """

    @abstractmethod
    def transform(self, values: Values) -> NDArray[Any]:
        """The values as the network gets them: (N, ...), float32 or uint8, always finite.

        Raises:
            ColumnTypeError: As for `fit`.
        """

    def lazily(self, values: Values) -> PictureFiles | None:
        """What `transform` would give, made row by row when it is asked for; None where all is soon made at once."""
        return None

    @abstractmethod
    def encoder(self) -> Module:
        """A new network from what `transform` gives to a row of features each, (N, F)."""

    def design(self, prepared: NDArray[Any]) -> NDArray[np.float32]:
        """What `transform` gave, as numbers that a linear model can use, (N, F)."""
        return prepared.reshape(len(prepared), -1).astype(np.float32)

    @classmethod
    def joint_encoder(cls, columns: Sequence[Self]) -> Module | None:
        """One network for several columns of this type that stand side by side in a row; None if there is no such.

        For types of which tables have hundreds: one network is compiled in a second where 784 small ones, for as many
        pixels, take twenty.
        """
        return None

    @abstractmethod
    def describe(self) -> str:
        """What is done to the column, in a line: "(x - 29.7) / 14.5; 20 % missing: median, and a mark"."""

    @abstractmethod
    def to_state(self) -> State:
        """All that is needed to build it again."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: State) -> Self:
        """Build it again."""


class Target(ABC):
    """A column that is to be predicted: its numbers, its loss and metrics, and what predictions mean.

    Attributes:
        kind: The name of the type of column.
        task: What kind of prediction it is.
        class_names: The names of the classes; empty where numbers are predicted.
        outputs: How many numbers the model gives for it.
        metrics: The names of what is measured, the most telling first.
    """

    kind: ClassVar[str]
    task: Task
    class_names: Sequence[str] = ()
    outputs: int
    metrics: Sequence[str]

    @classmethod
    @abstractmethod
    def claim(cls, name: str, values: Values) -> Claim | None:
        """Whether a target with this name and these values looks like one of this type, and why."""

    @abstractmethod
    def fit(self, values: Values) -> Self:
        """Learn from the training rows (none of them missing), and return itself."""

    @abstractmethod
    def encode(self, values: Values) -> NDArray[Any]:
        """What the loss takes: class indices (N,) int64, truth values (N, 1) float32, or numbers (N, 1) float32.

        Raises:
            ColumnTypeError: For a value that is none, such as a class that the training part does not have.
        """

    @abstractmethod
    def loss(self) -> Loss:
        """The loss, which takes the model's outputs as they are (logits, or standardised numbers)."""

    @abstractmethod
    def predictions(self, outputs: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        """What outputs (N, outputs) mean, by the name that is added to the target's.

        "" is the prediction itself (texts, truth values, or numbers in the units of the column); others, such as
        "probability of yes", stand beside it.
        """

    @abstractmethod
    def describe(self) -> str:
        """What is predicted, in a line."""

    @abstractmethod
    def to_state(self) -> State:
        """All that is needed to build it again."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: State) -> Self:
        """Build it again."""
