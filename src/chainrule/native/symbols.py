"""What an object file needs from elsewhere."""

from __future__ import annotations

import struct

_ELF64_LITTLE = b"\x7fELF\x02\x01"
_SYMBOL_TABLE = 2
_UNDEFINED = 0


def undefined_symbols(code: bytes) -> set[str]:
    """The functions that an object file calls and does not have.

    Only ELF files are read. The compiler writes the same instructions for all systems, so that what is not found out
    on another one is found out on Linux.
    """
    if not code.startswith(_ELF64_LITTLE):
        return set()
    (sections_at,) = struct.unpack_from("<Q", code, 0x28)
    size, count = struct.unpack_from("<HH", code, 0x3A)
    sections = [struct.unpack_from("<IIQQQQIIQQ", code, sections_at + i * size) for i in range(count)]
    names: set[str] = set()
    for _, kind, _, _, start, length, link, _, _, entry in sections:
        if kind != _SYMBOL_TABLE:
            continue
        strings = sections[link][4]
        for at in range(start + entry, start + length, entry):
            name, _, _, section = struct.unpack_from("<IBBH", code, at)
            if section == _UNDEFINED:
                end = code.index(b"\0", strings + name)
                names.add(code[strings + name : end].decode())
    return names - {""}
