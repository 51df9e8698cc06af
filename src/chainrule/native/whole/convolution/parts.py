"""What the passes of convolution share."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from chainrule.native.emit import V, i64, number, vector
from chainrule.native.whole.convolution.geometry import Geometry
from chainrule.native.whole.task import CACHE_LINE, Task, nest, offset, steps, strides


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

    def room(self, elements: int) -> V:
        """Scratch memory for so many elements, all of them zero."""
        bytes = elements * self.task.kernel.out.dtype.itemsize
        pointer = self.f.at(self.task.frame.scratch, "i8", i64(self.scratch))
        self.scratch += -(-bytes // CACHE_LINE) * CACHE_LINE
        self.f.fill(pointer, 0, i64(bytes))
        return pointer

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
        size = self.lanes if to[1][-1] == source[1][-1] == 1 else 1

        def line(indices: list[V], _: list[V]) -> None:
            first, target = (self.at(p, *zip(indices, s, strict=False)) for p, s in (source, to))

            def some(start: V, count: int) -> None:
                value = f.load(vector(element, count), self.at(first, (start, source[1][-1])))
                f.store(value, self.at(target, (start, to[1][-1])))

            steps(f, extents[-1], size, some)

        nest(f, extents[:-1], line)

    def take(self, sums: list[V], left: V, apart: int, right: list[V]) -> list[V]:
        """A tile of sums, with the products of a column and a row taken in.

        Args:
            sums: A vector for each number of the column and each vector of the row.
            left: The address of the column's first number.
            apart: How far apart its numbers stand.
            right: The row.
        """
        f, element = self.f, self.task.element
        taken: list[V] = []
        for i in range(len(sums) // len(right)):
            one = f.splat(f.load(element, f.at(left, element, i64(i * apart))), self.lanes)
            for b in right:
                before = sums[len(taken)]
                taken.append(f.fma(one, b, before) if self.task.target.fused else f.add(before, f.mul(one, b)))
        return taken

    def row(self, pointer: V, vectors: int) -> list[V]:
        """Whole neighbouring vectors."""
        type = vector(self.task.element, self.lanes)
        return [self.f.load(type, self.at(pointer, (i64(v), self.lanes))) for v in range(vectors)]


class Pictures:
    """The pictures of a batch with their padding; each is copied to scratch memory, unless there is none."""

    def __init__(self, parts: Parts, pointer: V) -> None:
        self._parts = parts
        self._pointer = pointer
        geometry = parts.geometry
        self._padded = any(map(any, geometry.frame.padding))
        if self._padded:
            self._room = parts.room(prod(geometry.padded) * geometry.every_channel)

    def load(self, index: V) -> V:
        """The address of a picture that has its padding; the last one loaded may be gone."""
        parts, geometry = self._parts, self._parts.geometry
        pixel = geometry.every_channel
        picture = parts.at(self._pointer, (index, prod(geometry.spatial) * pixel))
        if not self._padded:
            return picture
        apart = [step * pixel for step in strides(geometry.padded)]
        first = sum(before * step for (before, _), step in zip(geometry.frame.padding, apart, strict=True))
        inside = parts.at(self._room, (i64(first), 1))
        own = [step * pixel for step in strides(geometry.spatial)]
        # The last dimension and the channels are one line in both.
        extents = [*geometry.spatial[:-1], geometry.spatial[-1] * pixel]
        parts.rearrange(extents, (inside, [*apart[:-1], 1]), (picture, [*own[:-1], 1]))
        return self._room
