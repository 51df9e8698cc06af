"""Archives of data, tar (also packed by gzip, bzip2, xz) and zip: unpacked once, where they can do no harm.

What is in an archive goes into a temporary folder, which is removed when the program ends. No more goes there than
there is room for, nothing leaves it, and only files and folders come out of it.
"""

from __future__ import annotations

import atexit
import errno
import io
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from chainrule.data.readers.sources import hidden
from chainrule.errors import ChainruleError, DiskFullError, FileFormatError

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
# What is packed more tightly than this, beyond a gigabyte, is not data but meant to fill the disk.
LARGEST_EXPANSION = 200
ALWAYS = 1 << 30
MOST_FILES = 10_000_000
CHUNK = 1 << 20
AGAIN = "get the file again: it may have been cut off or changed on its way"


def is_archive(path: Path) -> bool:
    """Whether the name of a file says that it is an archive."""
    return path.name.lower().endswith(ENDINGS) and path.is_file()


def unpacked(path: Path) -> Path:
    """The folder with the contents of an archive, which stays until the program ends.

    Raises:
        FileFormatError: If it is broken, or holds what would go elsewhere, links, or far more than it looks like.
        DiskFullError: If there is no room for it.
    """
    stat = path.stat()
    return _unpacked(path.resolve(), stat.st_size, stat.st_mtime_ns)


class _Member(NamedTuple):
    """A file in an archive; its content is None for what is none, such as a link."""

    name: str
    content: IO[bytes] | None


@cache
def _unpacked(path: Path, size: int, changed: int) -> Path:
    temporary = tempfile.mkdtemp(prefix="chainrule-")
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    # Paths of its files say which archive they are from.
    folder = Path(temporary) / path.name
    folder.mkdir()
    try:
        _unpack(path, folder, min(shutil.disk_usage(folder).free // 2, ALWAYS + LARGEST_EXPANSION * size))
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return folder


def _unpack(path: Path, folder: Path, room: int) -> None:
    """Write the files of an archive, of so many bytes at most, into a folder."""
    written = 0
    with _reading(path):
        for number, member in enumerate(_members(path)):
            target = _target(path, member, folder)
            if target is None:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as stream:
                while chunk := member.content.read(CHUNK) if member.content else b"":
                    written += len(chunk)
                    if written > room:
                        raise _too_much(path, room, number)
                    stream.write(chunk)
            if number >= MOST_FILES:
                raise _too_much(path, room, number)


def _too_much(path: Path, room: int, number: int) -> DiskFullError:
    return DiskFullError(
        "the archive holds more than there is room for.",
        where=str(path),
        expected=f"at most {room / 1e9:,.1f} GB, and {MOST_FILES:,} files",
        got=f"more, by file {number + 1:,}",
        remedy="unpack it where there is room, and give the folder",
    )


def _target(path: Path, member: _Member, folder: Path) -> Path | None:
    """Where a file goes; None for what systems leave in archives by themselves.

    Raises:
        FileFormatError: If that is not within the folder, or it is no file.
    """
    parts = PurePosixPath(member.name.replace("\\", "/")).parts
    if any(part == ".." or part.endswith(":") for part in parts) or member.name.startswith(("/", "\\")):
        raise FileFormatError(
            "a file in the archive would go somewhere else.",
            where=f"{path}, {member.name}",
            expected="names of files within the archive's own folder",
            remedy="take it for hostile unless you know who made it",
        )
    if any(hidden(part) for part in parts):
        return None
    if member.content is None:
        raise FileFormatError(
            "there is something in the archive that is neither file nor folder.",
            where=f"{path}, {member.name}",
            expected="files and folders",
            got="a link or a device",
            remedy="unpack it by hand, and give the folder",
        )
    return folder.joinpath(*parts)


def _members(path: Path) -> Iterator[_Member]:
    """The files of an archive, in its order."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as zipped:
            for entry in zipped.infolist():
                if not entry.is_dir():
                    with zipped.open(entry) as content:
                        yield _Member(entry.filename, content)
        return
    # As a stream, so that it is gone through once.
    with tarfile.open(path, "r|*") as stream:
        for info in stream:
            if info.isdir():
                continue
            # What is no file cannot be read from a stream.
            with closing((info.isreg() and stream.extractfile(info)) or io.BytesIO()) as regular:
                yield _Member(info.name, regular if info.isreg() else None)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Whatever is wrong with the archive becomes an error that names it."""
    try:
        yield
    except ChainruleError:
        raise
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise DiskFullError(
                "there is no room to unpack the archive.", where=str(path), remedy="TMPDIR=FOLDER, where there is some"
            ) from None
        raise FileFormatError(
            "the archive cannot be read.",
            where=str(path),
            expected="an archive: zip, or tar, packed by gzip, bzip2, xz or not",
            got=str(error) or type(error).__name__,
            remedy=AGAIN,
        ) from None
