"""What an object file has for others, and what it needs from elsewhere."""

from __future__ import annotations

import struct
from typing import NamedTuple

_ELF64_LITTLE = b"\x7fELF\x02\x01"
_SYMBOL_TABLE = 2
_UNDEFINED = 0


class Symbols(NamedTuple):
    """The names in an object file.

    Attributes:
        defined: Of what it has.
        undefined: Of the functions that it calls and does not have.
    """

    defined: set[str]
    undefined: set[str]


def symbols(code: bytes) -> Symbols:
    """The names in an object file.

    Only ELF files are read. The compiler writes the same instructions for all systems, so that what is not found out
    on another one is found out on Linux.
    """
    if not code.startswith(_ELF64_LITTLE):
        return Symbols(set(), set())
    (sections_at,) = struct.unpack_from("<Q", code, 0x28)
    size, count = struct.unpack_from("<HH", code, 0x3A)
    sections = [struct.unpack_from("<IIQQQQIIQQ", code, sections_at + i * size) for i in range(count)]
    found = Symbols(set(), set())
    for _, kind, _, _, start, length, link, _, _, entry in sections:
        if kind != _SYMBOL_TABLE:
            continue
        strings = sections[link][4]
        for at in range(start + entry, start + length, entry):
            name, _, _, section = struct.unpack_from("<IBBH", code, at)
            text = code[strings + name : code.index(b"\0", strings + name)].decode()
            if text:
                (found.undefined if section == _UNDEFINED else found.defined).add(text)
    return found
