"""The user's line: where in the user's own program an operation was written."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from types import FrameType

# What lies between the user's code and the operation: this package, and what its decorators are made of.
_OURS = str(Path(__file__).parents[1])
_BETWEEN = contextlib.__file__
# What has called the command is no user's code.
_COMMAND = str(Path(__file__).parents[1] / "cli")


def users_line() -> str:
    """The innermost line outside of this package that is at work, as `file.py:12`; empty if there is none."""
    frame: FrameType | None = sys._getframe(1)
    known = _shown
    while frame is not None:
        file = frame.f_code.co_filename
        shown = known[file] if file in known else _show(file)
        if shown is not None:
            return f"{shown}:{frame.f_lineno}" if shown else ""
        frame = frame.f_back
    return ""


# How files are shown, by their paths, as long ones come again and again: None for what lies between the user and the
# operation, nothing for what has called the user.
_shown: dict[str, str | None] = {}


def _show(file: str) -> str | None:
    if file.startswith(_COMMAND):
        shown: str | None = ""
    elif file.startswith(_OURS) or file == _BETWEEN:
        shown = None
    else:
        shown = Path(file).name
    _shown[file] = shown
    return shown
