"""CSV files and their kin, of any size: duckdb parts the rows, and counts what the texts are to find the types.

A file of moderate size is looked at whole before its columns get types; of a larger one the first rows are, and where
a later row shows that these misled, all rows are.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from pathlib import Path

from chainrule.data.readers.dialect import Dialect, find_dialect
from chainrule.data.readers.encoding import PlainText, new_file, plain_text
from chainrule.data.readers.inference import SORTS, Reading, decide, is_word, sort_of
from chainrule.data.readers.naming import check_agreement, check_names
from chainrule.data.readers.options import COMMON, Options
from chainrule.data.readers.records import check_records, line_of, records
from chainrule.data.readers.store import Piece, Storage, Store, StoredTable, is_one_of, literal
from chainrule.errors import ColumnTypeError, EmptyDataError, FileFormatError, InternalError

# Files up to so many bytes are looked at whole.
MODERATE = 8 << 20
# Of larger ones the first rows: so many values, but so many rows at the least.
FIRST_VALUES, FIRST_ROWS = 600_000, 1_000


@dataclass(frozen=True)
class Delimited:
    """A CSV file that has been looked at.

    Attributes:
        text: The file.
        dialect: How it is written.
        absent: Words that mean that nothing stands there, which duckdb is to look for.
        straight: The same rows with line ends of one kind; None where the file needs no such copy.
    """

    text: PlainText
    dialect: Dialect
    absent: tuple[str, ...]
    straight: Path | None = None

    @classmethod
    def open(cls, path: Path, options: Options, scratch: Path) -> Delimited:
        """Look at a file.

        Raises:
            FileFormatError: If it is no text or has no usable header.
            EmptyDataError: If it has no rows.
        """
        text = plain_text(path, options.encoding, scratch)
        head = text.head()
        if not head.strip():
            raise EmptyDataError("the file is empty.", where=str(path), expected="a row of names, and rows of values")
        dialect = find_dialect(head, options)
        check_names(
            dialect.names, str(path), "rename one of them; if the first row holds values, not names: --no-header"
        )
        return cls(text, dialect, (*COMMON, *options.missing))

    def scan(self, names: Sequence[str], readings: Sequence[Reading] | None = None) -> str:
        """SQL for the rows, with columns c0, c1, ... in the order of `names`: as texts, or as they are to be read."""
        native, values = {}, []
        for number, name in enumerate(names):
            column, reading = f"c{number}", readings[number] if readings else Reading("text")
            kind = None if self.dialect.spaced else reading.native
            native[name] = kind or "VARCHAR"
            value = column if kind else reading.expression(self._text(column), self.dialect.decimal)
            values.append(f"{value} AS {column}")
        types = ", ".join(f"'c{names.index(name)}': '{native[name]}'" for name in self.dialect.names)
        quote, skip = (
            (self.dialect.quote, self.dialect.skip) if self.straight is None else ('"', int(self.dialect.header))
        )
        return (
            f"SELECT {', '.join(values)} FROM read_csv({literal(self.straight or self.text.path)}, auto_detect=false, "
            f"header=false, compression='none', skip={skip}, delim={literal(self.dialect.separator)}, "
            f"quote={literal(quote)}, escape={literal(quote)}, comment='', strict_mode=true, "
            f"decimal_separator='{self.dialect.decimal}', nullstr=[{', '.join(map(literal, self.absent))}], "
            f"columns={{{types}}})"
        )

    def _text(self, column: str) -> str:
        """SQL for a text as it is meant: without the space that follows each separator."""
        if not self.dialect.spaced:
            return column
        return f"CASE WHEN {is_one_of(f'trim({column})', self.absent)} THEN NULL ELSE trim({column}) END"

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found in it."""
        plain = self.text.encoding in ("utf-8", "utf-8-sig")
        return (*(() if plain else (f"written in {self.text.encoding}",)), *self.dialect.notes)

    def where(self, row: int) -> str:
        """Where a row stands."""
        return f"{self.text.given}, line {line_of(self.text, self.dialect, row)}"

    def straightened(self, scratch: Path) -> Delimited:
        """The same rows written anew with one kind of line end, as duckdb needs them.

        Raises:
            FileFormatError: If it is not the line ends that are wrong.
        """
        check_records(self.text, self.dialect)
        path = new_file(scratch, self.text.given)
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, delimiter=self.dialect.separator, lineterminator="\n")
            writer.writerows(record for _, record in records(self.text, self.dialect))
        return replace(self, straight=path)


def read_delimited(paths: Sequence[Path], options: Options, name: str) -> StoredTable:
    """The rows of CSV files, one below the other.

    Args:
        paths: The files.
        options: What the user has said of them.
        name: What to call the table.

    Raises:
        FileFormatError: For a file that is broken or is no text.
        EmptyDataError: If there are no rows.
        ColumnTypeError: For words in a column of numbers.
    """
    store = Store(options.memory)
    return load([Delimited.open(path, options, store.scratch) for path in paths], store, options, name)


