"""One door for every kind of data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.cifar import is_cifar_folder, load_cifar_folder
from chainrule.data.dataset import Dataset
from chainrule.data.digits import load_digits
from chainrule.data.idx import is_idx_folder, load_idx_folder
from chainrule.data.readers.archives import is_archive, unpacked
from chainrule.data.readers.delimited import read_delimited
from chainrule.data.readers.objects import read_object, table_of
from chainrule.data.readers.options import Options
from chainrule.data.readers.pictures import (
    TEST,
    TRAINING,
    VALIDATION,
    all_below,
    innermost,
    is_of_part,
    is_picture_folder,
    read_picture_folder,
    read_pictures,
)
from chainrule.data.readers.sources import Format, files_of, format_of
from chainrule.data.readers.typed import read_json, read_parquet
from chainrule.data.table import ArrayTable, Table
from chainrule.errors import EmptyDataError

READERS: dict[Format, Callable[[Sequence[Path], Options, str], Table]] = {
    "delimited": read_delimited,
    "parquet": read_parquet,
    "json": read_json,
    "pictures": read_pictures,
}
# The digits that come with chainrule, where no file is called so.
BUNDLED = "digits"


def read_table(source: Any, **options: Any) -> Table:
    r"""Anything with rows and columns, as a table.

    Of data that comes in two parts, for training and for test, it is the part for training: see `read_parts`.

    Args:
        source: A file (CSV and its kin, Parquet, JSON lines, each packed by gzip or not), several files as a list, a
            pattern or a folder; pictures; a folder with a folder of pictures for each class, or with the files of MNIST
            or CIFAR; an archive of such a folder (zip, tar, tar.gz ...); "digits"; a dictionary of columns, a list of
            dictionaries, an array, a `Dataset`; a table of pandas, polars or Arrow; a table, which is returned as it
            is.
        **options: What is to be said of files, where what is found there would be wrong: see `Options`.

    Raises:
        MissingFileError: If there is no such file; the nearest name is suggested.
        EmptyDataError: If there are no rows.
        FileFormatError: If a file is broken; its subclasses say in what way.
        ColumnTypeError: For words in a column of numbers.
        ArgumentError: If it is nothing that can be a table.

    Example:
        >>> path = getfixture("tmp_path") / "people.csv"
        >>> _ = path.write_text("name;height\nAda;1,65\nMax;?\n")
        >>> people = cr.data.read_table(path)
        >>> people.names, people.column("height").array[0], people.column("height").missing
        (('name', 'height'), np.float64(1.65), array([False,  True]))
        >>> print(*people.notes, sep="\n")
        columns parted by semicolons
        decimals after a comma
        height: 1 times a word such as - or ?, taken for missing
    """
    return read_parts(source, **options)[0]


def read_parts(source: Any, **options: Any) -> tuple[Table, Table | None]:
    """Anything with rows and columns, as a table, and the part for testing, where the data has one of its own.

    Such are folders with `train` and `test` in them (of pictures, or files), and the files of MNIST and CIFAR.

    Args:
        source: See `read_table`.
        **options: See `Options`.

    Returns:
        The rows, and those for the test or None.

    Raises:
        FileFormatError: And others: see `read_table`.

    Example:
        >>> digits, test = cr.data.read_parts("digits")
        >>> digits.names, len(digits), test
        (('picture', 'class'), 1797, None)
    """
    said = Options(**options)
    if isinstance(source, str | Path):
        return _at(source, said)
    if isinstance(source, Dataset):
        return table_of(source), None
    if all(hasattr(source, name) for name in ("names", "notes", "column", "place")):
        return source, None
    if isinstance(source, Sequence) and source and all(isinstance(each, str | Path) for each in source):
        return _files([file for each in source for file in files_of(each)], said, f"{len(source)} files"), None
    return read_object(source, said, "table"), None


def read_all_pictures(sources: Sequence[str], column: str) -> ArrayTable | None:
    """All pictures of files, patterns, folders with whatever is below them, and archives, as a table of one column.

    What their folders mean is of no interest, as when their classes are to be predicted.

    Args:
        sources: Where they are.
        column: What to call the column. Its paths start from the current folder; an archive's begin with its name.

    Returns:
        The table; None where there is other data: a table, or the files of MNIST or CIFAR. What stands beside pictures
        in a folder is not looked at.

    Raises:
        MissingFileError: If there is no such file or folder.
    """
    paths: list[str] = []
    within = None
    for source in sources:
        if is_archive(Path(source)):
            folder = unpacked(Path(source))
            # Of several sources none can be what all paths start from.
            within = folder.parent if len(sources) == 1 else None
            found = [str(Path(folder.name if within else folder) / each) for each in _pictures_in(folder)]
        elif Path(source).is_dir():
            found = [str(Path(source) / each) for each in _pictures_in(Path(source))]
        elif source == BUNDLED and not Path(source).exists():
            found = []
        else:
            files = files_of(source)
            found = list(map(str, files)) if format_of(files) == "pictures" else []
        if not found:
            return None
        paths += found
    name = sources[0] if len(sources) == 1 else f"{len(sources)} sources"
    return ArrayTable({column: paths}, name=name, folder=within)


def _pictures_in(folder: Path) -> list[str]:
    """The pictures below a folder, as paths from there; none where they are MNIST's or CIFAR's."""
    inner = innermost(folder)
    return [] if is_idx_folder(inner) or is_cifar_folder(inner) else all_below(folder)


def _at(source: str | Path, options: Options) -> tuple[Table, Table | None]:
    path = Path(source)
    if str(source) == BUNDLED and not path.exists():
        return table_of(load_digits()), None
    if is_archive(path):
        return _inside(unpacked(path), options, str(source))
    if path.is_dir():
        return _inside(path, options, str(source))
    return _of_files(files_of(source), options, str(source))


def _inside(folder: Path, options: Options, name: str) -> tuple[Table, Table | None]:
    """What is in a folder, which the user knows by another name if it is that of an archive."""
    folder = innermost(folder)
    for is_one, load in ((is_idx_folder, load_idx_folder), (is_cifar_folder, load_cifar_folder)):
        if is_one(folder):
            split = load(folder)
            test = None if split.test is None else table_of(replace(split.test, name=name))
            return table_of(replace(split.train, name=name)), test
    if is_picture_folder(folder):
        return read_picture_folder(folder, name, options.skip_broken)
    return _of_files(files_of(folder), options, name)


def _of_files(files: Sequence[Path], options: Options, name: str) -> tuple[Table, Table | None]:
    training, validation, test = (_of_part(files, words) for words in (TRAINING, VALIDATION, TEST))
    if (len(training), len(test)) != (1, 1) or len(files) != 2 + len(validation) or len(validation) > 1:
        return _files(files, options, name), None
    learned = _files([*training, *validation], options, str(training[0]))
    if validation:
        learned.validation = np.arange(len(learned))[-len(_files(validation, options, str(validation[0]))) :]
    return learned, _files(test, options, str(test[0]))


def _of_part(files: Sequence[Path], words: Sequence[str]) -> list[Path]:
    """The files whose names say that they are of this part: train.csv, ratings_test.txt."""
    return [file for file in files if is_of_part(file.name, words)]


def _files(files: Sequence[Path], options: Options, name: str) -> Table:
    kind = format_of(files)
    for file in files:
        # An empty picture is a broken one, which may be left out.
        if kind != "pictures" and not file.stat().st_size:
            raise EmptyDataError("the file is empty.", where=str(file), expected="rows of values")
    return READERS[kind](files, options, name)
