"""Preprocessing that is learned from the training part, kept in a run folder, and built again from there.

Here are the steps for numbers and pictures. Those for tables and texts (filling gaps, encoding categories, words)
will be files of their own beside this one, with their classes in `_KINDS`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.checks import check_inputs
from chainrule.errors import ArgumentError, NotFittedError, ShapeError, StateDictError, UnknownNameError

__all__ = ["Preprocessor", "Scale", "Standardize", "State", "preprocessor_from_state"]

# Rows are looked at in blocks of about this many numbers: float64 copies of all of them could fill the memory.
BLOCK = 1 << 18


class State(NamedTuple):
    """All that is needed to build a preprocessor again.

    Attributes:
        config: The kind and the arguments, as JSON holds them.
        arrays: What was learned, by name, as safetensors holds it.
    """

    config: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


class Preprocessor(ABC):
    """A change of inputs that is learned from the training part, and then is the same for every part.

    One of your own defines these methods.

    Attributes:
        kind: The name of the class in run folders, which must not change.

    Example:
        >>> class Centred(Preprocessor):
        ...     kind = "centred"
        ...     def fit(self, inputs):
        ...         self.mean = np.mean(inputs, axis=0)
        ...         return self
        ...     def transform(self, inputs):
        ...         return np.asarray(inputs) - self.mean
        ...     def inverse(self, inputs):
        ...         return np.asarray(inputs) + self.mean
        ...     def to_state(self):
        ...         return State({"kind": self.kind}, {"mean": self.mean})
        ...     @classmethod
        ...     def from_state(cls, state):
        ...         built = cls()
        ...         built.mean = state.arrays["mean"]
        ...         return built
        >>> Centred().fit_transform([[1.0], [3.0]])
        array([[-1.],
               [ 1.]])
    """

    kind: ClassVar[str]

    @abstractmethod
    def fit(self, inputs: ArrayLike) -> Self:
        """Learn from the training inputs, shape (N, ...), and return itself."""

    @abstractmethod
    def transform(self, inputs: ArrayLike) -> NDArray[Any]:
        """The inputs, changed: float64 where they are float64, float32 otherwise."""

    @abstractmethod
    def inverse(self, inputs: ArrayLike) -> NDArray[Any]:
        """Changed inputs as they were, up to rounding."""

    def fit_transform(self, inputs: ArrayLike) -> NDArray[Any]:
        """Learn from the training inputs, and change them."""
        return self.fit(inputs).transform(inputs)

    @abstractmethod
    def to_state(self) -> State:
        """All that is needed to build it again."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: State) -> Self:
        """Build it again."""