def load(files: Sequence[Delimited], store: Store, options: Options, name: str) -> StoredTable:
    """The rows of CSV files that have been looked at. See `read_delimited`."""
    import duckdb

    first = files[0]
    names = first.dialect.names
    for file in files[1:]:
        check_agreement(names, file.dialect.names, first.text.given, file.text.given)
    moderate = sum(file.text.path.stat().st_size for file in files) <= MODERATE
    files, readings = _look(
        store, files, names, options, None if moderate else max(FIRST_ROWS, FIRST_VALUES // len(names))
    )
    try:
        pieces = _insert(store, files, names, readings)
    except duckdb.Error:
        # The first rows have misled, or a later one is broken.
        files, readings = _look(store, files, names, options, None)
        pieces = _insert(store, files, names, readings)
    if not len(store):
        raise EmptyDataError(
            "there are no rows below the header." if first.dialect.header else "there are no rows.",
            where=str(first.text.given),
            expected="at least one row",
            got=f"the names {', '.join(names)}",
        )
    notes = dict.fromkeys(note for file in files for note in file.notes)
    notes |= dict.fromkeys(note for reading in readings for note in reading.notes)
    return StoredTable(
        store,
        names,
        _storages(store, readings),
        pieces,
        name=name,
        absent=options.absent,
        notes=notes,
        folder=first.text.given.parent,
    )


def _look(
    store: Store, files: Sequence[Delimited], names: Sequence[str], options: Options, rows: int | None
) -> tuple[list[Delimited], list[Reading]]:
    """How each column is read, as all rows show or the first so many of each file; and the files, readable."""
    looked = [_count(store, file, names, rows) for file in files]
    counted = [reduce(add, column) for column in zip(*(counts for _, counts in looked), strict=True)]
    files = [file for file, _ in looked]
    readings = []
    for number, name in enumerate(names):
        reading = decide(name, counted[number], options, files[0].dialect.decimal)
        if reading is None:
            raise _word(store, files, names, number)
        readings.append(reading)
    return files, readings


def _count(
    store: Store, file: Delimited, names: Sequence[str], rows: int | None
) -> tuple[Delimited, list[Counter[str]]]:
    """How many texts of each column are what; and the file, written anew if it cannot be read as it is."""
    import duckdb

    # All columns one below the other: what tells the sorts is large, and would be there once for each column.
    columns = ", ".join(f"c{number}" for number in range(len(names)))
    limit = f" LIMIT {rows}" if rows else ""
    cells = f"SELECT unnest([{columns}]) AS text, unnest(range({len(names)})) AS place FROM ({file.scan(names)}{limit})"
    sorts = f"SELECT place, {sort_of('text', file.dialect.decimal)} AS sort FROM ({cells})"
    counted = [Counter[str]() for _ in names]
    try:
        for place, sort, times in store.all(f"SELECT place, sort, count(*) FROM ({sorts}) GROUP BY ALL"):
            if sort is not None:
                counted[place][SORTS[sort]] = times
    except duckdb.Error as error:
        if file.straight is not None:
            raise FileFormatError("the file cannot be read.", where=str(file.text.given), got=str(error)) from error
        return _count(store, file.straightened(store.scratch), names, rows)
    return file, counted


def _insert(store: Store, files: Sequence[Delimited], names: Sequence[str], readings: Sequence[Reading]) -> list[Piece]:
    """Read the rows, and say where those of each file begin."""
    store.create([reading.held for reading in readings])
    pieces = []
    for file in files:
        pieces.append(Piece(len(store), file.where))
        store.insert(file.scan(names, readings))
    return pieces


def _storages(store: Store, readings: Sequence[Reading]) -> list[Storage]:
    """As what each column is given: integers only where no later row has shown that they are none."""
    storages = [reading.storage for reading in readings]
    integers = [number for number, storage in enumerate(storages) if storage == "integer"]
    if integers:
        (whole,) = store.all(
            f"SELECT {', '.join(f'bool_and(c{each} = trunc(c{each}))' for each in integers)} FROM held"
        )
        for number in (each for each, is_whole in zip(integers, whole, strict=True) if not is_whole):
            storages[number] = "number"
    return storages


def _word(store: Store, files: Sequence[Delimited], names: Sequence[str], number: int) -> ColumnTypeError:
    """The error of the first word in a column of numbers."""
    column, before = f"c{number}", 0
    for file in files:
        numbered = f"SELECT row_number() OVER () - 1 AS r, {column} AS {column} FROM ({file.scan(names)})"
        found = store.all(
            f"SELECT r, {column} FROM ({numbered}) WHERE {is_word(column, file.dialect.decimal)} ORDER BY r LIMIT 1"
        )
        if found:
            ((row, word),) = found
            comma = " with a comma before its decimals" if file.dialect.decimal == "," else ""
            return ColumnTypeError(
                "a word stands in a column of numbers.",
                row=before + row,
                where=f"{file.where(row)}, column {names[number]!r}",
                expected=f"a number{comma}",
                got=repr(word),
                remedy=f"mend it, or say that it stands for nothing (--missing {word!r}), "
                f"or that the column is none of numbers (--column {names[number]}=category)",
            )
        before += store.all(f"SELECT count(*) FROM ({file.scan(names)})")[0][0]
    raise InternalError(f"column {names[number]!r} has a word in it that is not to be found")
