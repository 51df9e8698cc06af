"""Folders of pictures, a folder a class."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from chainrule.data.readers.options import Options
from chainrule.data.readers.sources import PICTURES, TABLES, hidden
from chainrule.data.table import ArrayTable, Table
from chainrule.errors import EmptyDataError, FileFormatError

# Words in the names of files and folders that say for which part they are: train.csv, test_set, seg_train.
TRAINING = ("train", "training")
VALIDATION = ("val", "valid", "validation", "dev")
TEST = ("test", "testing")
# Words beside these that say nothing.
GENERAL = frozenset({"set", "sets", "data", "dataset", "images", "image", "imgs", "img", "pictures", "photos", "split"})
_TOGETHER = rf"(?<![a-z])({'|'.join((*TRAINING, *VALIDATION, *TEST))})({'|'.join(sorted(GENERAL))})(?![a-z])"
# What the columns are called.
PICTURE, CLASS = "picture", "class"
# So many of the files that are no pictures are named.
NAMED = 5
# Texts that stand beside data and are none.
ABOUT = ("readme", "license", "licence")


def is_picture_folder(folder: Path) -> bool:
    """Whether there are pictures in the folders of this one, however deep."""
    return any(any(map(_is_picture, names)) for each in _folders(folder) for _, names in _walked(each))


def innermost(folder: Path) -> Path:
    """The folder itself, or the only one in it, where that is only a wrapper, as archives have them."""
    while True:
        inner, files = list(_folders(folder)), [each for each in folder.iterdir() if each.is_file()]
        data = [each for each in files if each.suffix.lower() in {*TABLES, *PICTURES} and not _is_about(each)]
        if len(inner) != 1 or data or (_has_pictures(inner[0]) and not any(_folders(inner[0]))):
            return folder
        folder = inner[0]


def read_picture_folder(folder: Path, name: str, skip_broken: bool = False) -> tuple[Table, Table | None]:
    """The pictures of a folder with a folder for each class, or with such folders for training and test.

    Where there are folders for training, validation and test, the first two are one table that knows which of its rows
    are for validation. Where there is none for the test whose classes are known, as in ImageNet, the validation is the
    test. Whatever has no place in that is left out, and that is noted.

    Args:
        folder: Where they are.
        name: What to call the table.
        skip_broken: Whether files that are no pictures, and classes without any, are left out, and that is noted.

    Raises:
        FileFormatError: For a file among the pictures that is none.
        EmptyDataError: For a class without pictures.
    """
    parts = _parts(folder)
    notes = _left_out(folder, parts)
    if parts is None:
        return _read([folder], folder, name, skip_broken, notes), None
    training = parts.training
    validation, test = (_of_known_classes(part, training, notes) for part in (parts.validation, parts.test))
    if validation and training and not test:
        notes.append(f"{_named(validation)}: taken for the test")
        test, validation = validation, []
    learned = [*training, *validation]
    return (
        _read(learned, folder, name, skip_broken, notes, validation if training else ()),
        _read(test, folder, f"{name}, {_named(test)}", skip_broken) if test else None,
    )


def _of_known_classes(parts: list[Path], training: list[Path], notes: list[str]) -> list[Path]:
    """The folders of a part, unless none of their folders is one of the training's classes; that is noted then."""
    known = {each.name for each in _classes(training)}
    if parts and not any(not known or each.name in known for each in _classes(parts)):
        notes.append(f"{_named(parts)}: left out, since nothing says which class its pictures are of")
        return []
    return parts


def read_pictures(paths: Sequence[Path], options: Options, name: str) -> ArrayTable:
    """Pictures of which nothing else is known, such as those of which a class is to be predicted."""
    return ArrayTable({PICTURE: list(map(str, paths))}, name=name)


def all_below(folder: Path) -> list[str]:
    """All pictures in a folder and below it, whatever its folders mean, as paths from `folder`."""
    return sorted(_files(folder, folder)[0])


class _Parts(NamedTuple):
    """The folders that are for training, for validation and for the test."""

    training: list[Path]
    validation: list[Path]
    test: list[Path]


def _parts(folder: Path) -> _Parts | None:
    """The folders in this one that are for training, validation and test, by their names; None where they are classes.

    Plain names (train, test_images) count more than others (train_small). Where no name is plain, they have to belong
    together: see `_belong_together`.
    """
    named = _Parts([], [], [])
    others: list[Path] = []
    for each in _folders(folder):
        words = zip((TRAINING, VALIDATION, TEST), named, strict=True)
        next((part for said, part in words if is_of_part(each.name, said)), others).append(each)
    plain = [[each for each in part if GENERAL.issuperset(_rest(each.name))] for part in named]
    parts = _Parts(*(chosen or part for chosen, part in zip(plain, named, strict=True)))
    if not any(_classes([*parts.training, *parts.validation])):
        return None
    if not any(plain) and not _belong_together(parts, others):
        return None
    training = [_unwrapped(each) for each in parts.training]
    known = {each.name for each in _classes(training)}
    if len(known) == 1 and others and not (parts.validation or parts.test):
        # Nobody learns from one class: this is one itself, beside others.
        return None
    return _Parts(training, *([_unwrapped(each, known) for each in part] for part in parts[1:]))