class Standardize(Preprocessor):
    """Subtract the mean and divide by the standard deviation of the training part.

    Each position of the last axis has its own: the features of a table (N, F), the channels of pictures
    (N, H, W, C). Features that are constant in the training part become 0 there, and are not divided. It is what
    scikit-learn's `StandardScaler` does to a table.

    Attributes:
        mean: Shape (F,), float64; None before `fit`.
        std: Shape (F,), float64, 1 where the feature is constant; None before `fit`.

    Example:
        >>> scaler = Standardize().fit([[1.0, 5.0], [3.0, 5.0]])
        >>> scaler.transform([[3.0, 5.0], [5.0, 6.0]])
        array([[1., 0.],
               [3., 1.]])
    """

    kind = "standardize"

    def __init__(self) -> None:
        self.mean: NDArray[np.float64] | None = None
        self.std: NDArray[np.float64] | None = None

    def fit(self, inputs: ArrayLike) -> Self:
        """Learn mean and standard deviation, and return itself.

        Args:
            inputs: The training inputs, shape (N, ..., F) or (N,).

        Raises:
            EmptyDataError, DTypeError, NonFiniteDataError, ShapeError: As for `check_inputs`.
        """
        x = check_inputs(inputs)
        self.mean, variance = _mean_and_variance(x, _n_features(x))
        self.std = np.where(variance > 0, np.sqrt(variance), 1.0)
        return self

    def transform(self, inputs: ArrayLike) -> NDArray[Any]:
        """The inputs with the training part's mean taken away, in units of its standard deviation.

        Args:
            inputs: Shape (..., F), with as many features as in `fit`.

        Returns:
            The same shape; float64 for float64, float32 otherwise.

        Raises:
            NotFittedError: Before `fit`.
            ShapeError: Another number of features than in `fit`.
        """
        mean, std = self._learned()
        return _applied(self._fitting(inputs), (np.subtract, mean), (np.divide, std))

    def inverse(self, inputs: ArrayLike) -> NDArray[Any]:
        """What `transform` was given, up to rounding; arguments and errors as `transform`."""
        mean, std = self._learned()
        return _applied(self._fitting(inputs), (np.multiply, std), (np.add, mean))

    def to_state(self) -> State:
        mean, std = self._learned()
        return State({"kind": self.kind}, {"mean": mean, "std": std})

    @classmethod
    def from_state(cls, state: State) -> Self:
        mean, std = (state.arrays.get(name) for name in ("mean", "std"))
        if mean is None or std is None or mean.ndim != 1 or mean.shape != std.shape or not (std > 0).all():
            raise StateDictError(
                "the arrays are not those of a standardization.",
                where=cls.kind,
                expected="mean and std of one shape (F,), std above 0",
                got=", ".join(f"{name} {array.shape}" for name, array in state.arrays.items()) or "none",
            )
        built = cls()
        built.mean, built.std = mean.astype(np.float64), std.astype(np.float64)
        return built

    def _learned(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if self.mean is None or self.std is None:
            raise NotFittedError(
                "mean and standard deviation are not known yet.",
                where=self.kind,
                remedy="call fit(x_train) first, with the training inputs only",
            )
        return self.mean, self.std

    def _fitting(self, inputs: ArrayLike) -> NDArray[Any]:
        x = np.asarray(inputs)
        n_features = len(self._learned()[0])
        if x.ndim == 0 or _n_features(x) != n_features:
            raise ShapeError(
                "the inputs have other features than those of fit.",
                where=self.kind,
                expected=f"{n_features} along the last axis",
                got=f"shape {x.shape}",
            )
        return x


class Scale(Preprocessor):
    """Bring a known range to 0..1: by default that of uint8 pictures, 0..255. Nothing is learned.

    Args:
        low: What becomes 0. Default: 0.
        high: What becomes 1. Default: 255.

    Raises:
        ArgumentError: A range without extent, or upside down.

    Example:
        >>> Scale().transform(np.array([0, 51, 255], dtype=np.uint8))
        array([0. , 0.2, 1. ], dtype=float32)
    """

    kind = "scale"

    def __init__(self, low: float = 0.0, high: float = 255.0) -> None:
        if not -np.inf < low < high < np.inf:
            raise ArgumentError("a range goes up.", where="scale", expected="low below high", got=f"{low}, {high}")
        self.low = float(low)
        self.high = float(high)

    def fit(self, inputs: ArrayLike) -> Self:
        """Return itself: the range is known."""
        return self

    def transform(self, inputs: ArrayLike) -> NDArray[Any]:
        extent = self.high - self.low
        return _applied(np.asarray(inputs), (np.subtract, self.low), (np.divide, extent))

    def inverse(self, inputs: ArrayLike) -> NDArray[Any]:
        extent = self.high - self.low
        return _applied(np.asarray(inputs), (np.multiply, extent), (np.add, self.low))

    def to_state(self) -> State:
        return State({"kind": self.kind, "low": self.low, "high": self.high}, {})

    @classmethod
    def from_state(cls, state: State) -> Self:
        return cls(state.config["low"], state.config["high"])


_KINDS: dict[str, type[Preprocessor]] = {cls.kind: cls for cls in (Standardize, Scale)}


def preprocessor_from_state(state: State) -> Preprocessor:
    """The preprocessor that gave this state.

    Args:
        state: What `to_state` gave, after a way through JSON and safetensors or without it.

    Raises:
        UnknownNameError: A kind that this version of chainrule does not know.
        StateDictError: Arrays that do not fit the kind.

    Example:
        >>> again = preprocessor_from_state(Scale(high=16).to_state())
        >>> again.high
        16.0
    """
    kind = str(state.config.get("kind"))
    if kind not in _KINDS:
        raise UnknownNameError("preprocessor", kind, _KINDS)
    return _KINDS[kind].from_state(state)


def _n_features(x: NDArray[Any]) -> int:
    return int(x.shape[-1]) if x.ndim > 1 else 1


def _mean_and_variance(x: NDArray[Any], n_features: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and variance of each feature, shape (F,), over all other axes."""
    rows = x.reshape(len(x), -1)
    # Distances to the first values: features that are constant have a variance of exactly 0, and numbers far
    # from 0 lose no digits.
    origin = rows[0, :n_features].astype(np.float64)
    start = _tiled(origin, rows.shape[1])
    step = _sum_of_features((b - start for b in _blocks(rows)), n_features) * n_features / x.size
    shift = _tiled(step, rows.shape[1])
    squares = _sum_of_features(((b - start - shift) ** 2 for b in _blocks(rows)), n_features)
    return origin + step, squares * n_features / x.size


def _sum_of_features(blocks: Iterator[NDArray[np.float64]], n_features: int) -> NDArray[np.float64]:
    columns = np.sum([block.sum(axis=0) for block in blocks], axis=0)
    return np.asarray(columns.reshape(-1, n_features).sum(axis=0))


def _blocks(rows: NDArray[Any]) -> Iterator[NDArray[Any]]:
    height = max(1, BLOCK // rows.shape[1])
    for start in range(0, len(rows), height):
        yield rows[start : start + height]


def _applied(x: NDArray[Any], *steps: tuple[np.ufunc, NDArray[np.float64] | float]) -> NDArray[Any]:
    """Each step's ufunc with its numbers (one, or one a feature), computed in float64.

    The result is float64 where x is, float32 otherwise; no float64 copy of the whole is made on the way.
    """
    out = np.empty(x.shape, dtype=np.float64 if x.dtype == np.float64 else np.float32)
    # NumPy is slow along a short last axis such as the channels: let it see all features of a row as one axis.
    width = math.prod(x.shape[1:])
    values, result = x.reshape(len(x), width), out.reshape(len(x), width)
    for ufunc, numbers in steps:
        ufunc(values, _tiled(np.asarray(numbers, dtype=np.float64), width), out=result, casting="same_kind")
        values = result
    return out


def _tiled(features: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """The numbers of the features again and again, over a row of `width` values."""
    return np.tile(features, width // features.size)
