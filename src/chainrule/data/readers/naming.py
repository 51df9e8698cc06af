"""Checks of the names that columns have in files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from chainrule.errors import ColumnNameError


def check_names(names: Sequence[str], where: str, remedy: str = "rename or remove one of them") -> None:
    """Raise a `ColumnNameError` if two columns have the same name."""
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        places = [str(number) for number, name in enumerate(names, start=1) if name == twice[0]]
        raise ColumnNameError(
            f"{len(places)} columns are called {twice[0]!r}.",
            where=where,
            expected="a name of its own for each column",
            got=f"{twice[0]!r} in columns {', '.join(places)}",
            remedy=remedy,
        )


def check_agreement(names: Sequence[str], others: Sequence[str], first: Path, other: Path) -> None:
    """Raise a `ColumnNameError` if the columns of a file are not those of the first one, in whatever order."""
    missing, extra = [name for name in names if name not in others], [name for name in others if name not in names]
    if not missing and not extra:
        return
    parts = [f"no {', '.join(map(repr, missing))}"] if missing else []
    parts += [f"{', '.join(map(repr, extra))} besides"] if extra else []
    raise ColumnNameError(
        f"its columns are not those of {first}.",
        where=str(other),
        expected=", ".join(names),
        got=", and ".join(parts),
        remedy="give files with the same columns, or read them apart",
    )
