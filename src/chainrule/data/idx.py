"""The IDX files of MNIST, and of data sets in its form (Fashion-MNIST, KMNIST, ...).

A file is a header and bytes (Y. LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten digits"): two
zero bytes, the type (0x08: unsigned bytes), the number of dimensions, each dimension as four bytes, the highest
first, and then the values, the last dimension fastest.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.data.dataset import Dataset, Split
from chainrule.errors import FileFormatError

__all__ = ["is_idx_folder", "load_idx_folder", "read_idx"]

UNSIGNED_BYTES = 0x08
# Deflate cannot blow a file up further than this (zlib's "Technical Details").
LARGEST_EXPANSION = 1032
CHUNK = 1 << 20
AGAIN = "get the file again: it may have been cut off or changed on its way"


def read_idx(path: str | Path, n_dimensions: int) -> NDArray[np.uint8]:
    """The unsigned bytes in an IDX file, plain or, where the name ends in `.gz`, compressed.

    The header is compared with the length of the file before any memory is taken.

    Args:
        path: The file.
        n_dimensions: How many dimensions it must have: 3 for pictures, 1 for labels.

    Returns:
        The values in the shape that the header gives.

    Raises:
        FileFormatError: The file is missing, no IDX file, truncated or longer than its header says, of another
            type or number of dimensions, or not compressed although its name says so.

    Example:
        >>> path = getfixture("tmp_path") / "three-labels-idx1-ubyte"
        >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
        >>> read_idx(path, n_dimensions=1)
        array([7, 2, 1], dtype=uint8)
    """
    path = Path(path)
    try:
        with _open(path) as stream:
            shape = _read_header(stream, path, n_dimensions)
            return _read_values(stream, path, shape)
    except FileNotFoundError:
        raise FileFormatError("there is no such file.", where=str(path), expected="an IDX file") from None
    except EOFError:
        raise FileFormatError(
            "the compressed file ends too early.", where=str(path), expected="more bytes", remedy=AGAIN
        ) from None
    except (OSError, zlib.error) as error:
        raise FileFormatError("the file cannot be read.", where=str(path), got=str(error), remedy=AGAIN) from error


def load_idx_folder(
    folder: str | Path, *, name: str = "MNIST", class_names: Sequence[str] | None = None, source: str = ""
) -> Split:
    """The training and the test part of a folder with MNIST's four files.

    The files are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
    `t10k-labels-idx1-ubyte`, each plain or with `.gz`, also spelled with a dot (`train-images.idx3-ubyte`).

    Args:
        folder: The folder.
        name: What to call the data. Default: "MNIST".
        class_names: The names of the classes. Default: "0", "1", ... up to the highest label.
        source: Where the files come from. Default: the folder.

    Returns:
        Pictures (N, H, W, 1), uint8, with class indices, int64; no validation part.

    Raises:
        FileFormatError: A file is missing or broken, or the files do not fit one another.

    Example:
        >>> load_idx_folder("no/such/folder")
        Traceback (most recent call last):
            ...
        chainrule.errors.FileFormatError: no/such/folder: there is no such folder.
          expected: a folder with MNIST's four files
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileFormatError(
            "this is a file." if folder.exists() else "there is no such folder.",
            where=str(folder),
            expected="a folder with MNIST's four files",
            remedy="give the folder that the file is in" if folder.exists() else None,
        )
    # All files are looked for before the first is read.
    files = {(part, what): _find(folder, part, what) for part in ("train", "t10k") for what in _DIMENSIONS}
    pictures, labels = _read_pair(files["train", "images"], files["train", "labels"])
    test_pictures, test_labels = _read_pair(files["t10k", "images"], files["t10k", "labels"])
    if pictures.shape[1:] != test_pictures.shape[1:]:
        raise FileFormatError(
            "training and test pictures differ in size.",
            where=str(files["t10k", "images"]),
            expected=f"pictures of {_size(pictures)}, as in {files['train', 'images'].name}",
            got=f"pictures of {_size(test_pictures)}",
        )
    names = tuple(class_names or map(str, range(int(labels.max()) + 1)))
    for path, values in ((files["train", "labels"], labels), (files["t10k", "labels"], test_labels)):
        if values.max() >= len(names):
            raise FileFormatError(
                "a label has no class.",
                where=str(path),
                expected=f"labels from 0 to {len(names) - 1}",
                got=int(values.max()),
            )
    source = source or str(folder)
    return Split(
        train=Dataset(pictures, labels, names, name, source),
        test=Dataset(test_pictures, test_labels, names, name, source),
    )


