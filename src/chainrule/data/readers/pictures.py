"""Folders of pictures, a folder a class."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from chainrule.data.readers.options import Options
from chainrule.data.readers.sources import PICTURES, TABLES, hidden
from chainrule.data.table import ArrayTable, Table
from chainrule.errors import EmptyDataError, FileFormatError

# Words in the names of files and folders that say for which part they are: train.csv, test_set, seg_train.
TRAINING = ("train", "training")
VALIDATION = ("val", "valid", "validation")
TEST = ("test", "testing")
# So many of the files that are no pictures are named.
NAMED = 5
# Texts that stand beside data and are none.
ABOUT = ("readme", "license", "licence")


def is_picture_folder(folder: Path) -> bool:
    """Whether there are pictures in the folders of this one, or one level deeper."""
    inner = list(_folders(folder))
    return any(_has_pictures(each) for each in (*inner, *(deeper for each in inner for deeper in _folders(each))))


def innermost(folder: Path) -> Path:
    """The folder itself, or the only one in it, where that is only a wrapper, as archives have them."""
    while True:
        inner, files = list(_folders(folder)), [each for each in folder.iterdir() if each.is_file()]
        data = [each for each in files if each.suffix.lower() in {*TABLES, *PICTURES} and not _is_about(each)]
        if len(inner) != 1 or data or _has_pictures(inner[0]):
            return folder
        folder = inner[0]


def read_picture_folder(folder: Path, name: str, skip_broken: bool = False) -> tuple[Table, Table | None]:
    """The pictures of a folder with a folder for each class, or with such folders for training and test.

    Pictures of a part for validation are added to those for training, since that part is chosen anew; where there is
    none for the test whose classes are known, as in ImageNet, they are the test.

    Args:
        folder: Where they are.
        name: What to call the table.
        skip_broken: Whether files that are no pictures, and classes without any, are left out, and that is noted.

    Raises:
        FileFormatError: For a file among the pictures that is none.
        EmptyDataError: For a class without pictures.
    """
    training, validation, test = (_part(folder, words) for words in (TRAINING, VALIDATION, TEST))
    # A folder of trains may be called so, too.
    if not any(part is not None and any(_folders(part)) for part in (training, validation)):
        return _read([folder], folder, name, skip_broken), None
    notes = []
    if test is not None and not any(_folders(test)):
        notes.append(f"{test.name}: left out, since nothing says which class its pictures are of")
        test = None
    if test is None and training is not None and validation is not None:
        notes.append(f"{validation.name}: taken for the test")
        test, validation = validation, None
    learned = [part for part in (training, validation) if part is not None]
    return (
        _read(learned, folder, name, skip_broken, notes),
        None if test is None else _read([test], folder, f"{name}, {test.name}", skip_broken),
    )


def read_pictures(paths: Sequence[Path], options: Options, name: str) -> ArrayTable:
    """Pictures of which nothing else is known, such as those of which a class is to be predicted."""
    return ArrayTable({"picture": list(map(str, paths))}, name=name)


def _part(folder: Path, words: Sequence[str]) -> Path | None:
    """The folder in this one whose name has one of these words."""
    part = next((each for each in _folders(folder) if is_of_part(each.name, words)), None)
    while part is not None and len(inner := list(_folders(part))) == 1 and any(_folders(inner[0])):
        # A folder around those of the classes: seg_train/seg_train/forest.
        part = inner[0]
    return part


def is_of_part(name: str, words: Sequence[str]) -> bool:
    """Whether the name of a file or folder has one of these words.

    Example:
        >>> from chainrule.data.readers.pictures import is_of_part
        >>> is_of_part("ratings_test.txt", ["test"]), is_of_part("contest", ["test"])
        (True, False)
    """
    return not set(words).isdisjoint(re.split("[^a-z]+", name.lower()))


def _read(parts: Iterable[Path], folder: Path, name: str, skip_broken: bool, notes: Sequence[str] = ()) -> ArrayTable:
    paths: list[str] = []
    classes: list[str] = []
    others: list[str] = []
    for each in (each for part in parts for each in _folders(part)):
        found, others_here = _files(each, folder)
        others += others_here if found or not skip_broken else [*others_here, os.path.relpath(each, folder)]
        if others and not skip_broken:
            raise FileFormatError(
                "this is no picture." if len(others) == 1 else f"{len(others):,} files are no pictures.",
                where=str(folder / others[0]),
                expected=f"one of {', '.join(sorted(PICTURES))}",
                got=None if len(others) == 1 else ", ".join(others[:NAMED]),
                remedy="move it out of the folders of pictures, or leave out what cannot be read: --skip-broken",
            )
        if not found and not skip_broken:
            raise EmptyDataError(
                "a class has no pictures.",
                where=str(each),
                remedy="put pictures into the folder, or remove it; or leave it out: --skip-broken",
            )
        paths += sorted(found)
        classes += [each.name] * len(found)
    if not paths:
        raise EmptyDataError("there are no pictures.", where=name, expected="pictures in folders, a folder a class")
    if others:
        more = ", ..." if len(others) > NAMED else ""
        notes = [*notes, f"{len(others):,} left out that are no pictures: {', '.join(others[:NAMED])}{more}"]
    return ArrayTable({"picture": paths, "class": classes}, name=name, notes=notes, folder=folder)


def _folders(folder: Path) -> Iterable[Path]:
    return (each for each in sorted(folder.iterdir()) if each.is_dir() and not hidden(each.name))


def _has_pictures(folder: Path) -> bool:
    return any(map(_is_picture, os.listdir(folder)))


def _is_picture(name: str) -> bool:
    return name[name.rfind(".") :].lower() in PICTURES


def _is_about(file: Path) -> bool:
    return file.name.lower().startswith(ABOUT)


def _files(folder: Path, start: Path) -> tuple[list[str], list[str]]:
    """The pictures in the folder of a class and below it, as paths from `start`; and the files that are none."""
    pictures: list[str] = []
    others: list[str] = []
    # There may be millions: texts are ten times as fast as paths.
    for place, _, names in os.walk(folder):
        prefix = os.path.relpath(place, start)
        for name in names:
            if not hidden(name):
                (pictures if _is_picture(name) else others).append(os.path.join(prefix, name))
    return pictures, sorted(others)
