"""Columns of pictures: paths to files of all kinds, or arrays; brought to one size and standardised."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule import models, nn
from chainrule.augment import Normalize
from chainrule.augment import get as augmentation
from chainrule.columns.base import Claim, ColumnType
from chainrule.columns.texts import first_row, used, words_of
from chainrule.data import Standardize, State
from chainrule.data.pictures import PictureFiles
from chainrule.data.pictures.endings import ENDINGS
from chainrule.data.values import Values
from chainrule.errors import ColumnTypeError, EmptyDataError
from chainrule.nn.weighted import WeightedLayer

# Pictures of one size up to this stay as they are; others are brought to at most `SIDE` pixels a side.
LARGEST_KEPT = 96
SIDE = 64
# Size and statistics are learned from so many training pictures, taken evenly from all over.
LOOKED_AT = 1000
# How many features a picture becomes beside other columns.
FEATURES = 64
# Bytes that are all below this are of another scale: those of the bundled digits, or 12 bits a pixel in files for 16.
DARK, WHITE = 32, 255
# The models of pictures halve them twice.
SMALLEST = 4


class Picture(ColumnType):
    """A column of pictures.

    Paths are taken as they are: relative ones start from the current folder. What is in the files is turned upright
    (EXIF), grey or RGB as most training pictures are, without alpha (it is laid on white), with 8 bits a channel, and
    brought to one size: the one that is said (`picture:49x64`, height by width), or else that of the training
    pictures, where all have one up to 96 pixels a side; otherwise at most 64 a side, in the middle one of their
    proportions. Pictures of another size are scaled to cover it and cut at the edges. A row becomes uint8 (H, W, C).

    Arrays of pictures, (N, H, W) or (N, H, W, C), stay as they are.

    Args:
        size: Height and width that each picture of a file is brought to; None to choose by the pictures.

    Attributes:
        shape: What each picture becomes, (H, W, C).

    Example:
        >>> pictures = Picture().fit(Values.of(np.zeros((3, 28, 28), np.uint8)))
        >>> pictures.transform(Values.of(np.zeros((2, 28, 28), np.uint8))).shape
        (2, 28, 28, 1)
    """

    kind = "picture"
    ways = ("HEIGHTxWIDTH",)

    def __init__(self, size: tuple[int, int] | None = None) -> None:
        self._size = size
        self.shape: tuple[int, int, int] = (*(size or (SIDE, SIDE)), 3)
        self._sizes = ""
        self._brightest = WHITE
        self._statistics = Standardize()

    @classmethod
    def takes(cls, way: str) -> bool:
        return _size_said(way) is not None

    @classmethod
    def among(cls, columns: int, way: str = "") -> Self:
        return cls(_size_said(way))

    @classmethod
    def claim(cls, name: str, values: Values) -> Claim | None:
        if values.array.ndim in (3, 4):
            return Claim(100, f"pictures of shape {values.array.shape[1:]}")
        if values.words is None or values.missing.all():
            return None
        paths = [str(path) for path in words_of(values)[used(values)[0]]]
        n_pictures = sum(path.lower().endswith(ENDINGS) for path in paths)
        if n_pictures < 0.9 * len(paths):
            return None
        return Claim(95, f"{n_pictures:,} of {len(paths):,} texts are paths of pictures, as {paths[0]!r}")

    def fit(self, values: Values) -> Self:
        if not len(values):
            raise EmptyDataError("there are no pictures.", expected="at least one", got="none")
        rows = np.unique(np.linspace(0, len(values) - 1, LOOKED_AT).astype(np.int64))
        sample = values.take(rows)
        with _rows_of(rows):
            if values.words is None:
                self.shape = self._checked_size(_with_channels(values.array).shape[1:])
            else:
                self._choose_shape(_files(sample, self.shape).sizes())
            pictures = self.transform(sample)
            self._statistics = Standardize().fit(pictures)
            self._brightest = int(pictures.max()) if values.words is not None else WHITE
        return self

    def _checked_size(self, shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """The shape of arrays; an error where another one is wanted."""
        if self._size not in (None, shape[:2]):
            raise ColumnTypeError(
                "arrays of pictures stay as they are.", expected=f"no other size than {shape[:2]}", got=self._size
            )
        return shape

    def _choose_shape(self, sizes: Sequence[tuple[int, int, int]]) -> None:
        height, width = self._size or _common_size([size[:2] for size in sizes])
        self.shape = (height, width, 3 if np.mean([channels == 3 for *_, channels in sizes]) > 0.5 else 1)
        self._sizes = _told({size[:2] for size in sizes} - {(height, width)})

    def lazily(self, values: Values) -> PictureFiles | None:
        return None if values.words is None else _files(values, self.shape)

    def transform(self, values: Values) -> NDArray[Any]:
        if values.words is not None:
            return _files(values, self.shape)[:] if len(values) else np.zeros((0, *self.shape), np.uint8)
        pictures = _with_channels(values.array)
        if pictures.shape[1:] != self.shape:
            raise ColumnTypeError(
                "these pictures have another shape.",
                expected=f"pictures of shape {self.shape}, as in the training part",
                got=f"shape {pictures.shape[1:]}",
            )
        return pictures

    def encoder(self, features: int | None = None, model: str = "cnn", augment: Sequence[str] = ()) -> nn.Module:
        """A network of pictures.

        Args:
            features: How many features a picture becomes: as many as there are outputs, where pictures are all that
                there is. None is what they become beside other columns.
            model: The name of one of `chainrule.models`; pictures too small for it go through an "mlp".
            augment: How pictures are changed in training, by the names of `chainrule.augment`.
        """
        if min(self.shape[:2]) < SMALLEST:
            model = "mlp"
        network = models.get(model, self.shape, FEATURES if features is None else features)
        mean, std = (self._statistics.to_state().arrays[name].tolist() for name in ("mean", "std"))
        layers: dict[str, nn.Module] = {"standardize": Normalize(mean, std), model: network}
        if augment:
            # What stands outside of a picture is the mean, which is 0 once it is standardised.
            layers = {"augment": nn.Sequential(*[augmentation(said, fill=mean) for said in augment]), **layers}
        if features is not None:
            return nn.Sequential(layers)
        # A last layer that begins at 0, as those of classifiers may, would stay there for ever behind a ReLU.
        for layer in network.modules():
            if isinstance(layer, WeightedLayer) and layer.init == "zeros":
                layer.reset_parameters("he_normal")
        return nn.Sequential({**layers, "relu": nn.ReLU()})

    def describe(self) -> str:
        height, width, channels = self.shape
        colours = {1: "grey", 3: "RGB"}.get(channels, f"{channels} channels")
        fitted = f"; {self._sizes} are scaled to cover that and cut at the edges" if self._sizes else ""
        if fitted and self._size is None:
            fitted += " (for another size: picture:HEIGHTxWIDTH)"
        learned = self._statistics.to_state().arrays
        mean, std = (", ".join(f"{number:.4g}" for number in learned[name]) for name in ("mean", "std"))
        of_each = "" if channels == 1 else " of each channel"
        if self._brightest < DARK:
            fitted += f"; all are dark, their brightest pixel is {self._brightest} of {WHITE}"
        return f"{height}×{width}, {colours}{fitted}; standardised, mean {mean} and deviation {std}{of_each}"

    def to_state(self) -> State:
        config = {"shape": list(self.shape), "sizes": self._sizes, "brightest": self._brightest}
        return State(config, self._statistics.to_state().arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        built = cls()
        height, width, channels = state.config["shape"]
        built.shape, built._sizes = (height, width, channels), state.config.get("sizes", "")
        built._brightest = state.config.get("brightest", WHITE)
        built._statistics = Standardize.from_state(state)
        return built


def _with_channels(array: NDArray[Any]) -> NDArray[Any]:
    """Arrays of pictures with their channels last, as bytes or float32.

    Raises:
        ColumnTypeError: If they are no pictures, or not finite.
    """
    if array.ndim not in (3, 4) or array.dtype.kind not in "biuf":
        raise ColumnTypeError(
            "these are no pictures.",
            expected="paths, or an array (N, height, width, channels)",
            got=f"dtype {array.dtype}, shape {array.shape}",
        )
    pictures = array[..., None] if array.ndim == 3 else array
    if pictures.dtype == np.uint8:
        return pictures
    finite = np.isfinite(pictures).all(axis=(1, 2, 3))
    if not finite.all():
        raise ColumnTypeError(
            "there are NaN or infinite values.", row=first_row(~finite), expected="finite numbers", got="others"
        )
    return pictures.astype(np.float32)


@contextmanager
def _rows_of(rows: NDArray[np.int64]) -> Iterator[None]:
    """Errors in a sample name the row of the whole."""
    try:
        yield
    except ColumnTypeError as error:
        error.row = None if error.row is None else int(rows[error.row])
        raise


def _files(values: Values, shape: tuple[int, int, int]) -> PictureFiles:
    """The files whose paths the values are.

    Raises:
        ColumnTypeError: For the first row in which nothing stands.
    """
    if values.missing.any():
        raise ColumnTypeError(
            "there is no picture.",
            row=first_row(values.missing),
            expected="the path of a picture",
            got="nothing",
            remedy="drop such rows",
        )
    return PictureFiles(words_of(values)[values.array], shape, values.folder)


def _size_said(way: str) -> tuple[int, int] | None:
    """Height and width of a text such as "49x64"; None where it is none."""
    found = re.fullmatch(r"([1-9][0-9]{0,3})[x×]([1-9][0-9]{0,3})", way)
    return None if found is None else (int(found[1]), int(found[2]))


def _common_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Height and width that pictures of these sizes are brought to."""
    if len(set(sizes)) == 1 and max(sizes[0]) <= LARGEST_KEPT:
        return sizes[0]
    proportion = float(np.median([height / width for height, width in sizes]))
    longest = min(SIDE, int(np.median([max(size) for size in sizes])))
    height, width = longest * min(proportion, 1.0), longest / max(proportion, 1.0)
    return max(round(height), 1), max(round(width), 1)


def _told(others: set[tuple[int, int]]) -> str:
    """The sizes of pictures that are brought to another one; empty for none."""
    if not others:
        return ""
    ordered = sorted(others, key=lambda size: (size[0] * size[1], size))
    if len(ordered) == 1:
        return f"pictures of {_by(ordered[0])}"
    return f"pictures of {len(ordered):,} sizes, from {_by(ordered[0])} to {_by(ordered[-1])},"


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"
