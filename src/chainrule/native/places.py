"""From index arithmetic to numbers: where in memory the lanes of a vector stand, and how they are read and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from chainrule.compiler.index import Atom, Index, Lookup, Quotient, Remainder, Var
from chainrule.native.emit import BYTES, Function, V, i64, number, vector

_HALF = 2**31

# Processors without registers for masks read some lanes of so many bytes or more as fast as all, but smaller ones by a
# branch each. Writing some is slow on a few (AMD: 42 instructions), whatever their size.
_LEAST_MASKED = 4


@dataclass(frozen=True)
class Lanes:
    """Which loop runs along the lanes of vectors.

    Attributes:
        var: Its variable. The value that it has holds for the first lane and is a multiple of `count`; the lanes count
            up from there.
        count: How many lanes.
        mask: Those that are computed; None for all. The others touch no memory.
        first: How many these are, from the first on, where a processor without masks is to know.
    """

    var: Var
    count: int
    mask: V | None = None
    first: int | None = None


@dataclass(frozen=True)
class Place:
    """An index in each lane: `start + stride * lane + rest`.

    Attributes:
        start: What all lanes share (i64).
        stride: From lane to lane.
        rest: What differs otherwise, if anything (a vector of i32 or i64).
    """

    start: V
    stride: int = 0
    rest: V | None = None

    @property
    def same(self) -> bool:
        """Whether it is the same in all lanes."""
        return not self.stride and self.rest is None


class Places:
    """Indices as numbers in a function.

    Args:
        function: The function under construction.
        positions: The value of each loop variable (i64).
        lanes: Which of them runs along the lanes, if any.
        look_up: The number for a `Lookup` where a condition holds (None: everywhere): i64 if it is the same in all
            lanes, else a vector of i32 or i64.
    """

    def __init__(
        self,
        function: Function,
        positions: Mapping[Var, V],
        lanes: Lanes | None,
        look_up: Callable[[Lookup, V | None], V],
    ) -> None:
        self._function = function
        self._positions = positions
        self._lanes = lanes
        self._look_up = look_up

    def place(self, index: Index, where: V | None = None) -> Place:
        """Where the lanes stand; `where` says in which of them it matters (None: in all that are computed)."""
        shared = i64(index.constant)
        stride = 0
        varying: list[tuple[V, int]] = []
        for atom, factor in index.terms.items():
            if isinstance(atom, Var):
                found = self._positions[atom]
                stride += factor if self._lanes and atom is self._lanes.var else 0
            else:
                found = self._atom(atom, where)
            if found.lanes:
                varying.append((found, factor))
            else:
                shared = self._sum(shared, self._product(found, factor))
        if not varying:
            return Place(shared, stride)
        kinds = {value.element for value, _ in varying}
        element = "i32" if kinds == {"i32"} and _small(index) else "i64"
        rest: V | None = None
        for value, factor in varying:
            term = self._product(self._function.convert("zext", value, element), factor)
            rest = term if rest is None else self._function.add(rest, term)
        return Place(shared, stride, rest)

    def value(self, index: Index, where: V | None = None) -> V:
        """The index as a number: i64 if it is the same in all lanes, else a vector, of i32 where that is enough."""
        place = self.place(index, where)
        if place.same or self._lanes is None:
            return place.start
        element = place.rest.element if place.rest else "i32" if _small(index) else "i64"
        start = self._function.splat(self._function.convert("trunc", place.start, element), self._lanes.count)
        return self._function.add(start, _offsets(self._function, place, self._lanes.count, element))

    def _atom(self, atom: Atom, where: V | None) -> V:
        if isinstance(atom, Lookup):
            return self._look_up(atom, where)
        assert isinstance(atom, (Quotient, Remainder))
        inner = self.value(atom.index, where)
        return self._function.binary(
            "udiv" if isinstance(atom, Quotient) else "urem", inner, number(atom.by, inner.type)
        )

    def _product(self, a: V, factor: int) -> V:
        if factor == 1:
            return a
        return i64(int(a.text) * factor) if _known(a) else self._function.mul(a, number(factor, a.type))

    def _sum(self, a: V, b: V) -> V:
        if _known(a) and _known(b):
            return i64(int(a.text) + int(b.text))
        return b if a.text == "0" else a if b.text == "0" else self._function.add(a, b)


def _known(a: V) -> bool:
    return a.text.lstrip("-").isdigit()


def _small(index: Index) -> bool:
    """Whether an index, and each of its terms alone, fit 32 bits."""
    low = high = index.constant
    for atom, factor in index.terms.items():
        least, most = Index.of(atom).bounds()
        low += min(0, factor * most)
        high += max(0, factor * most)
        if least < 0 or (isinstance(atom, (Quotient, Remainder)) and not _small(atom.index)):
            return False
    return low >= -_HALF and high < _HALF


def read(function: Function, type: str, pointer: V, place: Place, lanes: Lanes, mask: V | None) -> V:
    """The elements at a place that differs from lane to lane; where `mask` does not hold, 0."""
    count = lanes.count
    whole = vector(type, count)
    if place.rest is None and place.stride in (1, -1):
        back = place.stride == -1
        if back:
            pointer = element_at(function, pointer, type, i64(1 - count))
            mask = mask and _reversed(function, mask)
        elif lanes.first and mask is lanes.mask and BYTES[type] < _LEAST_MASKED:
            return _read_pieces(function, type, pointer, lanes.first, count)
        found = function.load(whole, pointer) if mask is None else function.masked_load(whole, pointer, mask)
        return _reversed(function, found) if back else found
    return function.gather(whole, _pointers(function, type, pointer, place, count), mask or _all(count))


def write(function: Function, value: V, pointer: V, place: Place, lanes: Lanes) -> None:
    """Store a vector at a place that differs from lane to lane, those lanes that are computed."""
    if place.rest is None and place.stride == 1:
        if lanes.mask is None:
            function.store(value, pointer)
        elif lanes.first:
            for start, size in _pieces(lanes.first):
                piece = function.shuffle(value, value, range(start, start + size))
                function.store(piece, element_at(function, pointer, value.element, i64(start)))
        else:
            function.masked_store(value, pointer, lanes.mask)
    else:
        pointers = _pointers(function, value.element, pointer, place, lanes.count)
        function.scatter(value, pointers, lanes.mask or _all(lanes.count))


def _pieces(count: int) -> Iterator[tuple[int, int]]:
    """So many elements in pieces that are powers of two, the largest first: where each starts, and its size."""
    start = 0
    while start < count:
        size = 1 << (count - start).bit_length() - 1
        yield start, size
        start += size


def _read_pieces(function: Function, type: str, pointer: V, first: int, count: int) -> V:
    """The first elements of a vector, and 0 after them."""
    found = number(0, vector(type, count))
    for start, size in _pieces(first):
        piece = function.load(vector(type, size), element_at(function, pointer, type, i64(start)))
        wide = function.shuffle(piece, piece, [lane % size for lane in range(count)])
        within = range(start, start + size)
        found = function.shuffle(
            found, wide, [count + lane - start if lane in within else lane for lane in range(count)]
        )
    return found


def element_at(function: Function, pointer: V, type: str, index: V) -> V:
    """The address of an element, perhaps of one outside of the array that is not touched."""
    if index.text == "0":
        return pointer
    return function.value(f"getelementptr {type}, {pointer}, {index}", "ptr")


def _pointers(function: Function, type: str, pointer: V, place: Place, count: int) -> V:
    far = abs(place.stride) * count >= _HALF
    element = place.rest.element if place.rest else "i64" if far else "i32"
    offsets = _offsets(function, place, count, element)
    return function.value(f"getelementptr {type}, {pointer}, {offsets}", vector("ptr", count))


def _offsets(function: Function, place: Place, count: int, element: str) -> V:
    """How far each lane stands from the start."""
    steps = ", ".join(f"{element} {place.stride * lane}" for lane in range(count))
    strides = V(f"<{steps}>", vector(element, count))
    if place.rest is None:
        return strides
    return function.add(place.rest, strides) if place.stride else place.rest


def _all(count: int) -> V:
    return number(True, vector("i1", count))


def _reversed(function: Function, a: V) -> V:
    return function.shuffle(a, a, range(a.lanes - 1, -1, -1))
