"""What the texts in a column of a CSV file are: duckdb tells what each is, they are counted, the column is decided."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from chainrule.data.readers.options import GAPS, NUMBERS_AT_LEAST, Options
from chainrule.data.readers.store import SQL_TYPES, Storage, is_one_of, literal

# What a text is: an integer; digits that would lose something as a number, such as 007 or twenty of them; another
# number; one with thousands parted, 1,234,567; a word for a value that is missing; true or false; a date or time as ISO
# 8601 writes it; one with its distance from universal time; anything else.
SORTS = ("whole", "code", "number", "grouped", "gap", "boolean", "instant", "zoned", "word")
# Integers up to here are kept by a float64 as they are.
EXACT = 1 << 53
DATE = r"\d{4}-\d\d-\d\d"
TIME = r"[ T]\d\d:\d\d(:\d\d(\.\d+)?)?"
INSTANT = f"{DATE}({TIME})?"
ZONED = rf"{DATE}{TIME} ?(Z|[+-]\d\d(:?\d\d)?)"
GROUPED = {".": r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", ",": r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?"}


@dataclass(frozen=True)
class Reading:
    """How the texts of a column are read.

    Attributes:
        storage: As what.
        gaps: Whether words such as "?" mean in it that nothing stands there.
        grouped: Whether thousands are parted in it.
        zoned: Whether times say their distance from universal time.
        notes: What is to be said of it.
    """

    storage: Storage
    gaps: bool = False
    grouped: bool = False
    zoned: bool = False
    notes: tuple[str, ...] = ()

    @property
    def held(self) -> Storage:
        """As what the values are held: as DOUBLE, since duckdb would round 1.5 where it reads an integer."""
        return "number" if self.storage == "integer" else self.storage

    @property
    def native(self) -> str | None:
        """The type that duckdb is to read by itself, which is the fastest way; None where it would read too much."""
        plain = not (self.gaps or self.grouped or self.zoned) and self.storage != "boolean"
        return SQL_TYPES[self.held] if plain else None

    def expression(self, column: str, decimal: str) -> str:
        """SQL for the value of a column of texts. A text that is no such value raises an error in duckdb."""
        if self.storage == "text":
            return column
        if self.storage == "boolean":
            # duckdb would take "yes" and "t" for true.
            truth = f"CASE lower({column}) WHEN 'true' THEN '1' WHEN 'false' THEN '0' ELSE {column} || '?' END"
            value = f"CAST({truth} AS BOOLEAN)"
        elif self.storage == "instant":
            value = f"CAST({column} AS TIMESTAMPTZ)"
        else:
            value = f"CAST({_number_text(column, decimal, self.grouped)} AS DOUBLE)"
        return f"CASE WHEN {_is_gap(column)} THEN NULL ELSE {value} END" if self.gaps else value


def sort_of(column: str, decimal: str) -> str:
    """SQL: the place among `SORTS` of a text; NULL of none. What is quick to see is looked at first."""
    number = {sort: place for place, sort in enumerate(SORTS)}
    return f"""CASE
        WHEN {column} IS NULL THEN NULL
        WHEN TRY_CAST({_number_text(column, decimal, False)} AS DOUBLE) IS NOT NULL THEN CASE
            WHEN {" OR ".join(f"contains({column}, '{sign}')" for sign in ".,eE")} THEN {number["number"]}
            WHEN {column} >= '00' AND {column} < '0:' THEN {number["code"]}
            WHEN abs(TRY_CAST({column} AS BIGINT)) <= {EXACT} THEN {number["whole"]}
            WHEN {_begins_with_digit(column)} THEN {number["code"]}
            WHEN lower(trim({column})) IN ('nan', '-nan') THEN {number["gap"]}
            ELSE {number["number"]} END
        WHEN {_is_gap(column)} THEN {number["gap"]}
        WHEN lower({column}) IN ('true', 'false') THEN {number["boolean"]}
        WHEN {_begins_with_digit(column)} AND TRY_CAST({column} AS TIMESTAMPTZ) IS NOT NULL THEN CASE
            WHEN regexp_full_match({column}, {literal(INSTANT)}) THEN {number["instant"]}
            WHEN regexp_full_match({column}, {literal(ZONED)}) THEN {number["zoned"]}
            ELSE {number["word"]} END
        WHEN regexp_full_match(trim({column}), {literal(GROUPED[decimal])}) THEN {number["grouped"]}
        ELSE {number["word"]} END"""


def is_word(column: str, decimal: str) -> str:
    """SQL: whether a text stands where a number should."""
    first_that_is_none = SORTS.index("boolean")
    return f"{sort_of(column, decimal)} >= {first_that_is_none}"


def decide(name: str, counted: Counter[str], options: Options, decimal: str) -> Reading | None:
    """How a column is read; None if it is one of numbers in which some are words.

    Args:
        name: Its name.
        counted: How many of its texts are of each sort.
        options: What the user has said.
        decimal: What stands before decimals.
    """
    said, gaps = options.kinds.get(name), counted["gap"]
    values = counted.total() - gaps
    numbers = counted["whole"] + counted["code"] + counted["number"] + counted["grouped"]
    if said in ("category", "text", "picture") or gaps > values == 0:
        return Reading("text")
    if said != "number" and values:
        if counted["code"] and numbers == values:
            note = f"{name}: digits that a number would change, such as 007, are kept as texts"
            return Reading("text", notes=(note,))
        notes = (f"{name}: {gaps:,} times a word such as - or ?, taken for missing",) if gaps else ()
        if counted["boolean"] == values:
            return Reading("boolean", gaps > 0, notes=notes)
        if counted["instant"] + counted["zoned"] == values:
            return Reading("instant", gaps > 0, zoned=counted["zoned"] > 0, notes=notes)
        if numbers < NUMBERS_AT_LEAST * values:
            return Reading("text")
    return None if numbers < values else _number(name, counted, numbers, decimal)


def _number(name: str, counted: Counter[str], numbers: int, decimal: str) -> Reading:
    notes, other = [], "," if decimal == "." else "."
    if counted["gap"]:
        notes.append(f"{name}: {counted['gap']:,} times a word such as - or ?, taken for missing")
    if counted["grouped"]:
        notes.append(f"{name}: thousands are parted, as in 1{other}234 (if these are decimals: --decimal {other})")
    storage: Storage = "integer" if 0 < counted["whole"] == numbers else "number"
    return Reading(storage, counted["gap"] > 0, counted["grouped"] > 0, notes=tuple(notes))


def _is_gap(column: str) -> str:
    return is_one_of(f"upper(trim({column}))", GAPS)


def _begins_with_digit(column: str) -> str:
    """A colon comes after 9."""
    return f"{column} >= '0' AND {column} < ':'"


def _number_text(column: str, decimal: str, grouped: bool) -> str:
    """A number's text as duckdb takes it, with a point and nothing between thousands."""
    if grouped:
        column = f"replace({column}, {literal(',' if decimal == '.' else '.')}, '')"
    if decimal == ".":
        return column
    return f"CASE WHEN contains({column}, '.') THEN 'point' ELSE replace({column}, ',', '.') END"
