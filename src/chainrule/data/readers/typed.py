"""Rows whose values say themselves what they are: Parquet files, JSON, and tables of other libraries."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from chainrule.data.readers.encoding import AGAIN, PlainText, plain_text
from chainrule.data.readers.naming import check_agreement, check_names
from chainrule.data.readers.options import Options
from chainrule.data.readers.store import Piece, Storage, Store, StoredTable, common_storage, identifier, literal
from chainrule.errors import EmptyDataError, FileFormatError

# The types of duckdb, by how their names begin; all others are kept as texts.
STORAGES: dict[str, Storage] = {
    "BOOLEAN": "boolean",
    "TIMESTAMP": "instant",
    "DATE": "instant",
    "TINYINT": "integer",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "UTINYINT": "integer",
    "USMALLINT": "integer",
    "UINTEGER": "integer",
    "UBIGINT": "number",
    "HUGEINT": "number",
    "UHUGEINT": "number",
    "FLOAT": "number",
    "DOUBLE": "number",
    "DECIMAL": "number",
}
PLAIN_TEXTS = ("VARCHAR", "ENUM", "UUID", "JSON")


@dataclass(frozen=True)
class Scan:
    """A query of duckdb, and what it gives.

    Attributes:
        source: What is scanned, as the user knows it.
        query: The query.
        types: The type of each column, by name.
        where: Where a row stands.
    """

    source: Path
    query: str
    types: dict[str, str]
    where: Callable[[int], str]


def read_parquet(paths: Sequence[Path], options: Options, name: str) -> StoredTable:
    """The rows of Parquet files, one below the other.

    Raises:
        FileFormatError: For a file that is broken, or another kind of file.
        EmptyDataError: If there are no rows.
    """
    store = Store(options.memory)
    return load(store, [_parquet(store, path) for path in paths], options, name, paths[0].parent)


def read_json(paths: Sequence[Path], options: Options, name: str) -> StoredTable:
    """The rows of JSON files, one below the other: an object a line, or an array of objects.

    Raises:
        FileFormatError: For a file that is broken, or another kind of file.
        EmptyDataError: If there are no rows.
    """
    store = Store(options.memory)
    texts = [plain_text(path, options.encoding, store.scratch) for path in paths]
    return load(store, [scan_json(store, text) for text in texts], options, name, paths[0].parent)


def load(store: Store, scans: Sequence[Scan], options: Options, name: str, folder: Path | None = None) -> StoredTable:
    """The rows of scans, one below the other."""
    import duckdb

    first = scans[0]
    names = tuple(first.types)
    check_names(names, str(first.source))
    for scan in scans[1:]:
        check_agreement(names, tuple(scan.types), first.source, scan.source)
    storages = [common_storage([_storage(scan.types[name]) for scan in scans]) for name in names]
    store.create(storages)
    pieces = []
    for scan in scans:
        values = [_value(name, scan.types[name], storage) for name, storage in zip(names, storages, strict=True)]
        pieces.append(Piece(len(store), scan.where))
        try:
            store.insert(f"SELECT {', '.join(values)} FROM ({scan.query})")
        except duckdb.Error as error:
            raise _broken(scan.source, error) from error
    if not len(store):
        raise EmptyDataError("there are no rows.", where=str(first.source), expected="at least one row")
    notes = [
        f"{name}: {first.types[name].lower()} is kept as text"
        for name, storage in zip(names, storages, strict=True)
        if storage == "text" and not first.types[name].startswith(PLAIN_TEXTS)
    ]
    absent = ("", *options.missing)
    return StoredTable(store, names, storages, pieces, name=name, absent=absent, notes=notes, folder=folder)


def _parquet(store: Store, path: Path) -> Scan:
    query = f"SELECT * FROM read_parquet({literal(path)})"
    return Scan(path, query, _types(store, query, path), lambda row: f"{path}, row {row + 1}")


def scan_json(store: Store, text: PlainText) -> Scan:
    """JSON, an object a line or an array of objects."""
    start = text.head(1 << 12).lstrip()
    if start.strip() in ("", "[]"):
        raise EmptyDataError("there are no rows.", where=str(text.given), expected="a JSON object a line")
    query = (
        f"SELECT * FROM read_json({literal(text.path)}, format='auto', records='true', compression='none', "
        "sample_size=-1, map_inference_threshold=-1)"
    )
    where = partial(_line, text) if start[0] == "{" else lambda row: f"{text.given}, record {row + 1}"
    return Scan(text.given, query, _types(store, query, text.given), where)


def _line(text: PlainText, row: int) -> str:
    with text.path.open(encoding="utf-8") as stream:
        lines = (number for number, line in enumerate(stream, start=1) if line.strip())
        return f"{text.given}, line {text.before + next(islice(lines, row, None), row + 1)}"


def _types(store: Store, query: str, path: Path) -> dict[str, str]:
    import duckdb

    try:
        return {name: kind for name, kind, *_ in store.all(f"DESCRIBE {query}")}
    except duckdb.Error as error:
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> FileFormatError:
    """What duckdb says of a file, in the user's terms."""
    said = str(error).splitlines()[0].partition("Error: ")[2].strip()
    line = re.search(r" in line (\d+)", said)
    if "non-record JSON" in said:
        said = "values that are no objects"
    return FileFormatError(
        "the file cannot be read.",
        where=f"{path}, line {line[1]}" if line else str(path),
        expected='an object a line, {"age": 31, "city": "Rome"}, or an array of objects' if "JSON" in said else None,
        got=said,
        remedy=AGAIN,
    )


def _storage(kind: str) -> Storage:
    """As what a type of duckdb is kept: TIMESTAMP_NS, DECIMAL(10,2), BIGINT[], ..."""
    found = re.fullmatch(r"([A-Z]+)(_\w+|\(\d+,\d+\)| WITH TIME ZONE)?", kind)
    return STORAGES.get(found[1], "text") if found else "text"


def _value(name: str, kind: str, storage: Storage) -> str:
    column = identifier(name)
    if storage != "text":
        return column
    return f"{column} ->> '$'" if kind == "JSON" else f"CAST({column} AS VARCHAR)"
