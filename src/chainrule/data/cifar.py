"""CIFAR-10 and CIFAR-100 as they are given away: batches in a binary form, or as pickles of Python.

A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009). A row of the binary form is the class (of
CIFAR-100 the coarse one first), and 32×32 bytes each of red, green and blue; the pickles hold the same as arrays.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.data.dataset import Dataset, Split
from chainrule.data.plain_pickle import read_plain_pickle
from chainrule.errors import FileFormatError

__all__ = ["is_cifar_folder", "load_cifar_folder"]

SIDE = 32
PIXELS = 3 * SIDE * SIDE
AGAIN = "get the file again: it may have been cut off or changed on its way"


class _Form(NamedTuple):
    """How a data set is laid out in files.

    Attributes:
        name: What it is called.
        train: The files of the training part.
        test: That of the test.
        names: The file of the classes' names, and under which key a pickle has them.
        classes: How many there are.
        labels: Under which key a pickle has the classes, or for the binary form, how many bytes a row has before its
            pixels, of which the last is the class.
    """

    name: str
    train: tuple[str, ...]
    test: str
    names: tuple[str, str]
    classes: int
    labels: str | int


_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
_FORMS = (
    _Form("CIFAR-10", _BATCHES, "test_batch", ("batches.meta", "label_names"), 10, "labels"),
    _Form("CIFAR-10", tuple(f"{each}.bin" for each in _BATCHES), "test_batch.bin", ("batches.meta.txt", ""), 10, 1),
    _Form("CIFAR-100", ("train",), "test", ("meta", "fine_label_names"), 100, "fine_labels"),
    _Form("CIFAR-100", ("train.bin",), "test.bin", ("fine_label_names.txt", ""), 100, 2),
)


def is_cifar_folder(folder: str | Path) -> bool:
    """Whether a folder holds CIFAR's batches, so that `load_cifar_folder` is the one to read it.

    Example:
        >>> is_cifar_folder("no/such/folder")
        False
    """
    return _form_of(Path(folder)) is not None


def load_cifar_folder(folder: str | Path) -> Split:
    """The training and the test part of CIFAR-10 or CIFAR-100, of the binary or of the Python version.

    Pickles are read as data: nothing in them is run. Of CIFAR-100 the classes are the hundred fine ones.

    Args:
        folder: The folder with `data_batch_1` to `data_batch_5` and `test_batch`, or with `train` and `test`; their
            names may end in `.bin`.

    Returns:
        Pictures (N, 32, 32, 3), uint8, with class indices, int64; no validation part.

    Raises:
        FileFormatError: A file is missing, broken, or holds more than data.

    Example:
        >>> load_cifar_folder("no/such/folder")
        Traceback (most recent call last):
            ...
        chainrule.errors.FileFormatError: no/such/folder: these are not CIFAR's batches.
          expected: data_batch_1 and so on, or train and test, with or without .bin
    """
    folder = Path(folder)
    form = _form_of(folder)
    if form is None:
        raise FileFormatError(
            "these are not CIFAR's batches.",
            where=str(folder),
            expected="data_batch_1 and so on, or train and test, with or without .bin",
        )
    # All files are looked for before the first is read.
    files = {name: _found(folder, name) for name in (*form.train, form.test)}
    names = _names(folder, form)
    pictures, labels = zip(*(_read(files[name], form) for name in form.train), strict=True)
    test_pictures, test_labels = _read(files[form.test], form)
    return Split(
        train=Dataset(np.concatenate(pictures), np.concatenate(labels), names, form.name, str(folder)),
        test=Dataset(test_pictures, test_labels, names, form.name, str(folder)),
    )


def _form_of(folder: Path) -> _Form | None:
    """CIFAR-100's two files have names of which every folder has some, so that its names are looked for as well."""
    for form in _FORMS:
        found = [(folder / name).is_file() for name in (form.train[0], form.test, form.names[0])]
        if all(found) or (form.classes == 10 and any(found[:2])) or (form.labels == 2 and all(found[:2])):
            return form
    return None


def _found(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        raise FileFormatError(
            "a file of CIFAR is missing.",
            where=str(folder / name),
            expected="all of its batches",
            got=", ".join(sorted(path.name for path in folder.iterdir())[:10]),
            remedy="unpack the archive again",
        )
    return folder / name


def _names(folder: Path, form: _Form) -> tuple[str, ...]:
    """The names of the classes, or their numbers where no file has them."""
    file, key = folder / form.names[0], form.names[1]
    if not file.is_file():
        return tuple(map(str, range(form.classes)))
    if key:
        found = _entry(_entries(file), key, file)
        texts = [each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in found]
    else:
        texts = file.read_text("utf-8", "replace").split()
    if len(texts) != form.classes:
        raise FileFormatError(
            "the classes have other names.", where=str(file), expected=f"{form.classes} names", got=len(texts)
        )
    return tuple(texts)


def _read(file: Path, form: _Form) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The pictures of a file, and their classes."""
    pixels, labels = _binary(file, form.labels) if isinstance(form.labels, int) else _pickled(file, form.labels)
    if labels.shape != (len(pixels),) or not len(labels) or labels.min() < 0 or labels.max() >= form.classes:
        raise FileFormatError(
            "the classes do not fit the pictures.",
            where=str(file),
            expected=f"a class from 0 to {form.classes - 1} for each of {len(pixels):,} pictures",
            got=f"{labels.size:,} numbers" + (f" from {labels.min()} to {labels.max()}" if labels.size else ""),
            remedy=AGAIN,
        )
    # The colours stand one after another in the file, and side by side here.
    return np.ascontiguousarray(pixels.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)), labels.astype(np.int64)


def _binary(file: Path, before: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    content = np.fromfile(file, np.uint8)
    if len(content) % (before + PIXELS):
        raise FileFormatError(
            "the file ends within a picture.",
            where=str(file),
            expected=f"rows of {before + PIXELS:,} bytes",
            got=f"{len(content):,} bytes",
            remedy=AGAIN,
        )
    rows = content.reshape(-1, before + PIXELS)
    return rows[:, before:], rows[:, before - 1]


def _pickled(file: Path, key: str) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    entries = _entries(file)
    pixels, labels = _entry(entries, "data", file), _entry(entries, key, file)
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 2 or pixels.shape[1] != PIXELS:
        raise FileFormatError(
            "these are not CIFAR's pictures.",
            where=str(file),
            expected=f"bytes of shape (N, {PIXELS})",
            got=getattr(pixels, "shape", type(pixels).__name__),
        )
    found = np.array(labels)
    if found.dtype.kind not in "iu":
        raise FileFormatError("the classes are no whole numbers.", where=str(file), got=f"dtype {found.dtype}")
    return pixels, found


def _entries(file: Path) -> dict[Any, Any]:
    found = read_plain_pickle(file)
    return found if isinstance(found, dict) else {}


def _entry(entries: dict[Any, Any], key: str, file: Path) -> Any:
    """What stands under a key, which Python 2 wrote as bytes."""
    for each in (key, key.encode()):
        if each in entries:
            return entries[each]
    raise FileFormatError(
        "an entry of CIFAR is missing.",
        where=str(file),
        expected=key,
        got=", ".join(map(repr, entries)) or "no entries",
    )