def _belong_together(parts: _Parts, others: Sequence[Path]) -> bool:
    """Whether folders are parts, whose names only have words of parts in them.

    Those of pets_train and pets_test have one name, those of pets_train and dogs_test the same classes; those of train
    station, test tube and bus stop neither, or what is in them is in the third as well.
    """
    each = [place for part in parts for place in part]
    rests = {_rest(place.name) for place in each}
    kinds = [{one.name for one in _folders(_unwrapped(place))} for place in each]
    if any(kinds[0] & {one.name for one in _folders(_unwrapped(other))} for other in others):
        return False
    if sum(map(bool, parts)) == 1:
        # Nothing but training: what stands beside it has to be of the same name, as seg_train and seg_pred.
        return all(set(_words(other.name)).issuperset(rest) for other in others for rest in rests)
    return len(rests) == 1 or bool(set.intersection(*kinds))


def _rest(name: str) -> tuple[str, ...]:
    """The words of the name of a folder beside the one for its part: ("set",) of "test_set2"."""
    return tuple(word for word in _words(name) if word not in {*TRAINING, *VALIDATION, *TEST})


def _words(name: str) -> list[str]:
    """The words of a name: train and set of "train_set", "TrainSet" and "trainset"."""
    apart = re.sub("(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return re.findall("[a-z]+", re.sub(_TOGETHER, r"\1 \2", apart))


def _unwrapped(part: Path, known: Collection[str] = ()) -> Path:
    """The folder with the folders of classes, some of which may be known, where there is only one in another.

    That is, if it is called like the one around it, as seg_train/seg_train, or with words that say nothing.
    """
    while len(inner := list(_folders(part))) == 1 and (classes := {each.name for each in _folders(inner[0])}):
        alike = inner[0].name.lower() == part.name.lower() or GENERAL.issuperset(_rest(inner[0].name))
        if not alike and classes.isdisjoint(known):
            break
        part = inner[0]
    return part


def _classes(parts: Iterable[Path]) -> Iterator[Path]:
    return (each for part in parts for each in _folders(part))


def _named(parts: Iterable[Path]) -> str:
    return ", ".join(part.name for part in parts)


def _left_out(folder: Path, parts: _Parts | None) -> list[str]:
    """A line for pictures that stand where none are looked for: beside the folders of classes, and of parts."""
    known = [] if parts is None else [each for part in parts for each in part]
    # Of a part without classes it is said that none of its pictures has one.
    beside = [each for place in (folder, *known) if any(_folders(place)) for each in _pictures_beside(place, folder)]
    notes = []
    if beside:
        said = f"{', '.join(beside[:NAMED])}{', ...' if len(beside) > NAMED else ''}"
        notes.append(f"{len(beside):,} left out that stand in no folder of a class: {said}")
    around = {above for each in known for above in (each, *each.parents)}
    for each in _folders(folder) if known else ():
        if each not in around and (count := len(all_below(each))):
            pictures = "a picture" if count == 1 else f"{count:,} pictures"
            notes.append(f"{each.name}: left out with {pictures}, since its name says no part")
    return notes


def _pictures_beside(place: Path, start: Path) -> list[str]:
    """The pictures in a folder itself, as paths from `start`."""
    names = sorted(name for name in os.listdir(place) if _is_picture(name) and not hidden(name))
    return [os.path.relpath(place / name, start) for name in names if (place / name).is_file()]


def is_of_part(name: str, words: Sequence[str]) -> bool:
    """Whether the name of a file or folder has one of these words.

    Example:
        >>> from chainrule.data.readers.pictures import is_of_part
        >>> [is_of_part(name, ["test"]) for name in ("ratings_test.txt", "testImages", "contest")]
        [True, True, False]
    """
    return not set(words).isdisjoint(_words(name))


def _read(
    parts: Sequence[Path],
    folder: Path,
    name: str,
    skip_broken: bool,
    notes: Sequence[str] = (),
    validation: Sequence[Path] = (),
) -> ArrayTable:
    paths: list[str] = []
    classes: list[str] = []
    others: list[str] = []
    validating: list[bool] = []
    # What only the validation has is learnt from, since nobody could tell it otherwise.
    trained = {each.name for each in _classes(part for part in parts if part not in validation)}
    if only := sorted({each.name for each in _classes(validation)} - trained):
        notes = [*notes, f"only in {_named(validation)}, so learnt from: {', '.join(only[:NAMED])}"]
    for each in _classes(parts):
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
        validating += [each.parent in validation and each.name in trained] * len(found)
    if not paths:
        raise EmptyDataError("there are no pictures.", where=name, expected="pictures in folders, a folder a class")
    if others:
        more = ", ..." if len(others) > NAMED else ""
        notes = [*notes, f"{len(others):,} left out that are no pictures: {', '.join(others[:NAMED])}{more}"]
    return ArrayTable(
        {PICTURE: paths, CLASS: classes},
        name=name,
        notes=notes,
        folder=folder,
        validation=np.flatnonzero(validating) if any(validating) else None,
    )


def _folders(folder: Path) -> Iterator[Path]:
    """The folders in this one, but for links that lead back to it or to one around it."""
    around = {folder.resolve(), *folder.resolve().parents}
    for each in sorted(folder.iterdir()):
        if each.is_dir() and not hidden(each.name) and not (each.is_symlink() and each.resolve() in around):
            yield each


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
    for place, names in _walked(folder):
        prefix = "" if place == str(start) else os.path.relpath(place, start)
        for name in names:
            (pictures if _is_picture(name) else others).append(os.path.join(prefix, name))
    return pictures, sorted(others)


def _walked(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The folder and all below it, also by links, each once, with the names of the files in it; none that is hidden."""
    seen: set[str] = set()
    for place, inner, names in os.walk(folder, followlinks=True):
        inner[:] = sorted(each for each in inner if not hidden(each))
        # A link may lead back to where it stands.
        if (real := os.path.realpath(place)) in seen:
            inner.clear()
            continue
        seen.add(real)
        yield place, [name for name in names if not hidden(name)]
