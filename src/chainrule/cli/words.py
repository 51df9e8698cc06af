"""What is typed on the command line, read: sizes, times, types of columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from chainrule.errors import UnknownNameError

_BYTES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def read_bytes(text: str) -> int:
    """A size: "500MB", "2 GiB", or a number of bytes."""
    return int(_with_unit(text, _BYTES, "a size", "500MB or 2GB"))


def read_seconds(text: str) -> float:
    """A time: "60s", "5m", "1h", or a number of seconds."""
    return _with_unit(text, _SECONDS, "a time", "60s, 5m or 1h")


def _with_unit(text: str, units: dict[str, float] | dict[str, int], what: str, such: str) -> float:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", str(text))
    if found is None or found[2].lower() not in units or float(found[1]) <= 0:
        raise typer.BadParameter(f"{text!r} is not {what}, such as {such}.")
    return float(found[1]) * units[found[2].lower()]


def said(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that somebody has given."""
    return {name: value for name, value in given.items() if value not in (None, [], {})}


def types_of(given: Sequence[str] | None) -> dict[str, str]:
    """Types by column, of texts NAME=TYPE."""
    types = {}
    for each in given or ():
        name, separator, kind = each.rpartition("=")
        if not (separator and name and kind):
            raise typer.BadParameter(f"--column takes NAME=TYPE, such as zip=category; got {each!r}.")
        types[name] = kind
    return types


def usage(error: UnknownNameError) -> typer.BadParameter:
    """An unknown name as a mistake in the command line."""
    known = str(error.expected).removeprefix("one of ")
    return typer.BadParameter(" ".join(filter(None, [error.message, error.remedy, f"There are {known}."])))
