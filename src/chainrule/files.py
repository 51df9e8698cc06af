"""Writing files whole or not at all, and reading them with errors that name them or what is there instead."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chainrule.errors import ChainruleError, DiskFullError, FileFormatError, MissingFileError, WritingError, nearest

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[None]:
    """Within the block, what the system says of a place that cannot be written to is told of `path`.

    The system would name the temporary file, which nobody knows.

    Raises:
        DiskFullError: If there is no room.
        WritingError: If it cannot be written for another reason.
    """
    try:
        yield
    except WritingError as error:
        # Of a file within the folder that is written.
        raise unwritable(path, error) from None
    except ChainruleError:
        raise
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: str | os.PathLike[str], error: OSError) -> WritingError:
    """The error of a file or folder that could not be written."""
    full = error.errno in FULL
    told = (DiskFullError if full else WritingError)(
        "the disk is full." if full else "this cannot be written.",
        where=str(path),
        expected="room for it" if full else "a place that may be written to",
        got=error.strerror or str(error),
        remedy="make room, or name a place on another disk" if full else "name another place",
    )
    # For whoever catches it, and tells it of the folder that the file was to be in.
    told.errno, told.strerror = error.errno, error.strerror
    return told


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise what `write_bytes` would, before there is anything to write.

    Raises:
        WritingError: If the folder cannot be written to.
    """
    with writing(path):
        handle, temporary = _temporary(Path(path))
        os.close(handle)
        os.unlink(temporary)


def _temporary(target: Path) -> tuple[int, str]:
    return tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")


def write_bytes(path: str | os.PathLike[str], content: bytes, *, private: bool = False) -> None:
    """Write `content` under a temporary name beside `path`, flush it to the disk, and put it in place at once.

    Whatever goes wrong on the way, `path` holds either what it held before or all of `content`.

    Args:
        path: The file.
        content: What it shall hold.
        private: Whether only its owner may read it; else it may be read as the file that it replaces, or as a new one.

    Raises:
        WritingError: If the folder cannot be written to.
        DiskFullError: If there is no room.
    """
    target = Path(path)
    with writing(path):
        handle, temporary = _temporary(target)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            # The temporary file is its owner's alone.
            if not private:
                os.chmod(temporary, permissions(target))
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def permissions(target: Path) -> int:
    """The permissions of a file that is to be replaced, or those that a new file has."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Write `value` as indented JSON, whole or not at all. NaN and infinity are no JSON and are refused."""
    write_bytes(path, (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def read_json(path: str | os.PathLike[str]) -> Any:
    """The value in a JSON file.

    Raises:
        FileFormatError: If it is not JSON.
        FileNotFoundError: If there is no such file.
    """
    try:
        return json.loads(Path(path).read_bytes())
    except ValueError as error:
        raise FileFormatError(
            "the file is not JSON.", where=str(path), got=str(error), remedy="was it edited, or cut off while copying?"
        ) from None


def missing(path: Path) -> MissingFileError:
    """The error of a file that is not there, with what is there instead."""
    part, folder = path, path.parent
    while not folder.is_dir():
        part, folder = folder, folder.parent
    names = [each.name for each in folder.iterdir()]
    close = nearest(part.name, names)
    return MissingFileError(
        "there is no such file or folder." if part == path else f"there is no folder {part}.",
        where=str(path),
        expected="a file or folder",
        got=f"in {folder.resolve()}: {some(names) or 'nothing'}",
        remedy=f"did you mean {folder / close}?" if close else None,
    )


def some(names: Iterable[str]) -> str:
    """The first names of a folder, in their order."""
    ordered = sorted(name for name in names if not name.startswith("."))
    return ", ".join(ordered[:10]) + (", ..." if len(ordered) > 10 else "")
