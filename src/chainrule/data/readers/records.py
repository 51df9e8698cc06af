"""A CSV file record by record, with the lines they stand in: for saying where something stands, and what is wrong.

duckdb reads the rows; it counts records, not lines, and cannot always say what is wrong. Python's reader, which is
slow, is asked only then.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from chainrule.data.readers.dialect import NO_SEPARATOR, Dialect
from chainrule.data.readers.encoding import PlainText
from chainrule.errors import QuotingError, RowLengthError


def records(text: PlainText, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Each record with its first line, counted from 1; the header too, but no empty lines.

    Raises:
        QuotingError: For broken quotes.
    """
    # An empty line is a missing value in a file of one column; in others, and above the header, it is nothing.
    empty_counts = dialect.separator == NO_SEPARATOR and not dialect.header
    line = text.before + 1
    with _fields_of_any_length(), text.path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(
            stream,
            delimiter=dialect.separator,
            quotechar=dialect.quote or None,
            quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
            skipinitialspace=True,
            strict=True,
        )
        try:
            for record in reader:
                if record or empty_counts:
                    yield line, record or [""]
                    empty_counts = dialect.separator == NO_SEPARATOR
                line = text.before + reader.line_num + 1
        except csv.Error as error:
            raise QuotingError(
                "the quotation marks are broken: one is not closed, or text follows where one was closed.",
                where=f"{text.given}, line {line}",
                expected='values such as "Rome, Italy", with quotes within doubled: "a ""b"" c"',
                got=str(error),
                remedy="close the quotation mark that opens in this line, or double it if it is text",
            ) from None


def line_of(text: PlainText, dialect: Dialect, row: int) -> int:
    """The line in which a row of the data begins, both counted from where the file starts."""
    return next(islice(records(text, dialect), row + dialect.header, None))[0]


def check_records(text: PlainText, dialect: Dialect) -> None:
    """Look for the first record that is wrong.

    Raises:
        RowLengthError: For one with another number of columns.
        QuotingError: For broken quotes.
    """
    for line, record in records(text, dialect):
        if len(record) != len(dialect.names):
            names, shown = ", ".join(dialect.names), dialect.separator.join(record)
            raise RowLengthError(
                f"this row has {len(record)} columns, not {len(dialect.names)}.",
                where=f"{text.given}, line {line}",
                expected=f"{len(dialect.names)} columns: {_short(names)}",
                got=f"{len(record)}: {_short(shown)}",
                remedy="mend it; values that hold the separator stand in double quotes, and no title above the header",
            )


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:80] + "..."


@contextmanager
def _fields_of_any_length() -> Iterator[None]:
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
