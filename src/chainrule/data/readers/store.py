"""Rows held by duckdb: in memory as far as the limit goes, then on the disk."""

from __future__ import annotations

import bisect
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.data.table import check_column
from chainrule.data.values import Values
from chainrule.errors import OutOfMemoryError
from chainrule.processors import available

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Storage = Literal["text", "boolean", "instant", "integer", "number"]
# duckdb works with no less than this: some buffers of 32 MiB and what expressions need.
LEAST = 128 << 20
SQL_TYPES: dict[Storage, str] = {
    "text": "VARCHAR",
    "boolean": "BOOLEAN",
    "instant": "TIMESTAMP",
    "integer": "BIGINT",
    "number": "DOUBLE",
}
# A character that no text has.
PARTING = "\x1f"


def common_storage(storages: Sequence[Storage]) -> Storage:
    """As what a column is kept whose parts come as these."""
    different = set(storages)
    if len(different) == 1:
        return storages[0]
    return "number" if different == {"integer", "number"} else "text"


def literal(text: str | Path) -> str:
    """A text as SQL writes it."""
    return "'" + str(text).replace("'", "''") + "'"


def is_one_of(column: str, words: Sequence[str]) -> str:
    """SQL: whether a text is one of these.

    Of a long IN duckdb makes a join over all rows, even within a CASE, and of a list a copy for each row.
    """
    return f"contains({literal(PARTING + PARTING.join(words) + PARTING)}, '{PARTING}' || {column} || '{PARTING}')"


