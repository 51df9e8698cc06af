"""The types of columns, each in a file of its own: what it becomes, the network that encodes it, its target.

A new type is a new file here: all of them are found, those of targets too.
"""

from __future__ import annotations

import importlib
import pkgutil

from chainrule.columns.base import Claim, ColumnType, Target
from chainrule.errors import UnknownNameError

__all__ = ["TARGETS", "TYPES", "Claim", "ColumnType", "Target", "column_type", "target_type", "type_and_way"]

TYPES: dict[str, type[ColumnType]] = {}
TARGETS: dict[str, type[Target]] = {}

for _module in pkgutil.iter_modules(__path__):
    for _class in vars(importlib.import_module(f"{__name__}.{_module.name}")).values():
        if isinstance(_class, type) and _class.__module__ == f"{__name__}.{_module.name}" and hasattr(_class, "kind"):
            if issubclass(_class, ColumnType):
                TYPES[_class.kind] = _class
            elif issubclass(_class, Target):
                TARGETS[_class.kind] = _class


def column_type(kind: str) -> type[ColumnType]:
    """The type of input columns with this name.

    Raises:
        UnknownNameError: If there is none; the nearest is suggested.
    """
    if kind not in TYPES:
        raise UnknownNameError("type of column", kind, TYPES)
    return TYPES[kind]


def type_and_way(said: str) -> tuple[str, str]:
    """A type of column as users say it, and the way in which it is to be encoded: "number:robust", or "number" alone.

    Raises:
        UnknownNameError: If there is no such type, or no such way; the nearest is suggested.
    """
    kind, _, way = said.partition(":")
    known = column_type(kind)
    if way and not known.takes(way):
        raise UnknownNameError(f"way to encode a {kind}", way, known.ways)
    return kind, way


def target_type(kind: str) -> type[Target]:
    """The type of target columns with this name.

    Raises:
        UnknownNameError: If there is none; the nearest is suggested.
    """
    if kind not in TARGETS:
        raise UnknownNameError("type of target", kind, TARGETS)
    return TARGETS[kind]
