"""Which files a user means."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from chainrule.data.pictures.endings import ENDINGS
from chainrule.errors import FileFormatError, MissingFileError
from chainrule.files import missing, some

Format = Literal["delimited", "parquet", "json", "pictures"]
PICTURES = frozenset(ENDINGS)
TABLES: dict[str, Format] = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".tab": "delimited",
    ".txt": "delimited",
    ".data": "delimited",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
# What systems leave in folders by themselves.
LEFTOVERS = frozenset({"thumbs.db", "desktop.ini"})
FORMATS: dict[str, Format] = {**TABLES, **dict.fromkeys(PICTURES, "pictures")}


def hidden(name: str) -> bool:
    """Whether a file or folder is none of the user's, but the system's.

    Example:
        >>> from chainrule.data.readers.sources import hidden
        >>> hidden("__MACOSX"), hidden(".DS_Store"), hidden("cat.jpg")
        (True, True, False)
    """
    return name.startswith((".", "__")) or name.lower() in LEFTOVERS


def files_of(source: str | Path) -> list[Path]:
    """The files that a path, a pattern (`part-*.csv`) or a folder means.

    Raises:
        MissingFileError: If there are none.
    """
    path = Path(source)
    if path.is_dir():
        there = sorted(each for each in path.iterdir() if each.is_file() and not each.name.startswith("."))
        # Pictures beside a table are those that it speaks of.
        files = [each for each in there if _suffix(each) in TABLES] or [
            each for each in there if _suffix(each) in PICTURES
        ]
        if not files:
            raise MissingFileError(
                "there is nothing in this folder that can be read.",
                where=str(path),
                expected=f"files that end in {', '.join(TABLES)}, pictures, folders of them, MNIST's files or CIFAR's",
                got=some(each.name for each in path.iterdir()) or "an empty folder",
            )
        return files
    if path.exists():
        return [path]
    found = sorted(map(Path, glob.glob(str(source))))
    if found:
        return found
    raise missing(path)


def format_of(files: Iterable[Path]) -> Format:
    """The format of files, as their names say it, or else as the first of them begins.

    Raises:
        FileFormatError: If they are of several formats.
    """
    formats = {file: FORMATS.get(_suffix(file)) or _by_content(file) for file in files}
    if len(set(formats.values())) > 1:
        raise FileFormatError(
            "the files are of different kinds.",
            where=", ".join(map(str, formats)),
            expected="files of one kind",
            got=", ".join(sorted(set(formats.values()))),
        )
    return next(iter(formats.values()))


def _by_content(file: Path) -> Format:
    with file.open("rb") as stream:
        return "parquet" if stream.read(4) == b"PAR1" else "delimited"


def _suffix(path: Path) -> str:
    return Path(path.name.lower().removesuffix(".gz")).suffix
