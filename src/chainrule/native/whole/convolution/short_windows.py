"""Windows of few elements: their lines are written out, and each pixel is loaded once for all windows it belongs to.

Of few outputs, two windows share a vector: its lower half has the outputs of one, its upper half those of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from chainrule.native.contraction.outer import multiply_add
from chainrule.native.contraction.packing import joined
from chainrule.native.emit import V, i64, vector
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.task import nest, strides

# Of windows of so few elements the lines are written out, if they are not shorter than this.
_SMALL_WINDOW, _SHORTEST_LINE = 32, 3


class ShortWindows:
    """Sums over windows whose lines are written out.

    Args:
        parts: The convolution.
        pixel: How far apart neighbouring pixels of its pictures stand.

    Attributes:
        line: How many elements of a window's line are written out; 1 where they had better not be.
        sharing: How many windows share a vector.
    """

    def __init__(self, parts: Parts, pixel: int) -> None:
        geometry, line = parts.geometry, parts.geometry.kernel[-1]
        # The weights of a line must fit the registers beside the sums.
        fits = _SHORTEST_LINE <= line <= parts.task.target.registers // 3
        self.line = line if fits and geometry.depth <= _SMALL_WINDOW else 1
        self.sharing = 2 if self.line > 1 and 2 * geometry.outputs <= parts.lanes else 1
        self._parts, self._f = parts, parts.f
        self._share = parts.lanes // self.sharing
        _, self._within = geometry.steps(pixel)

    def sums(self, window: V, weight: V, rows: Sequence[int], vectors: int) -> list[V]:
        """A tile: windows that stand so far from `window`, times the weight."""
        f, parts, kernel = self._f, self._parts, self._parts.geometry.kernel
        of_line = self.line * parts.geometry.channels * vectors * parts.lanes
        apart = [step * of_line for step in strides(kernel[:-1])]
        size = -(-len(rows) // self.sharing)
        # Windows half the tile apart share; the last one is repeated where it has no other.
        shared = [tuple(rows[min(r, len(rows) - 1)] for r in range(r, self.sharing * size, size)) for r in range(size)]

        def line(indices: list[V], sums: list[V]) -> list[V]:
            left = parts.at(window, *zip(indices, self._within, strict=False))
            right = parts.at(weight, *zip(indices, apart, strict=True))
            for channel in range(parts.geometry.channels):
                sums = self._products(left, self._weights(right, channel, vectors), shared, channel, sums)
            return sums

        return self._each(nest(f, kernel[:-1], line, parts.zeros(size * vectors)))[: len(rows) * vectors]

    def _products(
        self, left: V, weights: list[list[V]], shared: Sequence[tuple[int, ...]], channel: int, sums: Sequence[V]
    ) -> list[V]:
        """The sums with a channel of a line of their windows taken in."""
        f, parts, taken = self._f, self._parts, list(sums)
        uses: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        for (r, rows), element in product(enumerate(shared), range(self.line)):
            places = tuple(row + element * self._within[-1] + channel for row in rows)
            uses.setdefault(places, []).append((r, element))
        # Pixels that end one half of a tile and begin the other follow one another, and need no register meanwhile.
        half = shared[0][-1] - shared[0][0]
        for places, those in sorted(uses.items(), key=lambda use: (use[0][0] % half if half else 0, use[0])):
            pixels = [parts.load(parts.task.element, left, (i64(place), 1)) for place in places]
            spread = joined(f, [f.splat(pixel, self._share) for pixel in pixels])
            for r, element in those:
                for v, weight in enumerate(weights[element]):
                    at = r * len(weights[element]) + v
                    taken[at] = multiply_add(f, parts.task.target, spread, weight, taken[at])
        return taken

    def _weights(self, line: V, channel: int, vectors: int) -> list[list[V]]:
        """A line's weights of a channel, element by element; once for each of the windows that share a vector."""
        f, parts = self._f, self._parts
        apart = vectors * parts.lanes
        places = [parts.at(line, (i64(e * parts.geometry.channels + channel), apart)) for e in range(self.line)]
        if self.sharing == 1:
            return [parts.row(place, vectors) for place in places]
        few = [f.load(vector(parts.task.element, self._share), place) for place in places]
        return [[f.shuffle(each, each, [*range(self._share)] * self.sharing)] for each in few]

    def _each(self, sums: list[V]) -> list[V]:
        """The sums of each window by themselves, in the order of the windows."""
        if self.sharing == 1:
            return sums
        shares = [range(first, first + self._share) for first in range(0, self._parts.lanes, self._share)]
        return [self._f.shuffle(total, total, share) for share in shares for total in sums]
