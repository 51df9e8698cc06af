"""Columns of pictures: paths to files of all kinds, or arrays; brought to one size and standardised."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from chainrule import models, nn
from chainrule.augment import Normalize
from chainrule.augment import get as augmentation
from chainrule.columns.base import Claim, ColumnType
from chainrule.columns.texts import first_row, used, words_of
from chainrule.data import Standardize, State
from chainrule.data.values import Values
from chainrule.errors import ColumnTypeError, EmptyDataError
from chainrule.processors import available

if TYPE_CHECKING:
    from PIL.Image import Image

T = TypeVar("T")

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
# Pictures of one size up to this stay as they are; others are brought to at most `SIDE` pixels a side.
LARGEST_KEPT = 96
SIDE = 64
# Size and statistics are learned from so many training pictures, taken evenly from all over.
LOOKED_AT = 1000
# Larger ones are refused before they are decoded: 100 million pixels fill 300 MB.
MOST_PIXELS = 100_000_000
# How many features a picture becomes beside other columns.
FEATURES = 64
# The models of pictures halve them twice.
SMALLEST = 4
# So many are decoded at a time: each may take 400 MB on the way.
THREADS = 4
# Pillow's modes of pictures without colours.
GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N", "F")


class Picture(ColumnType):
    """A column of pictures.

    Paths are taken as they are: relative ones start from the current folder. What is in the files is turned upright
    (EXIF), grey or RGB as most training pictures are, without alpha (it is laid on white), with 8 bits a channel, and
    brought to one size: that of the training pictures, where all have one up to 96 pixels a side; otherwise at most
    64 a side, in the middle one of their proportions, scaled to cover it and cut at the edges. A row becomes
    uint8 (H, W, C).

    Arrays of pictures, (N, H, W) or (N, H, W, C), stay as they are.

    Attributes:
        shape: What each picture becomes, (H, W, C).

    Example:
        >>> pictures = Picture().fit(Values.of(np.zeros((3, 28, 28), np.uint8)))
        >>> pictures.transform(Values.of(np.zeros((2, 28, 28), np.uint8))).shape
        (2, 28, 28, 1)
    """

    kind = "picture"

    def __init__(self) -> None:
        self.shape: tuple[int, int, int] = (SIDE, SIDE, 3)
        self._kept = True
        self._statistics = Standardize()

    @classmethod
    def claim(cls, name: str, values: Values) -> Claim | None:
        if values.array.ndim in (3, 4):
            return Claim(100, f"pictures of shape {values.array.shape[1:]}")
        if values.words is None or values.missing.all():
            return None
        paths = [str(path).lower() for path in words_of(values)[used(values)[0]]]
        n_pictures = sum(path.endswith(ENDINGS) for path in paths)
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
                self.shape = _with_channels(values.array).shape[1:]
            else:
                self.shape, self._kept = _common_shape(_for_each_path(sample, _size_and_channels))
            self._statistics = Standardize().fit(self.transform(sample))
        return self

    def transform(self, values: Values) -> NDArray[Any]:
        if values.words is not None:
            height, width, channels = self.shape
            read = _for_each_path(values, lambda file: _pixels(file, width, height, channels))
            return np.stack(read) if read else np.zeros((0, *self.shape), np.uint8)
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
        return nn.Sequential(layers if features is not None else {**layers, "relu": nn.ReLU()})

    def describe(self) -> str:
        height, width, channels = self.shape
        colours = {1: "grey", 3: "RGB"}.get(channels, f"{channels} channels")
        fitted = "" if self._kept else ", scaled to cover and cut at the edges"
        learned = self._statistics.to_state().arrays
        mean, std = (", ".join(f"{number:.4g}" for number in learned[name]) for name in ("mean", "std"))
        of_each = "" if channels == 1 else " of each channel"
        return f"{height}×{width}, {colours}{fitted}; standardised, mean {mean} and deviation {std}{of_each}"

    def to_state(self) -> State:
        return State({"shape": list(self.shape), "kept": self._kept}, self._statistics.to_state().arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        built = cls()
        height, width, channels = state.config["shape"]
        built.shape, built._kept = (height, width, channels), state.config["kept"]
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


def _for_each_path(values: Values, look: Callable[[Path], T]) -> list[T]:
    """What `look` finds in the picture of each row, in order; several at a time, since decoding takes long.

    Raises:
        ColumnTypeError: For the first row whose picture is missing or broken.
    """
    if values.missing.any():
        raise ColumnTypeError(
            "there is no picture.",
            row=first_row(values.missing),
            expected="the path of a picture",
            got="nothing",
            remedy="drop such rows",
        )
    folder, words = values.folder or Path(), words_of(values)

    def of_row(row: int) -> T:
        path = folder / words[values.array[row]]
        try:
            return look(path)
        except FileNotFoundError:
            raise _broken(row, path, "there is no such picture", "correct the path, or drop the row") from None
        except Exception as error:  # what decoders say of broken files is of any class
            raise _broken(
                row, path, f"this picture cannot be read: {error}", "mend the file, or drop the row"
            ) from error

    # Larger pictures than Pillow likes are refused, in place of a warning.
    with warnings.catch_warnings(), ThreadPoolExecutor(min(available(), THREADS)) as pool:
        warnings.filterwarnings("ignore", "Image size", module="PIL")
        return list(pool.map(of_row, range(len(values))))


def _broken(row: int, path: Path, message: str, remedy: str) -> ColumnTypeError:
    size = f"{path.stat().st_size:,} bytes" if path.is_file() else "no file"
    return ColumnTypeError(f"{message}.", row=row, expected="a picture", got=f"{path} ({size})", remedy=remedy)


@contextmanager
def _rows_of(rows: NDArray[np.int64]) -> Iterator[None]:
    """Errors in a sample name the row of the whole."""
    try:
        yield
    except ColumnTypeError as error:
        error.row = None if error.row is None else int(rows[error.row])
        raise


@contextmanager
def _opened(file: Path) -> Iterator[Image]:
    from PIL import Image

    with Image.open(file) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"{image.width:,} by {image.height:,} pixels are too many")
        yield image


def _size_and_channels(file: Path) -> tuple[int, int, int]:
    """Height, width (as it is upright) and channels, without decoding it."""
    with _opened(file) as image:
        turned = image.getexif().get(0x0112, 1) >= 5
        size = (image.width, image.height) if turned else (image.height, image.width)
        return *size, 1 if image.mode in GREY else 3


def _common_shape(sizes: Sequence[tuple[int, int, int]]) -> tuple[tuple[int, int, int], bool]:
    """The shape that pictures of these sizes are brought to, and whether all of them have it."""
    channels = 3 if np.mean([channels == 3 for _, _, channels in sizes]) > 0.5 else 1
    different = {(height, width) for height, width, _ in sizes}
    if len(different) == 1 and max(next(iter(different))) <= LARGEST_KEPT:
        return (*next(iter(different)), channels), True
    proportion = float(np.median([height / width for height, width, _ in sizes]))
    longest = min(SIDE, int(np.median([max(height, width) for height, width, _ in sizes])))
    height, width = longest * min(proportion, 1.0), longest / max(proportion, 1.0)
    return (max(round(height), 1), max(round(width), 1), channels), False


def _pixels(file: Path, width: int, height: int, channels: int) -> NDArray[np.uint8]:
    """A picture of any kind as uint8 (H, W, C)."""
    from PIL import ImageOps

    image = upright(file, max(width, height)).convert("L" if channels == 1 else "RGB")
    if image.size != (width, height):
        image = ImageOps.fit(image, (width, height))
    return np.asarray(image, np.uint8).reshape(height, width, channels)


def upright(file: Path, side: int) -> Image:
    """A picture of any kind as people see it: turned upright, on white, with 8 bits a channel.

    Args:
        file: The picture.
        side: How long its sides are to be at last; it is no smaller, where it is not in the file.
    """
    from PIL import ImageOps

    with _opened(file) as opened:
        # JPEG decodes large pictures at a half, a quarter or an eighth of their size, in that much less time.
        opened.draft(None, (2 * side,) * 2)
        image = _eight_bits(ImageOps.exif_transpose(opened))
    return _on_white(image) if image.has_transparency_data else image


def _eight_bits(image: Image) -> Image:
    """Grey pictures of 16 bits a pixel with 8, which Pillow's own conversion would cut at 255."""
    from PIL import Image

    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.clip(np.asarray(image), 0, 65535) >> 8).astype(np.uint8))


def _on_white(image: Image) -> Image:
    from PIL import Image

    with_alpha = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", with_alpha.size, "white"), with_alpha)
