"""Files of pictures as one array, of which rows are decoded when they are asked for."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.pictures.decoding import MISSING, fault, pixels, size_and_channels
from chainrule.errors import ArgumentError, ColumnTypeError, EmptyDataError
from chainrule.processors import available

__all__ = ["PictureFiles"]

# So many are decoded by a thread before it looks for more.
CHUNK = 32
# So many broken files are named.
NAMED = 5


class PictureFiles:
    """Pictures in files as an array (N, height, width, channels) of bytes, decoded when its rows are asked for.

    `fit`, `evaluate` and `predict` take it as inputs, for more pictures than fit in memory: while a step runs, the rows
    of the next ones are decoded, on all processors. Pictures of all kinds of files are read, by their content, as
    people see them: turned upright (EXIF), without alpha (on white), with 8 bits a channel, grey or RGB. Those of
    another size are scaled to cover the one that is asked for, and cut at the edges.

    Args:
        paths: The files.
        shape: (height, width, channels) of each row; channels are 1 (grey) or 3 (RGB).
        folder: What relative paths start from. Default: the current folder.

    Raises:
        EmptyDataError: If there are no files.
        ArgumentError: For a shape that is none of a picture.

    Example:
        >>> from PIL import Image
        >>> path = getfixture("tmp_path") / "red.png"
        >>> Image.new("RGB", (40, 30), "red").save(path)
        >>> pictures = cr.data.PictureFiles([path, path], (15, 20, 3))
        >>> pictures.shape, pictures[:1][0, 0, 0]
        ((2, 15, 20, 3), array([255,   0,   0], dtype=uint8))
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(self, paths: Sequence[str | Path], shape: Sequence[int], folder: Path | None = None) -> None:
        if not len(paths):
            raise EmptyDataError("there are no pictures.", expected="at least one", got="none")
        if len(shape) != 3 or min(shape) < 1 or shape[2] not in (1, 3):
            raise ArgumentError(
                "this is no shape of pictures.",
                where="shape",
                expected="(height, width, channels), with 1 channel for grey or 3 for RGB",
                got=tuple(shape),
            )
        self._paths = np.array(paths, dtype=object)
        self._folder = folder or Path()
        height, width, channels = map(int, shape)
        self._row = (height, width, channels)

    def __len__(self) -> int:
        return len(self._paths)

    def __repr__(self) -> str:
        return f"PictureFiles({len(self):,} files, each as {self._row})"

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, height, width, channels)."""
        return (len(self), *self._row)

    @property
    def nbytes(self) -> int:
        """How many bytes all of them take, decoded."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __getitem__(self, index: Any) -> NDArray[np.uint8]:
        """What an array of all of them has there; only the rows that it is in are decoded.

        Raises:
            ColumnTypeError: If files are missing or broken: all are counted, the first named; `row` is the first.
            IndexError: For an index that an array would not take.
        """
        places = index if isinstance(index, tuple) else (index,)
        if not places or places[0] is Ellipsis:
            every: NDArray[np.uint8] = self.take(np.arange(len(self)))[places]
            return every
        rows, *within = places
        known = all(isinstance(each, int | np.integer | slice) or each is Ellipsis for each in within)
        if rows is None or isinstance(rows, bool | np.bool_) or not known:
            raise IndexError(f"rows come first, then pixels by numbers or slices; got {index!r}")
        if not isinstance(rows, slice):
            rows = np.asarray(rows)
            # NumPy takes an empty list for numbers with decimals.
            rows = rows if rows.size else rows.astype(np.int64)
        chosen = np.arange(len(self))[rows]
        decoded = self.take(np.ravel(chosen)).reshape(*np.shape(chosen), *self._row)
        return decoded[(slice(None),) * np.ndim(chosen) + tuple(within)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:].astype(dtype or self.dtype, copy=False)

    def take(self, rows: ArrayLike, axis: int = 0) -> NDArray[np.uint8]:
        """The rows of these numbers, decoded; as `__getitem__`."""
        chosen = self.at(np.asarray(rows, np.int64))
        decoded = np.empty(chosen.shape, np.uint8)
        chosen.decode(decoded)
        return decoded

    def at(self, rows: NDArray[np.integer]) -> PictureFiles:
        """The files of these rows, in this order, not decoded."""
        chosen = object.__new__(PictureFiles)
        chosen._paths, chosen._folder, chosen._row = self._paths[rows], self._folder, self._row
        return chosen

    def decode(self, into: NDArray[np.uint8], progress: Callable[[int], None] = lambda done: None) -> None:
        """Decode all of them into an array of the same shape; errors as for `__getitem__`.

        Args:
            into: What is filled.
            progress: Is told how many are done, now and then.
        """

        def decode(number: int, file: Path) -> None:
            into[number] = pixels(file, self._row)

        self._raise(self._look(decode, progress))

    def check(self, progress: Callable[[int], None] = lambda done: None) -> dict[int, str]:
        """Decode all of them and keep none: what is wrong with those that are broken, by row."""
        return self._look(lambda number, file: pixels(file, self._row), progress)

    def sizes(self) -> list[tuple[int, int, int]]:
        """Height, width and channels of each, as they are in the files; errors as for `__getitem__`."""
        found = [(0, 0, 0)] * len(self)

        def measure(number: int, file: Path) -> None:
            found[number] = size_and_channels(file)

        self._raise(self._look(measure, lambda done: None))
        return found

    def path(self, row: int) -> Path:
        """Where the file of a row is."""
        return self._folder / str(self._paths[row])

    def _look(self, look: Callable[[int, Path], Any], progress: Callable[[int], None]) -> dict[int, str]:
        """Look at each file, several at a time; what is wrong with those that cannot be read, by row."""

        def chunk(start: int) -> dict[int, str]:
            faults = {}
            for number in range(start, min(start + CHUNK, len(self))):
                file = self.path(number)
                try:
                    look(number, file)
                except Exception as error:  # what decoders say of broken files is of any class
                    faults[number] = fault(file, error)
            return faults

        found: dict[int, str] = {}
        # Larger pictures than Pillow likes are refused, in place of a warning.
        with warnings.catch_warnings(), ThreadPoolExecutor(min(available(), len(self) // CHUNK + 1)) as pool:
            warnings.filterwarnings("ignore", "Image size", module="PIL")
            for start, faults in enumerate(pool.map(chunk, range(0, len(self), CHUNK))):
                found |= faults
                progress(min((start + 1) * CHUNK, len(self)))
        return found

    def _raise(self, faults: dict[int, str]) -> None:
        if faults:
            raise broken(self, faults)


def rows_of(inputs: NDArray[Any] | PictureFiles, rows: NDArray[np.integer] | slice) -> NDArray[Any] | PictureFiles:
    """Some rows of inputs; of files without decoding them."""
    if isinstance(inputs, PictureFiles):
        return inputs.at(np.arange(len(inputs))[rows])
    return inputs[rows]


def broken(files: PictureFiles, faults: dict[int, str]) -> ColumnTypeError:
    """The error for files that cannot be read: all are counted, the first are named."""
    (row, what), *_ = faults.items()
    missing = what == MISSING
    if len(faults) == 1:
        message = f"{what}." if missing else f"this picture cannot be read: {what}."
        got = f"{files.path(row)} ({_size(files.path(row))})"
    else:
        message = f"{len(faults):,} of {len(files):,} pictures cannot be read."
        named = [f"{files.path(each)} ({why})" for each, why in list(faults.items())[:NAMED]]
        more = [f"and {len(faults) - NAMED:,} more"] if len(faults) > NAMED else []
        got = "\n            ".join([*named, *more])
    return ColumnTypeError(
        message,
        row=row,
        expected="pictures" if len(faults) > 1 else "a picture",
        got=got,
        remedy=f"{'correct the path' if missing else 'mend the file'}, or drop the row",
    )


def _size(file: Path) -> str:
    return f"{file.stat().st_size:,} bytes" if file.is_file() else "no file"
