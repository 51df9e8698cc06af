"""The user's line: where in the user's own program an operation was written."""

from __future__ import annotations

import contextlib
import sys
from functools import cache
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
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_OURS) and file != _BETWEEN:
            return f"{_name(file)}:{frame.f_lineno}"
        if file.startswith(_COMMAND):
            return ""
        frame = frame.f_back
    return ""


@cache
def _name(file: str) -> str:
    """The last part of a path."""
    return Path(file).name
