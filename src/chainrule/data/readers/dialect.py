"""How a CSV file is written: what parts its columns, whether its first row holds names, how it writes decimals."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chainrule.data.readers.options import GAPS, MISSING, NUMBERS_AT_LEAST, Options

# The comma comes last: it also stands within numbers ("1,5;2,5") and texts.
SEPARATORS = ("\t", ";", "|", ",")
# For a file of one column: a character that no text has.
NO_SEPARATOR = "\x1f"
SPOKEN = {"\t": "tabulators", ";": "semicolons", "|": "bars", ",": "commas", " ": "spaces"}
VALUE = re.compile(r"[+-]?[\d.,]*\d[\d.,]*(e[+-]?\d+)?%?|\d{1,4}[-/.]\d\d?[-/.]\d{1,4}\b.*|true|false", re.IGNORECASE)
DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d*)(,\d+)?(e[+-]?\d+)?", re.IGNORECASE)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})*")
LONGEST_NAME = 60


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written.

    Attributes:
        separator: What stands between columns.
        quote: What encloses a value that holds separators or line ends; "" where quotes are text.
        header: Whether the first row holds names.
        names: The names, found or made.
        skip: How many rows stand before the first of the data, empty ones counted.
        decimal: "." or ",".
        spaced: Whether a space follows each separator, which belongs to no value.
        notes: What was found, as the user reads it.
    """

    separator: str
    quote: str
    header: bool
    names: tuple[str, ...]
    skip: int
    decimal: str
    spaced: bool
    notes: tuple[str, ...]


def find_dialect(head: str, options: Options) -> Dialect:
    """How a file that begins with `head` is written, but for what the user has said.

    Args:
        head: Whole lines; not empty.
        options: What the user has said. Columns with a type of their own are known names, which make a header.
    """
    lines = head.splitlines(keepends=True)
    separator = options.separator or _separator(lines)
    quote = _quote(lines, separator)
    everything = rows_of(lines, separator, quote)
    rows = [row for row in everything if row]
    spaced = _is_spaced(lines, separator)
    rows = [[cell.strip() for cell in row] for row in rows]
    header = _has_header(rows, options.kinds) if options.header is None else options.header
    decimal = options.decimal or _decimal(rows[header:])
    notes = ["one column" if separator == NO_SEPARATOR else f"columns parted by {SPOKEN.get(separator, separator)}"]
    if not header:
        notes.append(f"no header: the columns are called {', '.join(made_names(min(3, len(rows[0]))))}, ...")
    if decimal == ",":
        notes.append("decimals after a comma")
    if not quote:
        notes.append("quotation marks are text")
    names, unnamed = _names(rows[0], header)
    notes += unnamed
    words = {cell for row in rows[header:] for cell in row} & {*options.absent} - {""}
    if words:
        notes.append(f"{', '.join(sorted(words))}: nothing stands there")
    skip = next(number for number, row in enumerate(everything) if row) + 1 if header else 0
    return Dialect(separator, quote, header, names, skip, decimal, spaced, tuple(notes))


def rows_of(lines: Sequence[str], separator: str, quote: str) -> list[list[str]]:
    """The values of each row; none of an empty line."""
    if not quote:
        return list(csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE))
    return list(csv.reader(lines, delimiter=separator, quotechar=quote, skipinitialspace=True))


def _is_spaced(lines: Sequence[str], separator: str) -> bool:
    """Whether a space follows each separator, but perhaps those of a header."""
    cells = [cell for row in list(csv.reader(lines, delimiter=separator))[1:] for cell in row[1:]]
    return bool(cells) and all(cell.startswith(" ") for cell in cells)


def _separator(lines: Sequence[str]) -> str:
    """What parts most rows into the same number of columns."""
    best, share = NO_SEPARATOR, 0.5
    for candidate in SEPARATORS:
        columns, agreeing = _agreement(rows_of(lines, candidate, '"'))
        if columns > 1 and agreeing > share:
            best, share = candidate, agreeing
    if best == NO_SEPARATOR:
        columns, agreeing = _agreement(rows_of(lines, " ", '"'))
        if columns > 2 and agreeing == 1:
            return " "
    return best


def _agreement(rows: Sequence[Sequence[str]]) -> tuple[int, float]:
    """The usual number of columns, and the share of the rows that have it."""
    counts = Counter(len(row) for row in rows if row)
    ((columns, times),) = counts.most_common(1)
    return columns, times / counts.total()


def _quote(lines: Sequence[str], separator: str) -> str:
    """A double quote; none in a file with tabulators whose lines are right only if quotes are text."""
    if separator != "\t":
        return '"'
    plain, quoted = rows_of(lines, separator, ""), rows_of(lines, separator, '"')
    cells = [cell for row in plain for cell in row if cell.startswith('"')]
    whole = all(re.fullmatch(r'"([^"]|"")*"', cell) for cell in cells)
    return "" if _agreement(plain)[1] == 1 and (len(plain) != len(quoted) or not whole) else '"'


def _has_header(rows: Sequence[Sequence[str]], known: Collection[str]) -> bool:
    """Whether the first row looks unlike the others: a text above numbers, or a text that never comes again."""
    first, rest = rows[0], rows[1:]
    if any(cell in known for cell in first):
        return True
    votes = 0
    for number, cell in enumerate(first):
        column = [row[number] for row in rest if number < len(row) and row[number] not in MISSING]
        values = sum(bool(VALUE.fullmatch(each)) for each in column)
        if VALUE.fullmatch(cell):
            votes -= 1
        elif column and values > 0.8 * len(column) and cell:
            votes += 1
        elif cell in column:
            votes -= 1
    names = [cell for cell in first if cell]
    return votes > 0 or (votes == 0 and len(set(names)) == len(names) > 0 and max(map(len, names)) <= LONGEST_NAME)


def made_names(count: int) -> list[str]:
    """The names of columns that have none."""
    return [f"column{number + 1}" for number in range(count)]


def _names(first: Sequence[str], header: bool) -> tuple[tuple[str, ...], list[str]]:
    """The names of the columns, made where there are none, and what is to be said of those."""
    made = made_names(len(first))
    if not header:
        return tuple(made), []
    unnamed = [name for name, cell in zip(made, first, strict=True) if not cell]
    return (
        tuple(cell or name for name, cell in zip(made, first, strict=True)),
        [f"without a name in the header: {', '.join(unnamed)}"] if unnamed else [],
    )


def _decimal(rows: Sequence[Sequence[str]]) -> str:
    """A comma where a column is of numbers, of which some have one that cannot part thousands."""
    for number in range(max(map(len, rows), default=0)):
        column = [row[number] for row in rows if number < len(row) and row[number].upper() not in GAPS]
        commas = [cell for cell in column if "," in cell and DECIMAL_COMMA.fullmatch(cell)]
        numbers = sum(bool(DECIMAL_COMMA.fullmatch(cell)) for cell in column)
        if numbers >= NUMBERS_AT_LEAST * len(column) and not all(map(THOUSANDS.fullmatch, commas)):
            return ","
    return "."