def is_idx_folder(folder: str | Path) -> bool:
    """Whether a folder holds any of MNIST's files, so that `load_idx_folder` is the one to read it.

    Example:
        >>> is_idx_folder("no/such/folder")
        False
    """
    candidates = (name for part in ("train", "t10k") for what in _DIMENSIONS for name in _spellings(part, what))
    return any((Path(folder) / name).is_file() for name in candidates)


_DIMENSIONS = {"images": 3, "labels": 1}


def _spellings(part: str, what: str) -> list[str]:
    names = [f"{part}-{what}{separator}idx{_DIMENSIONS[what]}-ubyte" for separator in "-."]
    return [*names, *(f"{name}.gz" for name in names)]


def _find(folder: Path, part: str, what: str) -> Path:
    names = _spellings(part, what)
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise FileFormatError(
        f"{'training' if part == 'train' else 'test'} {what} are missing.",
        where=str(folder),
        expected=f"a file {' or '.join(names)}",
        got=", ".join(sorted(path.name for path in folder.iterdir())[:10]) or "an empty folder",
        remedy="put all four files of MNIST into the folder",
    )


def _read_pair(pictures: Path, labels: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pictures (N, H, W, 1) with their N labels."""
    images, indices = read_idx(pictures, n_dimensions=3), read_idx(labels, n_dimensions=1)
    if len(images) != len(indices):
        raise FileFormatError(
            "there must be one label for each picture.",
            where=str(labels),
            expected=f"{len(images):,} labels, as {pictures.name} has pictures",
            got=f"{len(indices):,}",
            remedy="take pictures and labels of the same part",
        )
    return images[..., None], indices.astype(np.int64)


def _open(path: Path) -> BinaryIO:
    if path.suffix != ".gz":
        return path.open("rb")
    with path.open("rb") as raw:
        start = raw.read(2)
    if start != b"\x1f\x8b":
        raise FileFormatError(
            "the file is not compressed, although its name ends in .gz.",
            where=str(path),
            expected="a gzip file, which begins with 1f 8b",
            got=f"{start.hex(' ')}" if start else "an empty file",
            remedy="get the file again, or take .gz off its name if it has been unpacked",
        )
    import gzip

    return cast(BinaryIO, gzip.open(path, "rb"))


def _read_header(stream: BinaryIO, path: Path, n_dimensions: int) -> tuple[int, ...]:
    magic = stream.read(4)
    expected = bytes([0, 0, UNSIGNED_BYTES, n_dimensions])
    if magic != expected:
        raise FileFormatError(
            _fault(magic, n_dimensions),
            where=str(path),
            expected=f"the bytes {expected.hex(' ')} at the start",
            got=magic.hex(" ") or "an empty file",
            remedy=AGAIN,
        )
    sizes = stream.read(4 * n_dimensions)
    if len(sizes) < 4 * n_dimensions:
        raise FileFormatError(
            "the file ends within its header.",
            where=str(path),
            expected=f"{4 + 4 * n_dimensions} bytes of header",
            got=f"{4 + len(sizes)} bytes",
            remedy=AGAIN,
        )
    shape = tuple(int(size) for size in np.frombuffer(sizes, dtype=">u4"))
    if 0 in shape:
        raise FileFormatError(
            "the file holds no values.", where=str(path), expected="dimensions above 0", got=shape, remedy=AGAIN
        )
    return shape


def _fault(magic: bytes, n_dimensions: int) -> str:
    if len(magic) < 4 or magic[:2] != b"\0\0":
        return "this is no IDX file."
    if magic[2] != UNSIGNED_BYTES:
        return f"the values have type 0x{magic[2]:02x}, not 0x08 (unsigned bytes)."
    return f"the values have {magic[3]} dimensions, not {n_dimensions}."


def _read_values(stream: BinaryIO, path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    wanted = math.prod(shape)
    in_file = path.stat().st_size
    possible = in_file * LARGEST_EXPANSION if path.suffix == ".gz" else in_file - stream.tell()
    values = bytearray()
    # One byte more than wanted tells whether the file goes on; reading by chunks takes memory only as it comes.
    while possible >= wanted and len(values) <= wanted:
        chunk = stream.read(min(CHUNK, wanted + 1 - len(values)))
        if not chunk:
            break
        values += chunk
    if len(values) != wanted:
        longer = len(values) > wanted
        raise FileFormatError(
            f"the file is {'longer' if longer else 'shorter'} than its header says.",
            where=str(path),
            expected=f"{wanted:,} bytes of values, for {' × '.join(map(str, shape))}",
            got="more" if longer else f"{len(values):,}" if values else f"at most {possible:,}",
            remedy=AGAIN,
        )
    return np.frombuffer(values, dtype=np.uint8).reshape(shape)


def _size(pictures: NDArray[np.uint8]) -> str:
    return f"{pictures.shape[1]} × {pictures.shape[2]}"
