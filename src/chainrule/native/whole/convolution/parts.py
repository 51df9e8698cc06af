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
        """How many pictures make a unit: one, or some small ones; bands are by themselves.

        They have so many positions at most, and there are so many units at least.
        """
        stretches, geometry = self.task.kernel.stretches, self.geometry
        if geometry.whole:
            return 1
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
        self._padded = any(map(any, (geometry.whole or geometry).frame.padding + geometry.frame.padding))
        self.pixel = geometry.channels if self._padded else geometry.every_channel
        self.apart = prod(geometry.padded) * self.pixel
        if self._padded:
            self._room = parts.room(together * self.apart)

    def load(self, index: V, group: V) -> V:
        """The address of a group's channels of some pictures with their padding; what was loaded before may be gone."""
        parts, geometry = self._parts, self._parts.geometry
        if geometry.whole:
            return self._load_band(geometry.whole, index, group)
        apart = geometry.every_channel
        picture = parts.at(self._pointer, (index, prod(geometry.spatial) * apart), (group, geometry.channels))
        if self._padded:
            self._pad([self._together, *geometry.spatial], self._room, picture)
        return self._room if self._padded else picture

    def first_line(self, index: V) -> V:
        """The line of its picture that a band begins with, of windows; 0 of whole pictures."""
        geometry = self._parts.geometry
        if not geometry.whole:
            return i64(0)
        _, band = self._parts.f.divmod(index, geometry.batch // geometry.whole.batch)
        return self._parts.f.mul(band, i64(geometry.positions[0]))

    def _load_band(self, whole: Geometry, index: V, group: V) -> V:
        """Some lines of a picture, of which the first and the last ones may be padding."""
        f, parts, geometry = self._parts.f, self._parts, self._parts.geometry
        (height, *_), (reach, *inner) = whole.spatial, geometry.padded
        line, room = prod(geometry.spatial[1:]) * geometry.every_channel, prod(inner) * self.pixel
        picture, _ = f.divmod(index, geometry.batch // whole.batch)
        source = parts.at(self._pointer, (picture, height * line), (group, geometry.channels))
        first = f.mul(self.first_line(index), i64(geometry.frame.stride[0]))
        if not self._padded:
            return parts.at(source, (first, line))
        first = f.sub(first, i64(whole.frame.padding[0][0]))
        begin, end = (self._within(f.sub(i64(edge), first), reach) for edge in (0, height))
        size = parts.task.kernel.out.dtype.itemsize
        f.fill(self._room, 0, f.mul(begin, i64(room * size)))
        f.fill(parts.at(self._room, (end, room)), 0, f.mul(f.sub(i64(reach), end), i64(room * size)))
        if geometry.padded == geometry.spatial and geometry.frame.groups == 1:
            count = f.mul(f.sub(end, begin), i64(line * size))
            f.copy(parts.at(self._room, (begin, room)), parts.at(source, (f.add(first, begin), line)), count)
        else:
            with f.loop(begin, end, unroll=False) as lines:
                here = parts.at(source, (f.add(first, lines.index), line))
                self._pad([1, 1, *geometry.spatial[1:]], parts.at(self._room, (lines.index, room)), here)
        return self._room

    def _within(self, line: V, lines: int) -> V:
        """A line, or the nearest of as many, or where they end."""
        f = self._parts.f
        return f.intrinsic("llvm.smin", "i64", f.intrinsic("llvm.smax", "i64", line, i64(0)), i64(lines))

    def _pad(self, extents: Sequence[int], room: V, picture: V) -> None:
        """Copy pictures, or what there is of them, to where there is room for their padding around them."""
        parts, geometry = self._parts, self._parts.geometry
        padded = strides([*geometry.padded, self.pixel])
        first = sum(before * step for (before, _), step in zip(geometry.frame.padding, padded, strict=False))
        parts.rearrange(
            [*extents, geometry.channels],
            (parts.at(room, (i64(first), 1)), [self.apart, *padded]),
            (picture, [*(step * geometry.every_channel for step in strides(extents)), 1]),
        )
