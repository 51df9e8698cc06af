"""What becomes of a convolution's sums: the epilogue, with channels along the lanes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from chainrule.compiler.kernel import Convolution
from chainrule.native.emit import V, i64, vector
from chainrule.native.epilogue import Epilogue
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.task import nest, offset, steps, strides


class Finish:
    """Writes the epilogue of a convolution's kernel.

    Attributes:
        plain: Whether the sums are the result, as they are.
    """

    def __init__(self, parts: Parts) -> None:
        task = parts.task
        assert isinstance(task.kernel, Convolution)
        self._parts = parts
        self._f = parts.f
        self._epilogue = Epilogue(task.frame, task.target, task.pointers, task.kernel)
        self._every = task.kernel.n.extent
        self.plain = self._epilogue.plain
        self._room: V | None = None

    def tile(self, sums: Sequence[V], row: V, column: V, width: int) -> None:
        """Finish sums of neighbouring pixels, vectors of so many channels of each."""
        f, parts, lanes = self._f, self._parts, sums[0].lanes
        vectors = -(-width // lanes)
        rows = len(sums) // vectors
        if self.plain:
            target = parts.at(parts.task.output, (row, self._every), (column, 1))
            for i, total in enumerate(sums):
                r, v = divmod(i, vectors)
                place = f.at(target, parts.task.element, i64(0), r * self._every + v * lanes)
                f.store(parts.first(total, min(lanes, width - v * lanes)), place)
        elif self._epilogue.short:
            for v in range(vectors):
                count = min(lanes, width - v * lanes)
                columns = self._epilogue.columns(f.add(column, i64(v * lanes)), count)
                for r in range(rows):
                    total = parts.first(sums[r * vectors + v], count)
                    self._epilogue.store(columns, f.add(row, i64(r)), total)
        else:
            self._room = self._room or f.alloca(parts.task.element, parts.task.target.registers * parts.lanes)
            for i, total in enumerate(sums):
                f.store(total, f.at(self._room, parts.task.element, i64(0), i * lanes))
            self.rows(self._room, vectors * lanes, (row, rows), column, width)

    def rows(self, sums: V, apart: int, rows: tuple[V, int], column: V, width: int) -> None:
        """Finish sums in memory: those of so many neighbouring pixels from one on, so far apart from another."""
        f, parts, (row, count) = self._f, self._parts, rows

        def some(start: V, lanes: int) -> None:
            columns = self._epilogue.columns(f.add(column, start), lanes)
            with f.loop(i64(0), i64(count), unroll=False, may_be_empty=False) as down:
                total = parts.load(vector(parts.task.element, lanes), sums, (down.index, apart), (start, 1))
                self._epilogue.store(columns, f.add(row, down.index), total)

        steps(f, width, parts.lanes, some)

    def pixel(self, column: V, width: int) -> Callable[[V, V], None]:
        """What finishes so many channels of a pixel; it is told which pixel, and where its sums are."""
        f, parts = self._f, self._parts
        lanes = [(lane, min(parts.lanes, width - lane)) for lane in range(0, width, parts.lanes)]
        columns = [self._epilogue.columns(f.add(column, i64(lane)), count) for lane, count in lanes]

        def finish(row: V, sums: V) -> None:
            for each, (lane, count) in zip(columns, lanes, strict=True):
                total = f.load(vector(parts.task.element, count), f.at(sums, parts.task.element, i64(0), lane))
                self._epilogue.store(each, row, total)

        return finish

    def pictures(self, padded: V, first: V, count: int) -> None:
        """Finish the sums of whole pictures, which have their padding."""
        parts, geometry, every = self._parts, self._parts.geometry, self._every
        apart = strides([count, *geometry.padded, every])
        start = sum(before * step for (before, _), step in zip(geometry.frame.padding, apart[1:], strict=False))
        sums, pixels = parts.at(padded, (i64(start), 1)), prod(geometry.spatial)
        if self.plain:
            extents = [count, *geometry.spatial, every]
            parts.rearrange(
                extents, (parts.at(parts.task.output, (first, pixels * every)), strides(extents)), (sums, apart)
            )
            return
        *lines, last = geometry.spatial

        def line(at: list[V], _: list[V]) -> None:
            row = offset(self._f, (first, pixels), *zip(at, [pixels, *strides(geometry.spatial)[:-1]], strict=True))
            place = parts.at(sums, *zip(at, apart, strict=False))
            self.rows(place, every, (row, last), i64(0), every)

        nest(self._f, [count, *lines], line)
