"""Folders of pictures, a folder a class, and data sets that are pictures already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from chainrule.data.idx import load_idx_folder
from chainrule.data.readers.objects import table_of
from chainrule.data.readers.options import Options
from chainrule.data.readers.sources import PICTURES
from chainrule.data.table import ArrayTable, Table
from chainrule.errors import EmptyDataError, FileFormatError

TRAINING = ("train", "training", "training_set", "train_set")
VALIDATION = ("val", "valid", "validation", "validation_set", "val_set")
TEST = ("test", "testing", "test_set")
# What systems leave in folders by themselves.
LEFTOVERS = frozenset({"thumbs.db", "desktop.ini"})


def is_picture_folder(folder: Path) -> bool:
    """Whether there are pictures in the folders of this one, or one level deeper."""
    inner = list(_folders(folder))
    return any(_has_pictures(each) for each in (*inner, *(deeper for each in inner for deeper in _folders(each))))


def read_picture_folder(folder: Path) -> tuple[Table, Table | None]:
    """The pictures of a folder with a folder for each class, or with such folders for training and test.

    Pictures of a part for validation are added to those for training, since that part is chosen anew.

    Raises:
        FileFormatError: For a file among the pictures that is none.
        EmptyDataError: For a class without pictures.
    """
    parts = {each.name.lower(): each for each in _folders(folder)}
    training = [parts[name] for name in (*TRAINING, *VALIDATION) if name in parts]
    test = next((parts[name] for name in TEST if name in parts), None)
    if not training:
        return _read([folder], folder), None
    return _read(training, folder), _read([test], folder) if test is not None else None


def read_pictures(paths: Sequence[Path], options: Options, name: str) -> ArrayTable:
    """Pictures of which nothing else is known, such as those of which a class is to be predicted."""
    return ArrayTable({"picture": list(map(str, paths))}, name=name)


def read_idx_parts(folder: Path) -> tuple[Table, Table | None]:
    """The training and test pictures of MNIST's files."""
    split = load_idx_folder(folder, name=folder.name or str(folder))
    return table_of(split.train), table_of(split.test) if split.test is not None else None


def _read(parts: Iterable[Path], folder: Path) -> ArrayTable:
    paths: list[str] = []
    classes: list[str] = []
    for part in parts:
        for each in _folders(part):
            found = sorted(map(str, (path.relative_to(folder) for path in _files(each))))
            if not found:
                raise EmptyDataError(
                    "a class has no pictures.", where=str(each), remedy="put pictures into the folder, or remove it"
                )
            paths += found
            classes += [each.name] * len(found)
    return ArrayTable({"picture": paths, "class": classes}, name=str(folder), folder=folder)


def _folders(folder: Path) -> Iterable[Path]:
    return (each for each in sorted(folder.iterdir()) if each.is_dir() and not each.name.startswith((".", "__")))


def _has_pictures(folder: Path) -> bool:
    return any(path.suffix.lower() in PICTURES for path in folder.iterdir())


def _files(folder: Path) -> Iterable[Path]:
    """The pictures in the folder of a class and below it."""
    for path in folder.rglob("*"):
        if path.is_dir() or path.name.startswith(".") or path.name.lower() in LEFTOVERS:
            continue
        if path.suffix.lower() not in PICTURES:
            raise FileFormatError(
                "this is no picture.",
                where=str(path),
                expected=f"one of {', '.join(sorted(PICTURES))}",
                remedy="move it out of the folders of pictures",
            )
        yield path
