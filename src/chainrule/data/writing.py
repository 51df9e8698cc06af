"""Rows written to a file as they come: CSV, JSON lines, Parquet."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from chainrule.data.checks import check_lengths
from chainrule.data.readers.store import Storage, Store, common_storage, identifier, literal
from chainrule.data.values import Values
from chainrule.errors import ArgumentError, DiskFullError, MissingFileError, OutputExistsError
from chainrule.files import FULL, check_writable, permissions, unwritable, writing

__all__ = ["RowWriter", "check_output"]

STANDARD_OUTPUT = "-"
CSV, JSON, PARQUET = (".csv", ".tsv", ".txt", ""), (".jsonl", ".ndjson"), (".parquet", ".pq")
# So many rows are formatted and written at once: what a full disk leaves is a multiple of them.
TOGETHER = 1024
KINDS: dict[str, Storage] = {"b": "boolean", "M": "instant", "i": "integer", "u": "integer", "f": "number"}


def check_output(path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Raise what `RowWriter` would, before there is anything to write.

    Example:
        >>> cr.data.check_output("predictions.csv")
    """
    target = None if str(path) == STANDARD_OUTPUT else Path(path)
    _format(target)
    if target is not None and not _is_device(target):
        _check_target(target, force)
        check_writable(target)


class RowWriter:
    r"""Writes rows to a new file, chunk by chunk, and puts it in its place when all are written.

    If an error comes before that, no file is left, and one that was there stays. Only where the disk is full, what has
    been written by then is kept: whole rows. (Of Parquet, whose files end with what makes them readable, nothing is.)

    Args:
        path: The file, whose ending says the format: .csv, .tsv, .jsonl or .ndjson, which may have .gz besides, or
            .parquet. Or "-" for standard output, as CSV.
        columns: The names of the columns.
        force: Whether a file that is there may be replaced.

    Raises:
        ArgumentError: For another ending.
        MissingFileError: If there is no such folder.
        OutputExistsError: If the file is there already.
        WritingError: If it cannot be written there.

    Example:
        >>> path = getfixture("tmp_path") / "predictions.csv"
        >>> with cr.data.RowWriter(path, ["city", "price"]) as writer:
        ...     writer.write({"city": ["Rome", None], "price": [1.5, 2.0]})
        >>> path.read_text()
        'city,price\nRome,1.5\n,2.0\n'
    """

    def __init__(self, path: str | os.PathLike[str], columns: Sequence[str], *, force: bool = False) -> None:
        target = None if str(path) == STANDARD_OUTPUT else Path(path)
        make = _format(target)
        self.columns = tuple(columns)
        self.rows = 0
        self._destination = _Destination(target, force)
        with self._closing_on_error():
            self._format = make(self._destination, self.columns)

    def write(self, rows: Mapping[str, ArrayLike | Values]) -> None:
        """Write some rows: values for each column.

        Raises:
            DiskFullError: If the disk is full; the rows before are whole and kept.
        """
        values = [_values(rows[name]) for name in self.columns]
        count = check_lengths({name: each.array for name, each in zip(self.columns, values, strict=True)})
        for start in range(0, count, TOGETHER):
            part = [each.take(slice(start, start + TOGETHER)) for each in values]
            with self._closing_on_error():
                self._format.add(part)
            self.rows += len(part[0])

    def close(self) -> None:
        """Put the file in its place."""
        with self._closing_on_error():
            self._format.finish()
            self._destination.keep()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._destination.discard()

    @contextmanager
    def _closing_on_error(self) -> Iterator[None]:
        """Keep what is written if the disk is full, and nothing after any other error."""
        try:
            yield
        except OSError as error:
            if error.errno not in FULL:
                self._destination.discard()
                # Whoever read our output has seen enough: that is no mistake.
                raise (
                    error if isinstance(error, BrokenPipeError) else unwritable(self._destination.name, error)
                ) from None
            kept = self._format.kept(self.rows) if self.rows else 0
            self._destination.keep(kept > 0)
            raise DiskFullError(
                f"the disk is full: {kept:,} rows are written, each of them whole.",
                where=self._destination.name,
                remedy="make room and run it again" + (" with --force" if kept else ""),
            ) from None
        except BaseException:
            self._destination.discard()
            raise


