"""Values that can be written, whatever stood in the data: texts of any length and characters, numbers that are none."""

from __future__ import annotations

import math
import re
from typing import Any


def cut(text: str, characters: int = 80) -> str:
    """A text that is no longer than there is room for.

    >>> cut("a long name", 6)
    'a lon…'
    """
    return text if len(text) <= characters else text[: characters - 1] + "…"


# Texts of people's data can be of any length; these are not.
_LONGEST, _WHOLE = 500, ("command", "settings", "picture")


def as_plain(value: Any) -> Any:
    """Nested values as JSON can hold them, see `Report.to_json`."""
    match value:
        case dict():
            return {
                _writable(key): _writable(item) if key in _WHOLE and isinstance(item, str) else as_plain(item)
                for key, item in value.items()
            }
        case list() | tuple():
            return [as_plain(item) for item in value]
        case str():
            return _writable(cut(value, _LONGEST))
        case float() if not math.isfinite(value):
            return None
    return value


def _writable(text: str) -> str:
    """The text with a mark for characters that neither XML nor UTF-8 can hold, as in names of files."""
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)


_UNWRITABLE = re.compile("[^\t\n\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
