"""Tables and numbers as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_PREFIXES = ("", "k", "M", "G", "T", "P")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> str:
    """Rows with their columns below one another, under a head.

    Args:
        head: What the columns are called.
        rows: The cells of each row.
        left: So many columns hold words, which begin together; the others hold numbers, which end together.

    >>> print(table(["layer", "bytes"], [["fc1", "1,024"], ["output", "8"]], left=1))
    layer   bytes
    fc1     1,024
    output      8
    """
    lines = [list(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    aligned = (
        [
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        for line in lines
    )
    return "\n".join("  ".join(cells).rstrip() for cells in aligned)


def quantity(value: float, unit: str) -> str:
    """A number with its unit, in thousands, millions and so on.

    >>> quantity(999, "B"), quantity(246_824, "B"), quantity(1.5e9, "FLOP/s")
    ('999 B', '246.8 kB', '1.5 GFLOP/s')
    """
    power = 0
    while value >= 999.95 and power + 1 < len(_PREFIXES):
        value, power = value / 1000, power + 1
    return f"{value:.1f} {_PREFIXES[power]}{unit}" if power else f"{value:.0f} {unit}"
