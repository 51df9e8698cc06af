"""Which kernels have the same code: those that differ only in names and in where their buffers are."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np

from chainrule.compiler.expression import Buffer
from chainrule.compiler.index import Index
from chainrule.compiler.kernel import Kernel, buffers
from chainrule.core.primitive import Primitive

# What is for readers, or says no more than the rest.
_SAID_ELSEWHERE = frozenset({"name", "notes", "flops"})


def fingerprint(kernel: Kernel) -> tuple[object, ...]:
    """A kernel with numbers in the place of buffers, variables and expressions: equal for those of the same code."""
    walk = _Walk(kernel)
    walk.take(kernel)
    return tuple(walk.tokens)


class _Walk:
    """A walk through all that a kernel consists of; what was met before is only referred to."""

    def __init__(self, kernel: Kernel) -> None:
        self.tokens: list[object] = []
        self._buffers = {buffer: number for number, buffer in enumerate(buffers(kernel))}
        self._met: dict[int, int] = {}

    def take(self, part: Any) -> None:
        """Add what distinguishes a part."""
        if isinstance(part, (tuple, list)):
            self.tokens.append(len(part))
            for each in part:
                self.take(each)
        elif isinstance(part, Buffer):
            self.tokens += (self._buffers[part], part.size, part.dtype.str)
        elif isinstance(part, Index):
            self.tokens += (part.constant, len(part.terms))
            for atom, factor in part.terms.items():
                self.take(atom)
                self.tokens.append(factor)
        elif isinstance(part, Primitive):
            self.tokens.append(part.name)
        elif isinstance(part, np.dtype):
            self.tokens.append(part.str)
        elif isinstance(part, dict):
            self.take(tuple(part.items()))
        elif is_dataclass(part):
            self._take_fields(part)
        else:
            # Numbers by what they look like: 0.0 and -0.0 are equal, and so are 1 and True.
            self.tokens.append(repr(part))

    def _take_fields(self, part: Any) -> None:
        met = self._met.get(id(part))
        self.tokens += (type(part), met)
        if met is None:
            self._met[id(part)] = len(self._met)
            kind: type = type(part)
            for name in _names(kind):
                self.take(getattr(part, name))


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name not in _SAID_ELSEWHERE)
