"""What the texts in a column of a CSV file are: duckdb tells what each is, they are counted, the column is decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.data.readers.options import MISSING_NUMBERS, NUMBERS_AT_LEAST, Options
from chainrule.data.readers.store import Storage, literal

# What a text is: an integer; digits that would lose something as a number, such as 007 or twenty of them; another
# number; one with thousands parted, 1,234,567; a word for a number that is missing; true or false; a date or time as
# ISO 8601 writes it; anything else.
SORTS = ("whole", "code", "number", "grouped", "empty", "boolean", "instant", "word")
INSTANT = r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|[+-]\d\d(:?\d\d)?))?)?"
GROUPED = {".": r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", ",": r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?"}


@dataclass(frozen=True)
class Reading:
    """How the texts of a column are read.

    Attributes:
        storage: As what.
        empty: Whether words such as "?" are missing numbers in it.
        grouped: Whether thousands are parted in it.
        notes: What is to be said of it.
    """

    storage: Storage
    empty: bool = False
    grouped: bool = False
    notes: tuple[str, ...] = ()

    def expression(self, column: str, decimal: str) -> str:
        """SQL for the value of a column of texts. A text that is no such value raises an error in duckdb."""
        if self.storage == "text":
            return column
        if self.storage == "boolean":
            return (
                f"CASE lower({column}) WHEN 'true' THEN true WHEN 'false' THEN false "
                f"ELSE CAST({column} || ' is no truth value' AS BOOLEAN) END"
            )
        if self.storage == "instant":
            return f"CAST({column} AS TIMESTAMPTZ)"
        if self.storage == "integer":
            # duckdb would round 1.5 and take 007 for 7.
            value = (
                f"CAST(CASE WHEN {_is_code(column)} OR {_is_fraction(column)} THEN 'no' ELSE {column} END AS BIGINT)"
            )
        else:
            value = f"CAST({_number_text(column, decimal, self.grouped)} AS DOUBLE)"
        return f"CASE WHEN {_is_empty(column)} THEN NULL ELSE {value} END" if self.empty else value


def sort_of(column: str, decimal: str) -> str:
    """SQL: the place among `SORTS` of a text; NULL of none. What is quick to see is looked at first."""
    number = {sort: place for place, sort in enumerate(SORTS)}
    return f"""CASE
        WHEN {column} IS NULL THEN NULL
        WHEN TRY_CAST({_number_text(column, decimal, False)} AS DOUBLE) IS NOT NULL THEN CASE
            WHEN {_is_fraction(column)} THEN {number["number"]}
            WHEN {_is_code(column)} THEN {number["code"]}
            WHEN TRY_CAST({column} AS BIGINT) IS NOT NULL THEN {number["whole"]}
            WHEN {column} >= '0' AND {column} < ':' THEN {number["code"]}
            ELSE {number["number"]} END
        WHEN {_is_empty(column)} THEN {number["empty"]}
        WHEN lower({column}) IN ('true', 'false') THEN {number["boolean"]}
        WHEN {column} >= '0' AND {column} < ':' AND regexp_full_match({column}, {literal(INSTANT)})
            AND TRY_CAST({column} AS TIMESTAMPTZ) IS NOT NULL THEN {number["instant"]}
        WHEN regexp_full_match(trim({column}), {literal(GROUPED[decimal])}) THEN {number["grouped"]}
        ELSE {number["word"]} END"""


def is_word(column: str, decimal: str) -> str:
    """SQL: whether a text stands where a number should."""
    words = [str(SORTS.index(sort)) for sort in ("boolean", "instant", "word")]
    return f"{sort_of(column, decimal)} IN ({', '.join(words)})"


def is_one_of(column: str, words: Sequence[str]) -> str:
    """SQL: whether a text is one of these. duckdb makes a join of a long IN, over all rows, even within a CASE."""
    return f"list_contains([{', '.join(map(literal, words))}], {column})"


def decide(name: str, counted: Counter[str], options: Options, decimal: str) -> Reading | None:
    """How a column is read; None if it is one of numbers in which some are words.

    Args:
        name: Its name.
        counted: How many of its texts are of each sort.
        options: What the user has said.
        decimal: What stands before decimals.
    """
    said, present, empty = options.kinds.get(name), counted.total(), counted["empty"]
    numbers = counted["whole"] + counted["code"] + counted["number"] + counted["grouped"]
    if said in ("category", "text", "picture") or present == empty > 0:
        return Reading("text")
    if said != "number" and present:
        if counted["code"] and numbers == present - empty:
            note = f"{name}: digits that a number would change, such as 007, are kept as texts"
            return Reading("text", notes=(note,))
        if counted["boolean"] == present:
            return Reading("boolean")
        if counted["instant"] == present:
            return Reading("instant")
        if numbers < NUMBERS_AT_LEAST * (present - empty):
            return Reading("text")
    if numbers < present - empty:
        return None
    notes, other = [], "," if decimal == "." else "."
    if empty:
        notes.append(f"{name}: {empty:,} times a word such as - or ?, where no number stands")
    if counted["grouped"]:
        notes.append(f"{name}: thousands are parted, as in 1{other}234 (if these are decimals: --decimal {other})")
    whole = 0 < counted["whole"] == numbers
    return Reading("integer" if whole else "number", empty > 0, counted["grouped"] > 0, tuple(notes))


def _is_empty(column: str) -> str:
    return is_one_of(f"upper(trim({column}))", MISSING_NUMBERS)


def _is_fraction(column: str) -> str:
    return " OR ".join(f"contains({column}, '{sign}')" for sign in ".,eE")


def _is_code(column: str) -> str:
    """Whether it begins with a zero and another digit. A colon comes after 9."""
    return f"{column} >= '00' AND {column} < '0:'"


def _number_text(column: str, decimal: str, grouped: bool) -> str:
    """A number's text as duckdb takes it, with a point and nothing between thousands."""
    if grouped:
        column = f"replace({column}, {literal(',' if decimal == '.' else '.')}, '')"
    if decimal == ".":
        return column
    return f"CASE WHEN contains({column}, '.') THEN 'point' ELSE replace({column}, ',', '.') END"
