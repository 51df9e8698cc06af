"""Compiled programs on disk, so that a program that has been compiled once starts at once.

An entry is a file named by a hash of everything that its machine code depends on: the program, the processor, and the
versions of LLVM and of this compiler. Its content ends with a checksum. Files that are not wholly what they should be,
or that someone else could have written, are as good as none.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import struct
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from chainrule import config
from chainrule._version import __version__
from chainrule.files import write_bytes
from chainrule.native.target import host

_MAGIC = b"chainrule\x00\x01\n"
_SUFFIX = ".program"
_HEAD = struct.Struct("<32sQQQ")
_CHECKSUM = 32

# What a killed process leaves behind is swept away when it is so old that nobody writes it any more.
_ABANDONED_SECONDS = 3600


@dataclass(frozen=True)
class Entry:
    """A compiled program.

    Attributes:
        code: An object file.
        layout: What its runtime needs to know, in numbers and names.
        constants: The bytes of its constants.
    """

    code: bytes = field(repr=False)
    layout: dict[str, Any] = field(default_factory=dict)
    constants: bytes = field(default=b"", repr=False)


def cached(key: bytes | None, make: Callable[[], Entry]) -> Entry:
    """The entry of a key: from the disk, or else made and kept there.

    Args:
        key: Says what the program is; None if it is not to be kept.
        make: Makes it.
    """
    folder = _usable(config.cache_folder()) if key is not None else None
    if folder is None or key is None:
        return make()
    digest = _digest(key)
    path = folder / (digest.hex() + _SUFFIX)
    entry = _read(path, digest)
    if entry is None:
        entry = make()
        _write(path, digest, entry)
    return entry


@dataclass(frozen=True)
class Contents:
    """What a cache folder holds: how many entries, and their bytes in all."""

    entries: int
    size: int


def contents(folder: Path) -> Contents:
    """What is in a cache folder."""
    sizes = [status.st_size for _, status in _files(folder, _SUFFIX)]
    return Contents(len(sizes), sum(sizes))


def clear(folder: Path) -> Contents:
    """Remove all entries of a cache folder, and nothing else; what was removed."""
    removed = contents(folder)
    for path, _ in [*_files(folder, _SUFFIX), *_files(folder, ".tmp")]:
        path.unlink(missing_ok=True)
    return removed


# --- the key ---


def _digest(key: bytes) -> bytes:
    """A hash of all that machine code depends on."""
    target = host()
    parts = (key, target.cpu, target.features, target.triple, str(target.matrix), sys.byteorder, *_versions())
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode()
        digest.update(struct.pack("<Q", len(data)) + data)
    return digest.digest()


@cache
def _versions() -> tuple[str, ...]:
    """Of LLVM and of this compiler; also of its source files, for those who work on them."""
    import llvmlite
    import llvmlite.binding as llvm

    stamps = []
    for part in ("compiler", "native"):
        for folder, _, names in os.walk(Path(__file__).parents[1] / part):
            statuses = ((name, os.stat(os.path.join(folder, name))) for name in names if name.endswith(".py"))
            stamps += [f"{name} {status.st_size} {status.st_mtime_ns}" for name, status in statuses]
    return __version__, llvmlite.__version__, ".".join(map(str, llvm.llvm_version_info)), "\n".join(sorted(stamps))


# --- files ---


def _read(path: Path, digest: bytes) -> Entry | None:
    """The entry in a file; None if there is none, or if it is not to be trusted."""
    try:
        with open(path, "rb", opener=_open_own) as stream:
            data = stream.read()
        # So that the entries that are used are the last to go.
        os.utime(path)
    except OSError:
        return None
    body = memoryview(data)[:-_CHECKSUM]
    if len(data) < len(_MAGIC) + _HEAD.size + _CHECKSUM or not data.startswith(_MAGIC):
        return None
    if hashlib.sha256(body).digest() != data[-_CHECKSUM:]:
        return None
    found, layout, code, constants = _HEAD.unpack_from(data, len(_MAGIC))
    start = len(_MAGIC) + _HEAD.size
    if found != digest or start + layout + code + constants != len(body):
        return None
    ends = start + layout, start + layout + code
    return Entry(data[ends[0] : ends[1]], json.loads(data[start : ends[0]]), data[ends[1] : -_CHECKSUM])


def _open_own(path: str, flags: int) -> int:
    """Open a file, if it is a plain file that only its owner, who is us, can have written."""
    handle = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or not _ours(status):
        os.close(handle)
        raise PermissionError(path)
    return handle


def _ours(status: os.stat_result) -> bool:
    """Whether nobody else can have written what has this status. Windows keeps the user's folder for the user."""
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _write(path: Path, digest: bytes, entry: Entry) -> None:
    layout = json.dumps(entry.layout).encode()
    head = _MAGIC + _HEAD.pack(digest, len(layout), len(entry.code), len(entry.constants))
    body = head + layout + entry.code + entry.constants
    limit = config.cache_megabytes() * 1_000_000
    if len(body) + _CHECKSUM > limit:
        return
    try:
        write_bytes(path, body + hashlib.sha256(body).digest(), private=True)
        _shrink(path.parent, limit)
    except OSError as error:
        _warn_once(path.parent, error.strerror or str(error))


def _shrink(folder: Path, limit: int) -> None:
    """Remove entries, the longest unused first, until the others are within the limit."""
    entries = sorted(_files(folder, _SUFFIX), key=lambda file: file[1].st_mtime_ns)
    size = sum(status.st_size for _, status in entries)
    for path, status in entries:
        if size <= limit:
            break
        path.unlink(missing_ok=True)
        size -= status.st_size
    for path, status in _files(folder, ".tmp"):
        if status.st_mtime < time.time() - _ABANDONED_SECONDS:
            path.unlink(missing_ok=True)


def _files(folder: Path, suffix: str) -> Iterator[tuple[Path, os.stat_result]]:
    """The files of a kind in a folder. Other processes may remove some meanwhile."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.suffix == suffix and _SUFFIX in path.name:
            try:
                yield path, path.lstat()
            except FileNotFoundError:
                continue


# --- the folder ---


def _usable(folder: Path | None) -> Path | None:
    """The folder, made if there is none; None, after a warning, if it cannot be used."""
    if folder is None or folder in _unusable:
        return None
    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _ours(folder.stat()):
            raise PermissionError("others may write to it")
    except OSError as error:
        _warn_once(folder, str(error))
        return None
    return folder


_unusable: set[Path] = set()


def _warn_once(folder: Path, reason: str) -> None:
    if folder not in _unusable:
        _unusable.add(folder)
        warnings.warn(
            f"compiled programs are not kept in {folder}: {reason}. CHAINRULE_CACHE names another folder, or is 'off'.",
            RuntimeWarning,
            stacklevel=2,
        )
