"""Whole-number arithmetic over loop variables: where in memory an element stands.

An `Index` is a constant plus multiples of atoms. An atom is a loop variable, the quotient or the remainder of another
index, or a number that the program itself computes (`Lookup`, as in an embedding). Movement operations become
arithmetic on indices, so that they cost nothing; the bounds of variables keep quotients and remainders rare.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from chainrule.compiler.expression import Expr
    from chainrule.graph import Note


@dataclass(frozen=True, eq=False)
class Var:
    """A loop variable: 0 to `extent` - 1."""

    name: str
    extent: int


@dataclass(frozen=True)
class Quotient:
    """`index // by`, where `by` is above 0 and `index` never below."""

    index: Index
    by: int


@dataclass(frozen=True)
class Remainder:
    """`index % by`, where `by` is above 0 and `index` never below."""

    index: Index
    by: int


@dataclass(frozen=True)
class Lookup:
    """A number that the program computes; a kernel reports a fault unless it lies in 0 to `extent` - 1.

    `note` says where in the user's program it is looked up.
    """

    value: Expr
    extent: int
    note: Note | None = None


Atom: TypeAlias = Var | Quotient | Remainder | Lookup


class Index:
    """`constant` plus the sum of `factor * atom` over `terms`. Immutable; equal if it is the same sum."""

    __slots__ = ("constant", "terms")

    def __init__(self, constant: int = 0, terms: Mapping[Atom, int] | None = None) -> None:
        self.constant = constant
        self.terms: dict[Atom, int] = {atom: factor for atom, factor in terms.items() if factor} if terms else {}

    @staticmethod
    def of(what: Index | Atom | int) -> Index:
        """A number or an atom as an index."""
        if isinstance(what, Index):
            return what
        return Index(what) if isinstance(what, int) else Index(0, {what: 1})

    def __add__(self, other: Index | int) -> Index:
        other = Index.of(other)
        terms = dict(self.terms)
        for atom, factor in other.terms.items():
            terms[atom] = terms.get(atom, 0) + factor
        return Index(self.constant + other.constant, terms)

    def __mul__(self, factor: int) -> Index:
        return Index(self.constant * factor, {atom: each * factor for atom, each in self.terms.items()})

    def __sub__(self, other: Index | int) -> Index:
        return self + Index.of(other) * -1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Index) and self.constant == other.constant and self.terms == other.terms

    def __hash__(self) -> int:
        return hash((self.constant, frozenset(self.terms.items())))

    def __repr__(self) -> str:
        return self.text(repr)

    def text(self, value: Callable[[Expr], str]) -> str:
        """The sum as a reader sees it; `value` says what the numbers are called that the program looks up."""
        parts = [_text(atom, value) if f == 1 else f"{f}*{_text(atom, value)}" for atom, f in self.terms.items()]
        return " + ".join(parts + ([str(self.constant)] if self.constant or not parts else []))

    def bounds(self) -> tuple[int, int]:
        """The least and the greatest value it can take."""
        low = high = self.constant
        for atom, factor in self.terms.items():
            least, most = _bounds(atom)
            low += factor * (least if factor > 0 else most)
            high += factor * (most if factor > 0 else least)
        return low, high

    def __floordiv__(self, by: int) -> Index:
        """The quotient; parts that divide evenly are taken out of it."""
        whole, rest = self._split(by)
        low, high = rest.bounds()
        if low >= 0 and high < by:
            return whole
        if len(rest.terms) == 1 and not rest.constant:
            ((atom, factor),) = rest.terms.items()
            if isinstance(atom, Quotient) and factor == 1:
                return whole + atom.index // (atom.by * by)
        step, coarse, _ = rest._in_steps(by)
        return whole + (coarse // (by // step) if step > 1 else Index.of(Quotient(rest, by)))

    def __mod__(self, by: int) -> Index:
        """The remainder; parts that divide evenly leave none."""
        _, rest = self._split(by)
        low, high = rest.bounds()
        if low >= 0 and high < by:
            return rest
        step, coarse, fine = rest._in_steps(by)
        return coarse % (by // step) * step + fine if step > 1 else Index.of(Remainder(rest, by))

    def _in_steps(self, by: int) -> tuple[int, Index, Index]:
        """(step, coarse, fine) with `self == coarse * step + fine` and fine below step, which divides `by`.

        So of `i * 8 + j` by 16, where j is below 8, it is i that is divided, by 2.
        """
        steps = {math.gcd(factor, by) for factor in self.terms.values()}
        for step in sorted(steps - {1}, reverse=True):
            coarse, fine = self._split(step)
            low, high = fine.bounds()
            if low >= 0 and high < step:
                return step, coarse, fine
        return 1, self, Index(0)

    def _split(self, by: int) -> tuple[Index, Index]:
        """(whole, rest) with `self == whole * by + rest`, the rest not below 0 if `self` never is."""
        whole = Index(self.constant // by, {a: f // by for a, f in self.terms.items() if f % by == 0})
        rest = Index(self.constant % by, {a: f for a, f in self.terms.items() if f % by})
        if rest.bounds()[0] < 0:
            return Index(0), self
        return whole, rest

    def replaced(self, by: Mapping[Var, Index], value: Callable[[Expr], Expr] = lambda expr: expr) -> Index:
        """The same sum with other indices in the place of variables, and `value` of what the program looks up."""
        result = Index(self.constant)
        for atom, factor in self.terms.items():
            if isinstance(atom, Var):
                there = by.get(atom, Index.of(atom))
            elif isinstance(atom, Quotient):
                there = atom.index.replaced(by, value) // atom.by
            elif isinstance(atom, Remainder):
                there = atom.index.replaced(by, value) % atom.by
            else:
                there = Index.of(Lookup(value(atom.value), atom.extent, atom.note))
            result = result + there * factor
        return result


def _bounds(atom: Atom) -> tuple[int, int]:
    if isinstance(atom, (Var, Lookup)):
        return 0, max(atom.extent - 1, 0)
    low, high = atom.index.bounds()
    return (low // atom.by, high // atom.by) if isinstance(atom, Quotient) else (0, min(high, atom.by - 1))


def _text(atom: Atom, value: Callable[[Expr], str]) -> str:
    if isinstance(atom, Var):
        return atom.name
    if isinstance(atom, Lookup):
        return value(atom.value)
    inner = atom.index.text(value)
    return f"({f'({inner})' if ' + ' in inner else inner} {'//' if isinstance(atom, Quotient) else '%'} {atom.by})"


def linear(indices: Iterable[Index], shape: tuple[int, ...]) -> Index:
    """The position in memory of the element at `indices` of a contiguous tensor of this shape."""
    position = Index(0)
    for index, length in zip(indices, shape, strict=True):
        position = position * length + index
    return position


def unravelled(position: Index, shape: tuple[int, ...]) -> tuple[Index, ...]:
    """The indices of the element that stands at `position` of a contiguous tensor of this shape."""
    indices: list[Index] = []
    for length in reversed(shape[1:]):
        indices.append(position % length)
        position = position // length
    return (*([position] if shape else []), *reversed(indices))
