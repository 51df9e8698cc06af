"""A table in parts, so that rows need not all be in memory: files from the disk, and standard input as it comes."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from chainrule.data.readers.delimited import Delimited, load
from chainrule.data.readers.dialect import Dialect, find_dialect
from chainrule.data.readers.encoding import PlainText, encoding_of, new_file
from chainrule.data.readers.naming import check_names
from chainrule.data.readers.options import COMMON, Options
from chainrule.data.readers.reading import read_table
from chainrule.data.readers.store import Store, StoredTable
from chainrule.data.readers.typed import load as load_typed
from chainrule.data.readers.typed import scan_json
from chainrule.data.table import Table, validation_of
from chainrule.data.values import Values
from chainrule.errors import EmptyDataError, EncodingError

# So many lines show how they are written.
LOOKED_AT = 1000
STANDARD_INPUT = Path("standard input")


def stream_tables(source: Any, rows: int = 65_536, **options: Any) -> Iterator[Table]:
    """The rows of a table in parts of the same columns, with bounded memory.

    A file is read before its first part is given, so that whatever is wrong in it is known by then. Standard input
    comes part by part; say the types of its columns (`kinds`), since no part knows those that follow.

    Args:
        source: See `read_table`; or "-" for standard input, which is CSV or JSON lines.
        rows: How many rows a part has at most.
        **options: See `Options`. Columns whose types are said are known names, by which a header is recognised.

    Raises:
        FileFormatError: And others: see `read_table`.

    Example:
        >>> [len(part) for part in cr.data.stream_tables({"age": [31, 25, 40]}, rows=2)]
        [2, 1]
    """
    if source == "-":
        yield from _standard_input(sys.stdin.buffer, rows, Options(**options))
        return
    table = read_table(source, **options)
    for start in range(0, len(table), rows):
        yield Part(table, start, min(rows, len(table) - start))


class Part:
    """Some rows of a table, one after another. See `Table`.

    Args:
        whole: The table.
        first: The first row.
        length: How many rows.
    """

    def __init__(self, whole: Table, first: int, length: int) -> None:
        self.name, self.names, self.notes, self.folder = whole.name, whole.names, whole.notes, whole.folder
        self._whole, self._first, self._length = whole, first, length
        held = validation_of(whole)
        self.validation = None if held is None else held[(held >= first) & (held < first + length)] - first

    def __len__(self) -> int:
        return self._length

    def column(self, name: str, start: int = 0, stop: int | None = None) -> Values:
        """See `Table`."""
        first, last, _ = slice(start, stop).indices(self._length)
        return self._whole.column(name, self._first + first, self._first + max(first, last))

    def place(self, row: int, column: str) -> str:
        """See `Table`."""
        return self._whole.place(self._first + row, column)


def _standard_input(stream: BinaryIO, rows: int, options: Options) -> Iterator[Table]:
    head = stream.peek(1)  # type: ignore[attr-defined]
    encoding = options.encoding or encoding_of(head, STANDARD_INPUT)
    text = io.TextIOWrapper(stream, encoding, newline="")
    try:
        start = "".join(islice(text, LOOKED_AT))
        if not start.strip():
            raise EmptyDataError(
                "nothing came.", where=str(STANDARD_INPUT), expected="CSV with a header, or a JSON object a line"
            )
        lines = chain(start.splitlines(keepends=True), text)
        if start.lstrip()[0] in "{[":
            yield from _json(lines, rows, options, encoding)
        else:
            yield from _delimited(lines, find_dialect(start, options), rows, options, encoding)
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"what came is not written in {encoding}.",
            where=str(STANDARD_INPUT),
            got="the bytes " + error.object[error.start : error.start + 4].hex(" "),
            remedy="say how it is written: --encoding latin-1, ...",
        ) from None
    finally:
        text.detach()


def _delimited(
    lines: Iterator[str], dialect: Dialect, rows: int, options: Options, encoding: str
) -> Iterator[StoredTable]:
    check_names(dialect.names, str(STANDARD_INPUT))
    for before, part in _parts(lines, rows, dialect):
        store = Store(options.memory)
        file = Delimited(_written(part, store, before, encoding), dialect, (*COMMON, *options.missing))
        yield load([file], store, options, str(STANDARD_INPUT))
        dialect = replace(dialect, header=False, skip=0, notes=())


def _json(lines: Iterator[str], rows: int, options: Options, encoding: str) -> Iterator[StoredTable]:
    for before, part in _parts(lines, rows):
        store = Store(options.memory)
        scan = scan_json(store, _written(part, store, before, encoding))
        yield load_typed(store, [scan], options, str(STANDARD_INPUT))


def _parts(lines: Iterator[str], rows: int, dialect: Dialect | None = None) -> Iterator[tuple[int, list[str]]]:
    """Lines that are whole records, about so many at a time, with the number of those before them."""
    before, part, within = 0, [], False
    for line in lines:
        part.append(line)
        if dialect is not None and dialect.quote:
            within = _within_quotes(line, within, dialect)
        if len(part) >= rows and not within:
            yield before, part
            before, part = before + len(part), []
    if part:
        yield before, part


def _within_quotes(line: str, within: bool, dialect: Dialect) -> bool:
    """Whether a line ends within a value in quotes, which goes on in the next one."""
    quote, separator = dialect.quote, dialect.separator
    # A quote within a value that did not begin with one is text: 5" pipe.
    opens = within or line.startswith(quote) or separator + quote in line or f"{separator} {quote}" in line
    return within ^ (line.count(quote) % 2 == 1) if opens else False


def _written(lines: list[str], store: Store, before: int, encoding: str) -> PlainText:
    path = new_file(store.scratch, STANDARD_INPUT)
    path.write_text("".join(lines), encoding="utf-8", newline="")
    return PlainText(STANDARD_INPUT, path, encoding, before)