class _Format(Protocol):
    def add(self, columns: Sequence[Values]) -> None: ...

    def finish(self) -> None: ...

    def kept(self, rows: int) -> int:
        """How many of the rows that were added can be read where the disk became full."""


def _format(target: Path | None) -> Callable[[_Destination, Sequence[str]], _Format]:
    """What writes a file of this name."""
    name = "" if target is None else target.name.lower()
    pack = gzip.compress if name.endswith(".gz") else bytes
    suffix = Path(name.removesuffix(".gz")).suffix
    if suffix in JSON:
        return partial(_Text, to_bytes=_json, header=False, pack=pack)
    if suffix in CSV:
        to_bytes = partial(_csv, separator="\t" if suffix == ".tsv" else ",")
        return partial(_Text, to_bytes=to_bytes, header=True, pack=pack)
    if suffix in PARQUET and not name.endswith(".gz"):
        return _Parquet
    raise ArgumentError(
        "rows cannot be written in this format.",
        where=str(target),
        expected=f"a name that ends in {', '.join(filter(None, (*CSV, *JSON, *PARQUET)))}",
        got=repr(suffix),
    )


class _Destination:
    """Where bytes go: a file under a temporary name, a device, or standard output."""

    def __init__(self, target: Path | None, force: bool) -> None:
        self.name = "standard output" if target is None else str(target)
        self.temporary: Path | None = None
        self._target = target
        if target is None:
            sys.stdout.flush()
            # Unbuffered, so that an error comes with the rows that it concerns.
            self._stream: IO[bytes] = getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)
        elif _is_device(target):
            with writing(target):
                self._stream = target.open("wb", buffering=0)
        else:
            _check_target(target, force)
            with writing(target):
                handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
            self.temporary = Path(temporary)
            self._stream = os.fdopen(handle, "wb", buffering=0)

    def write(self, content: bytes) -> None:
        """Write all of this; or, where the disk is full, nothing of it."""
        start = self._stream.tell() if self._stream.seekable() else None
        rest = memoryview(content)
        try:
            while rest:
                rest = rest[self._stream.write(rest) :]
        except OSError:
            # Devices can be sought in, but not truncated.
            with suppress(OSError):
                if start is not None:
                    self._stream.seek(start)
                    self._stream.truncate()
            raise

    def keep(self, anything: bool = True) -> None:
        """Put what is written in its place, if there is anything."""
        if self.temporary is None or self._target is None or not anything:
            return self.discard()
        os.fsync(self._stream.fileno())
        self._stream.close()
        os.chmod(self.temporary, permissions(self._target))
        os.replace(self.temporary, self._target)
        self.temporary = None
        return None

    def discard(self) -> None:
        """Leave no file; what a device or standard output has, it has."""
        if self._target is not None:
            self._stream.close()
        if self.temporary is not None:
            self.temporary.unlink(missing_ok=True)
            self.temporary = None


def _is_device(target: Path) -> bool:
    return target.is_char_device() or target.is_fifo()


def _check_target(target: Path, force: bool) -> None:
    if not target.parent.is_dir():
        raise MissingFileError("there is no such folder.", where=str(target.parent), remedy="make it, or name another")
    if target.is_dir() or (target.exists() and not force):
        raise OutputExistsError(
            "this is a folder." if target.is_dir() else "the file is there already.",
            where=str(target),
            remedy="name another file" + ("" if target.is_dir() else ", or replace it with --force"),
        )


