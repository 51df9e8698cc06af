"""What a user may say of a file, where what is found there would be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Words that mean that nothing stands there, whatever the column. "None" and "-" are none of them: they are answers too.
# duckdb itself looks for the first, in every value; the others take longer where they stand among numbers.
COMMON = ("", "NA", "NaN", "nan", "NULL")
MISSING = (*COMMON, "N/A", "n/a", "#N/A", "<NA>", "-nan", "null")
# The same among numbers, dates and truth values, in capitals or not.
GAPS = (
    "",
    "NA",
    "N/A",
    "#N/A",
    "<NA>",
    "NAN",
    "-NAN",
    "NULL",
    "NONE",
    "NIL",
    "?",
    "-",
    "--",
    ".",
    "MISSING",
    "UNKNOWN",
)
# So many of the values must be numbers for the others to be mistakes rather than the column to be texts.
NUMBERS_AT_LEAST = 0.95


@dataclass(frozen=True)
class Options:
    """How a file is to be read; what is None is found in the file.

    Attributes:
        missing: More words that mean that nothing stands there.
        separator: What stands between the columns of a CSV file.
        header: Whether the first row holds the names.
        encoding: How characters are written, as Python names it: "utf-8", "latin-1".
        decimal: What stands before the decimals: "." or ",".
        kinds: Types of columns that the user has said, by name.
        skip_broken: Whether files among pictures that are none, and classes without pictures, are left out.
        memory: How many bytes the rows may take before they go to the disk. Default: a quarter of the machine's.

    Example:
        >>> cr.data.Options(missing=("nobody knows",)).absent[-1]
        'nobody knows'
    """

    missing: tuple[str, ...] = ()
    separator: str | None = None
    header: bool | None = None
    encoding: str | None = None
    decimal: str | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    skip_broken: bool = False
    memory: int | None = None

    @property
    def absent(self) -> tuple[str, ...]:
        """The words that mean in every column that nothing stands there."""
        return (*MISSING, *self.missing)