def identifier(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


class Store:
    """A database of its own, and a folder for what does not fit in memory: both go when nobody needs them any more.

    Args:
        memory: How many bytes the rows may take. Default: a quarter of the machine's.
    """

    def __init__(self, memory: int | None = None) -> None:
        import duckdb

        self.scratch = Path(tempfile.mkdtemp(prefix="chainrule-"))
        limit = max(memory or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4, LEAST)
        self.connection: DuckDBPyConnection = duckdb.connect(
            config={
                "threads": available(),
                "memory_limit": f"{limit}B",
                "temp_directory": str(self.scratch / "spilled"),
                "TimeZone": "UTC",
                # No table is a variable of Python, and nothing is fetched from the network.
                "python_enable_replacements": False,
                "autoinstall_known_extensions": False,
            }
        )
        self._finalizer = weakref.finalize(self, _dispose, self.connection, self.scratch)

    def run(self, statement: str) -> None:
        """Do what a statement says."""
        with _in_memory():
            self.connection.execute(statement)

    def all(self, query: str) -> list[tuple[Any, ...]]:
        """The rows that a query gives."""
        with _in_memory():
            return self.connection.execute(query).fetchall()

    def arrays(self, query: str) -> dict[str, NDArray[Any]]:
        """The columns that a query gives; masked arrays where something is missing."""
        # A cursor of its own: several threads may fetch columns at a time.
        with _in_memory():
            return self.connection.cursor().execute(query).fetchnumpy()

    def create(self, storages: Sequence[Storage]) -> None:
        """An empty table for columns c0, c1, ... in place of what was there."""
        columns = ", ".join(f"c{number} {SQL_TYPES[storage]}" for number, storage in enumerate(storages))
        self.run(f"CREATE OR REPLACE TABLE held ({columns})")

    def insert(self, select: str) -> None:
        """Append the rows that a query gives."""
        self.run(f"INSERT INTO held {select}")

    def append(self, arrays: Sequence[object]) -> None:
        """Append rows, of which each column is an array."""
        self.connection.register("given", {f"c{number}": array for number, array in enumerate(arrays)})
        self.insert("SELECT * FROM given")
        self.connection.unregister("given")

    def retype(self, number: int, storage: Storage) -> None:
        """Keep a column as something else."""
        self.run(f"ALTER TABLE held ALTER c{number} TYPE {SQL_TYPES[storage]}")

    def __len__(self) -> int:
        return int(self.all("SELECT count(*) FROM held")[0][0])


@contextmanager
def _in_memory() -> Iterator[None]:
    """What is done within the limit of memory.

    Raises:
        OutOfMemoryError: If that is not enough.
    """
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise OutOfMemoryError(
            "the memory that is allowed is not enough for this table.",
            got=str(error).splitlines()[0],
            remedy="allow more of it, or give fewer columns",
        ) from error


def _dispose(connection: DuckDBPyConnection, scratch: Path) -> None:
    connection.close()
    shutil.rmtree(scratch, ignore_errors=True)


@dataclass(frozen=True)
class Piece:
    """The rows of one file.

    Attributes:
        start: The first of them.
        where: Where a row of this file stands, counted from 0 within it: "people.csv, line 17".
    """

    start: int
    where: Callable[[int], str]


class StoredTable:
    """A table whose rows a `Store` holds. See `Table`.

    Args:
        store: What holds them.
        names: The columns.
        storages: As what each is kept.
        pieces: Where the rows of each file begin.
        name: What to call the table.
        absent: Texts that mean that nothing stands there.
        notes: What was found while reading.
        folder: What paths in it are relative to.
    """

    def __init__(
        self,
        store: Store,
        names: Iterable[str],
        storages: Iterable[Storage],
        pieces: Sequence[Piece],
        *,
        name: str,
        absent: Sequence[str] = (),
        notes: Iterable[str] = (),
        folder: Path | None = None,
    ) -> None:
        self.name, self.names, self.notes, self.folder = name, tuple(names), tuple(notes), folder
        self.validation: NDArray[np.int64] | None = None
        self._store, self._pieces, self._rows = store, pieces, len(store)
        self._storages, self._absent = tuple(storages), absent
        self._words: dict[int, NDArray[np.object_]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return self._rows

    def column(self, name: str, start: int = 0, stop: int | None = None) -> Values:
        """See `Table`."""
        check_column(name, self.names, self.name)
        number = self.names.index(name)
        first, last, _ = slice(start, stop).indices(self._rows)
        rows = f"SELECT rowid AS r, c{number} AS v FROM held WHERE rowid >= {first} AND rowid < {last}"
        if self._storages[number] == "text":
            words = self._texts(number)
            # The rows come in any order, which is quicker than having them sorted.
            found = self._store.arrays(f"SELECT r, code FROM ({rows}) JOIN words{number} ON v = word")
            array, missing = np.zeros(max(0, last - first), np.int32), np.ones(max(0, last - first), bool)
            array[found["r"] - first], missing[found["r"] - first] = found["code"], False
            return Values(array, missing, words, self.folder)
        column = self._store.arrays(f"SELECT v FROM ({rows})")["v"]
        array, missing = np.ma.getdata(column), np.ma.getmaskarray(column)
        if array.dtype.kind == "f":
            missing = missing | np.isnan(array)
        if self._storages[number] == "integer":
            array = np.where(missing, 0, array).astype(np.int64, copy=False)
        return Values(array, missing)

    def place(self, row: int, column: str) -> str:
        """See `Table`."""
        piece = self._pieces[bisect.bisect_right(self._pieces, row, key=lambda each: each.start) - 1]
        return f"{piece.where(row - piece.start)}, column {column!r}"

    def _texts(self, number: int) -> NDArray[np.object_]:
        """The different texts of a column, sorted; duckdb numbers them once and keeps the numbers."""
        with self._lock:
            return self._numbered(number)

    def _numbered(self, number: int) -> NDArray[np.object_]:
        if number not in self._words:
            # A table of its own, or duckdb would compare all rows with the words that mean nothing.
            self._store.run(f"CREATE TABLE different AS SELECT DISTINCT c{number} AS word FROM held")
            self._store.run(
                f"CREATE TABLE words{number} AS "
                "SELECT word, CAST(row_number() OVER (ORDER BY word) - 1 AS INTEGER) AS code FROM different "
                f"WHERE word IS NOT NULL AND NOT {is_one_of('word', self._absent)}"
            )
            self._store.run("DROP TABLE different")
            words = self._store.arrays(f"SELECT word FROM words{number} ORDER BY code")["word"]
            self._words[number] = words.astype(object)
        return self._words[number]