class _Text:
    """Rows as lines of text. Compressed, each part is a gzip file of its own: one after another they are one too."""

    def __init__(
        self,
        destination: _Destination,
        names: Sequence[str],
        *,
        to_bytes: Callable[[Sequence[str], Sequence[Sequence[Any]]], bytes],
        header: bool,
        pack: Callable[[bytes], bytes],
    ) -> None:
        self._destination, self._names, self._to_bytes, self._pack = destination, names, to_bytes, pack
        if header:
            destination.write(pack(to_bytes(names, [[name] for name in names])))

    def add(self, columns: Sequence[Values]) -> None:
        """Write rows."""
        self._destination.write(self._pack(self._to_bytes(self._names, [_cells(column) for column in columns])))

    def finish(self) -> None:
        """Nothing is left to be done."""

    def kept(self, rows: int) -> int:
        """All of them."""
        return rows


class _Parquet:
    """Rows gathered by duckdb, which writes them at the end."""

    def __init__(self, destination: _Destination, names: Sequence[str]) -> None:
        self._destination, self._names, self._store = destination, names, Store()
        self._storages: list[Storage] = []

    def add(self, columns: Sequence[Values]) -> None:
        """Gather rows."""
        storages = [_storage(column) for column in columns]
        if not self._storages:
            self._storages = storages
            self._store.create(storages)
        for number, storage in enumerate(storages):
            common = common_storage([self._storages[number], storage])
            if common != self._storages[number]:
                self._storages[number] = common
                self._store.retype(number, common)
        with _as_system_errors():
            self._store.append([_array(column) for column in columns])

    def finish(self) -> None:
        """Write the file."""
        if not self._storages:
            self._store.create(["text"] * len(self._names))
        columns = ", ".join(f"c{number} AS {identifier(name)}" for number, name in enumerate(self._names))
        path = literal(self._destination.temporary or self._destination.name)
        with _as_system_errors():
            self._store.run(f"COPY (SELECT {columns} FROM held) TO {path} (FORMAT parquet)")

    def kept(self, rows: int) -> int:
        """None: without its end a Parquet file cannot be read."""
        return 0


@contextmanager
def _as_system_errors() -> Iterator[None]:
    """What duckdb says of a full disk, as the system says it."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        if "No space left" not in str(error):
            raise
        raise OSError(errno.ENOSPC, str(error)) from error


def _values(column: ArrayLike | Values) -> Values:
    if isinstance(column, Values):
        return column
    array = np.asarray(column)
    if array.dtype == np.float32:
        # 0.1 as float32 is 0.10000000149 as float64: what is written is the shortest that says the same float32.
        array = array.astype(str).astype(np.float64)
    return Values.of(array)


def _cells(column: Values) -> list[Any]:
    """The values as Python has them, None where nothing stands."""
    if column.words is not None:
        words = [*column.words, None]
        return [words[number] for number in np.where(column.missing, -1, column.array)]
    cells = column.array.astype(object)
    cells[column.missing] = None
    return list(cells.tolist())


def _csv(_: Sequence[str], columns: Sequence[Sequence[Any]], separator: str) -> bytes:
    text = io.StringIO(newline="")
    rows = zip(*(map(_short, column) for column in columns), strict=True)
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _short(value: Any) -> Any:
    """A date without a time that is midnight."""
    return str(value).removesuffix(" 00:00:00") if isinstance(value, datetime) else value


def _json(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> bytes:
    rows = (dict(zip(names, map(_finite, row), strict=True)) for row in zip(*columns, strict=True))
    return "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows).encode()


def _finite(value: Any) -> Any:
    """JSON has no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _storage(column: Values) -> Storage:
    return "text" if column.words is not None else KINDS[column.array.dtype.kind]


def _array(column: Values) -> Any:
    """What duckdb takes as a column."""
    if column.words is not None:
        return np.array(_cells(column), dtype=object)
    return np.ma.masked_array(column.array, column.missing)
