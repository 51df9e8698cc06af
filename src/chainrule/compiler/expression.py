"""What a kernel computes for one element: an expression over loads, numbers and the elementwise primitives.

Expressions are compared by identity: the fusing pass makes each one once, and the native code computes each one once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from chainrule.compiler.index import Index, Lookup, Quotient, Remainder
from chainrule.core.primitive import Params, Primitive


@dataclass(frozen=True, eq=False)
class Buffer:
    """A contiguous array in memory, row-major.

    Attributes:
        name: What a reader calls it: `encoder.0.weight`, `x`, or the kernel that makes it.
        size: The number of elements.
        dtype: What they are.
        place: An `input` of the program (its number), a `result` (its number), a `constant` (its number), or in the
            `arena`, where the memory plan says.
        number: Which input, result or constant; within the arena, which buffer.
    """

    name: str
    size: int
    dtype: np.dtype
    place: Literal["input", "result", "constant", "arena"]
    number: int

    @property
    def bytes(self) -> int:
        """Its size in bytes."""
        return self.size * self.dtype.itemsize


@dataclass(frozen=True, eq=False)
class Expr:
    """One number for each index: see the subclasses."""

    dtype: np.dtype


@dataclass(frozen=True, eq=False)
class Number(Expr):
    """The same everywhere."""

    value: bool | int | float


@dataclass(frozen=True, eq=False)
class Position(Expr):
    """An index as a number (int64)."""

    index: Index


@dataclass(frozen=True, eq=False)
class Within(Expr):
    """Whether `low <= index < high` and `index - low` is a multiple of `step` (bool): where padding ends."""

    index: Index
    low: int
    high: int
    step: int = 1


@dataclass(frozen=True, eq=False)
class Load(Expr):
    """The element of a buffer at a position; where `valid` is false, memory is not touched and the value is 0."""

    buffer: Buffer
    index: Index
    valid: Expr | None = None

    def __repr__(self) -> str:
        return f"{self.buffer.name}[{self.index!r}]"


@dataclass(frozen=True, eq=False)
class Call(Expr):
    """An elementwise primitive (`cast` too) of other expressions, by its own definition."""

    primitive: Primitive
    args: tuple[Expr, ...]
    params: Params = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Uniform(Expr):
    """The random number at a position of a draw (`ops/philox.py`) from a generator's state: int64 (key, counter)."""

    state: Buffer
    index: Index


@dataclass(frozen=True, eq=False)
class Result(Expr):
    """What a statement before this one has computed: a `Fold`'s total, a `Keep`'s element, a contraction's sum."""

    name: str


def parts(expr: Expr) -> Iterator[Expr]:
    """The expressions that `expr` is directly made of, those within its index too."""
    if isinstance(expr, Call):
        yield from expr.args
    elif isinstance(expr, (Position, Within, Load, Uniform)):
        yield from _looked_up(expr.index)
        if isinstance(expr, Load) and expr.valid is not None:
            yield expr.valid


def _looked_up(index: Index) -> Iterator[Expr]:
    for atom in index.terms:
        if isinstance(atom, Lookup):
            yield atom.value
        elif isinstance(atom, (Quotient, Remainder)):
            yield from _looked_up(atom.index)


def reachable(*roots: Expr) -> Iterator[Expr]:
    """The expressions and all they are made of, each once, in the order of first use."""
    seen: set[Expr] = set()
    stack = list(reversed(roots))
    while stack:
        expr = stack.pop()
        if expr not in seen:
            seen.add(expr)
            yield expr
            stack.extend(reversed(tuple(parts(expr))))


def buffers_of(*roots: Expr) -> dict[Buffer, None]:
    """The buffers that the expressions read, each once, in the order of first use."""
    found: dict[Buffer, None] = {}
    for expr in reachable(*roots):
        if isinstance(expr, Load):
            found[expr.buffer] = None
        elif isinstance(expr, Uniform):
            found[expr.state] = None
    return found
