"""What the passes of convolution share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from math import prod

from chainrule.native.contraction.outer import outer_product
from chainrule.native.emit import Function, V, i64, number, vector
from chainrule.native.whole.convolution.geometry import POSITIONS, Geometry, at_once
from chainrule.native.whole.task import CACHE_LINE, ENOUGH_UNITS, Task, nest, offset, steps, strides


class Parts:
    """A convolution under construction.

    Attributes:
        task: The primitive.
        f: The function.
        geometry: The sizes.
        lanes: The elements of a vector.
        scratch: How many bytes of scratch memory are taken so far.
    """

    def __init__(self, task: Task, geometry: Geometry) -> None:
        self.task = task
        self.f = task.f
        self.geometry = geometry
        self.lanes = task.lanes
        self.scratch = 0

    def shared(self, name: str, args: Sequence[V], write: Callable[[Parts, list[V]], None]) -> None:
        """Call a function that convolutions with equal pieces have in common; the first one to do so writes it.

        Args:
            name: Its name, by everything that it depends on besides its arguments.
            args: The arguments.
            write: Writes it, with parts and arguments of its own.
        """

        def function() -> None:
            own = copy(self)
            own.f = Function(self.f.module, name, [(each.type, "") for each in args])
            write(own, own.f.params)
            own.f.finish()

        self.f.module.once(name, function)
        self.f.call_void(name, *args)

    def room(self, elements: int, *, zero: bool = True) -> V:
        """Scratch memory for so many elements, all of them zero unless that does not matter."""
        bytes = elements * self.task.kernel.out.dtype.itemsize
        pointer = self.f.at(self.task.frame.scratch, "i8", i64(self.scratch))
        self.scratch += -(-bytes // CACHE_LINE) * CACHE_LINE
        if zero:
            self.f.fill(pointer, 0, i64(bytes))
        return pointer

    def together(self, most: int = POSITIONS, units: int = ENOUGH_UNITS) -> int:
        """How many pictures make a unit: one, or some small ones.

        They have so many positions at most, and there are so many units at least.
        """
        stretches, geometry = self.task.kernel.stretches, self.geometry
        return at_once(geometry.batch // stretches, prod(geometry.positions), -(-units // stretches), most)

    def whole_vectors(self, elements: int) -> int:
        """The number of elements, rounded up to whole vectors."""
        return -(-elements // self.lanes) * self.lanes

    def at(self, pointer: V, *terms: tuple[V, int]) -> V:
        """The address of the element at the sum of index times stride."""
        return self.f.at(pointer, self.task.element, offset(self.f, *terms))

    def zeros(self, vectors: int) -> list[V]:
        """Sums at their start."""
        return [number(0, vector(self.task.element, self.lanes))] * vectors

    def rearrange(self, extents: Sequence[int], to: tuple[V, Sequence[int]], source: tuple[V, Sequence[int]]) -> None:
        """Copy elements; `to` and `source` are addresses with the strides of each extent."""
        f, element = self.f, self.task.element
        extents, to_apart, from_apart = _joined(extents, to[1], source[1])
        size = self.lanes if to_apart[-1] == from_apart[-1] == 1 else 1

        def line(indices: list[V], _: list[V]) -> None:
            first, target = (
                self.at(p, *zip(indices, s, strict=False)) for p, s in ((source[0], from_apart), (to[0], to_apart))
            )

            def some(start: V, count: int) -> None:
                value = f.load(vector(element, count), self.at(first, (start, from_apart[-1])))
                f.store(value, self.at(target, (start, to_apart[-1])))

            steps(f, extents[-1], size, some)

        nest(f, extents[:-1], line)

    def take(self, sums: list[V], left: V, offsets: Sequence[int], right: list[V]) -> list[V]:
        """A tile of sums, with the products of a column and a row taken in.

        Args:
            sums: A vector for each number of the column and each vector of the row.
            left: Where the column's numbers are counted from.
            offsets: How far from there each of them stands.
            right: The row.
        """
        places = [self.f.at(left, self.task.element, i64(0), offset) for offset in offsets]
        return outer_product(self.f, self.task.target, places, right, sums)

    def load(self, kind: str, pointer: V, *terms: tuple[V, int]) -> V:
        """What stands at the sum of index times stride."""
        return self.f.load(kind, self.at(pointer, *terms))

    def row(self, pointer: V, vectors: int) -> list[V]:
        """Whole neighbouring vectors."""
        type = vector(self.task.element, self.lanes)
        return [self.f.load(type, self.at(pointer, (i64(v), self.lanes))) for v in range(vectors)]

    def first(self, a: V, lanes: int) -> V:
        """The first lanes of a vector."""
        return a if a.lanes == lanes else self.f.shuffle(a, a, range(lanes))


def _joined(extents: Sequence[int], a: Sequence[int], b: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    """Extents and two sets of strides; neighbours that both pass through memory as one become one."""
    joined = [(extents[-1], a[-1], b[-1])]
    for extent, one, other in list(zip(extents, a, b, strict=True))[-2::-1]:
        size, inner, also = joined[0]
        if (one, other) == (size * inner, size * also):
            joined[0] = (extent * size, inner, also)
        else:
            joined.insert(0, (extent, one, other))
    sizes, ones, others = zip(*joined, strict=True)
    return list(sizes), list(ones), list(others)


class Pictures:
    """The pictures of a batch with their padding; they are copied to scratch memory, unless there is none.

    Attributes:
        pixel: How far apart neighbouring pixels stand.
        apart: How far apart neighbouring pictures stand.
    """

    def __init__(self, parts: Parts, pointer: V, together: int = 1) -> None:
        self._parts = parts
        self._pointer = pointer
        self._together = together
        geometry = parts.geometry
        self._padded = any(map(any, geometry.frame.padding))
        self.pixel = geometry.channels if self._padded else geometry.every_channel
        self.apart = prod(geometry.padded) * self.pixel
        if self._padded:
            self._room = parts.room(together * self.apart)

    def load(self, index: V, group: V) -> V:
        """The address of a group's channels of some pictures with their padding; what was loaded before may be gone."""
        parts, geometry = self._parts, self._parts.geometry
        apart = geometry.every_channel
        picture = parts.at(self._pointer, (index, prod(geometry.spatial) * apart), (group, geometry.channels))
        if not self._padded:
            return picture
        padded = strides([*geometry.padded, self.pixel])
        first = sum(before * step for (before, _), step in zip(geometry.frame.padding, padded, strict=False))
        extents = [self._together, *geometry.spatial]
        parts.rearrange(
            [*extents, geometry.channels],
            (parts.at(self._room, (i64(first), 1)), [self.apart, *padded]),
            (picture, [*(step * apart for step in strides(extents)), 1]),
        )
        return self._room
