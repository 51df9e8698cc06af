"""What the texts in a column of a CSV file are: counted in duckdb, then decided."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.data.readers.options import MISSING_NUMBERS, NUMBERS_AT_LEAST, Options
from chainrule.data.readers.store import Storage, literal

WHOLE = r"[+-]?[0-9]{1,18}"
# 007 and 20-digit numbers are codes: as numbers they would lose something.
CODE = r"[+-]?(0[0-9]+|[0-9]{19,})"
INSTANT = r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|[+-]\d\d(:?\d\d)?))?)?"
THOUSANDS = {".": r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", ",": r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?"}


@dataclass(frozen=True)
class Counted:
    """How many of a column's values are what; those that are missing are none.

    Attributes:
        present: All of them.
        empty: Words that stand for a missing number: "?", "None", ...
        numbers: Numbers, but for those of `grouped`.
        grouped: Numbers whose thousands are parted: 1,234,567.
        whole: Integers that fit.
        codes: Digits that would lose something as numbers: 007.
        booleans: true and false.
        instants: Dates and times as ISO 8601 has them.
    """

    present: int
    empty: int
    numbers: int
    grouped: int
    whole: int
    codes: int
    booleans: int
    instants: int

    def __add__(self, other: Counted) -> Counted:
        return Counted(*(mine + its for mine, its in zip(vars(self).values(), vars(other).values(), strict=True)))


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
        text = number_text(column, decimal, self.grouped)
        if self.storage == "integer":
            # duckdb would round 1.5 and take 007 for 7.
            text = (
                f"CASE WHEN {column} >= '00' AND {column} < '0:' OR contains({column}, '.') THEN 'code' ELSE {text} END"
            )
        value = f"CAST({text} AS {'BIGINT' if self.storage == 'integer' else 'DOUBLE'})"
        return f"CASE WHEN {is_empty(column)} THEN NULL ELSE {value} END" if self.empty else value


def is_empty(column: str) -> str:
    """SQL: whether a text means that no number stands there."""
    return f"upper(trim({column})) IN ({', '.join(map(literal, MISSING_NUMBERS))})"


def number_text(column: str, decimal: str, grouped: bool) -> str:
    """SQL: a number's text as duckdb takes it, with a point and nothing between thousands."""
    if grouped:
        column = f"replace({column}, '{',' if decimal == '.' else '.'}', '')"
    return (
        column
        if decimal == "."
        else f"CASE WHEN contains({column}, '.') THEN 'point' ELSE replace({column}, ',', '.') END"
    )


def counting(column: str, decimal: str) -> str:
    """SQL: the numbers of `Counted` for a column of texts, in their order."""
    trimmed = f"trim({column})"
    return ", ".join(
        (
            f"count({column})",
            f"count(*) FILTER ({is_empty(column)})",
            f"count(TRY_CAST({number_text(column, decimal, False)} AS DOUBLE)) FILTER (NOT {is_empty(column)})",
            f"count(*) FILTER (regexp_full_match({trimmed}, {literal(THOUSANDS[decimal])}) "
            f"AND TRY_CAST({number_text(column, decimal, False)} AS DOUBLE) IS NULL)",
            f"count(*) FILTER (regexp_full_match({trimmed}, {literal(WHOLE)}))",
            f"count(*) FILTER (regexp_full_match({trimmed}, {literal(CODE)}))",
            f"count(*) FILTER (lower({column}) IN ('true', 'false'))",
            f"count(*) FILTER (regexp_full_match({column}, {literal(INSTANT)}) "
            f"AND TRY_CAST({column} AS TIMESTAMPTZ) IS NOT NULL)",
        )
    )


def no_number(column: str, decimal: str) -> str:
    """SQL: whether a text stands where a number should."""
    grouped = f"regexp_full_match(trim({column}), {literal(THOUSANDS[decimal])})"
    number = f"TRY_CAST({number_text(column, decimal, False)} AS DOUBLE) IS NOT NULL"
    return f"{column} IS NOT NULL AND NOT ({number}) AND NOT {grouped} AND NOT {is_empty(column)}"


def decide(name: str, counted: Counted, options: Options, decimal: str) -> Reading | None:
    """How a column is read; None if it is one of numbers in which some are words."""
    said = options.kinds.get(name)
    values = counted.present - counted.empty
    numbers = counted.numbers + counted.grouped
    if said in ("category", "text", "picture") or (counted.present and not values):
        return Reading("text")
    if said != "number" and counted.present:
        if counted.codes and numbers == values:
            return Reading(
                "text", notes=(f"{name}: digits that a number would change, such as 007, are kept as texts",)
            )
        if counted.booleans == counted.present:
            return Reading("boolean")
        if counted.instants == counted.present:
            return Reading("instant")
        if numbers < NUMBERS_AT_LEAST * values:
            return Reading("text")
    if numbers < values:
        return None
    notes, other = [], "," if decimal == "." else "."
    if counted.empty:
        notes.append(f"{name}: {counted.empty:,} times a word such as - or ?, where no number stands")
    if counted.grouped:
        notes.append(f"{name}: thousands are parted, as in 1{other}234 (if these are decimals: --decimal {other})")
    whole = counted.whole == counted.numbers and not counted.grouped and not counted.codes
    return Reading("integer" if whole else "number", counted.empty > 0, counted.grouped > 0, tuple(notes))
