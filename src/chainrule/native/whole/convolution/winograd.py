"""Windows of 3×3 with fewer products for each pixel and channel than nine: what the passes share.

S. Winograd's minimal filtering, as A. Lavin and S. Gray apply it ("Fast algorithms for convolutional neural networks",
CVPR 2016, F(4×4, 3×3) and F(2×2, 3×3)): the 6×6 pixels whose windows make 4×4 results become 36 sums of multiples of
them; so does the weight, of its 9 elements; multiplied and summed over the channels, these are 36 numbers that the 4×4
results are sums of multiples of. For all tiles and channels that is 36 matrix products, of which 2.25 fall to a result.
Of 4×4 pixels, for 2×2 results, it is 16: 4 to a result. The gradient to the weight goes the same way backwards.

What is multiplied are values of polynomials at a few points, among them 0 and infinity; which others, decides how many
digits are lost. Sums are shorter than those of windows, so errors are about as large all the same; but they are
relative to all pixels of a tile, not to the nine that a result is made of. Infinities, NaN and numbers near the largest
would spread to neighbours: where there are such, windows are summed directly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from math import ceil, prod
from typing import NamedTuple, TypeAlias

from chainrule.native.emit import Function, V, number
from chainrule.native.whole.convolution.geometry import Geometry

# The elements of a line, by their number; and what becomes of them, by its number: a few at a time, those that share
# most of their work.
Line: TypeAlias = Callable[[int], V]
Made: TypeAlias = Iterator[dict[int, V]]


class Scheme(NamedTuple):
    """How large tiles are, and at which points polynomials are taken besides 0 and infinity.

    Sums are in the order of the points: 0, each with its negative, infinity.

    Attributes:
        points: Those above 0; their negatives are points too.
    """

    points: tuple[float, ...]

    @property
    def results(self) -> int:
        """The results of a tile, each way."""
        return 2 * len(self.points)

    @property
    def side(self) -> int:
        """The pixels of a tile, each way."""
        return self.results + 2

    @property
    def sums(self) -> int:
        """What a tile becomes, and a window."""
        return self.side**2

    def tiles(self, geometry: Geometry) -> tuple[int, int]:
        """How many lines of tiles a picture has, and how many tiles a line."""
        height, width = geometry.positions
        return ceil(height / self.results), ceil(width / self.results)

    def with_whole_tiles(self, geometry: Geometry) -> Geometry:
        """The same, with pictures padded so far that the last tiles of a line and of a picture are whole."""
        padding = tuple(
            (before, after + -n % self.results)
            for (before, after), n in zip(geometry.frame.padding, geometry.positions, strict=True)
        )
        return replace(geometry, frame=geometry.frame._replace(padding=padding))

    def of_pixels(self, f: Function, a: Line) -> Made:
        """Neighbouring pixels: the products of `x - p` over all points but one, or over all for infinity."""
        last, squares = self.side - 1, [point**2 for point in self.points]
        yield {first and last: _without(f, map(a, range(first, last + 1, 2)), squares) for first in (0, 1)}
        for place, point in self._places():
            others = [square for square in squares if square != point**2]
            odd, even = (_without(f, map(a, range(first, last + first - 1, 2)), others) for first in (1, 2))
            yield {place: _sum(f, (1, even), (point, odd)), place + 1: _sum(f, (1, even), (-point, odd))}

    def of_weight(self, f: Function, a: Line) -> Made:
        """Three elements of a window: the values of their polynomial, divided by what `of_pixels` has too much."""
        yield {0: _sum(f, (self._share(0), a(0))), self.side - 1: a(2)}
        for place, point in self._places():
            share = self._share(point)
            even, odd = _sum(f, (share, a(0)), (share * point**2, a(2))), _sum(f, (share * point, a(1)))
            yield {place: f.add(even, odd), place + 1: f.sub(even, odd)}

    def _places(self) -> Iterator[tuple[int, float]]:
        """Each point above 0, and its place among the sums; its negative's is the next one."""
        return zip(range(1, self.side, 2), self.points, strict=False)

    def _share(self, point: float) -> float:
        """What a value at a point is divided by, the other way up."""
        product = prod(point**2 - other**2 for other in self.points if other != point)
        return 1 / (2 * point**2 * product if point else product)

    def of_sums(self, f: Function, a: Line) -> Made:
        """Results, of sums of products."""
        ends = {0: 0, self.results - 1: self.side - 1}
        for first, combine in enumerate((f.add, f.sub)):
            pairs, found = self._pairs(a, combine), {}
            for power in range(first, self.results, 2):
                terms = [(point**power, pair) for point, pair in zip(self.points, pairs, strict=True)]
                own = [(1.0, a(ends[power]))] if power in ends else []
                found[power] = _sum(f, *own, *terms)
            yield found

    def of_gradients(self, f: Function, a: Line) -> Made:
        """Gradients of results: the opposite of `of_sums`."""
        yield {0: a(0), self.side - 1: a(self.results - 1)}
        for place, point in self._places():
            even, odd = (_sum(f, *((point**i, a(i)) for i in range(first, self.results, 2))) for first in (0, 1))
            yield {place: f.add(even, odd), place + 1: f.sub(even, odd)}

    def of_weight_sums(self, f: Function, a: Line) -> Made:
        """The gradients to three elements of a window, of sums of products: the opposite of `of_weight`."""
        ends = {0: (self._share(0), 0), 2: (1.0, self.side - 1)}
        for first, combine in enumerate((f.add, f.sub)):
            pairs, found = self._pairs(a, combine), {}
            for power in range(first, 3, 2):
                terms = [(self._share(p) * p**power, pair) for p, pair in zip(self.points, pairs, strict=True)]
                own = [(ends[power][0], a(ends[power][1]))] if power in ends else []
                found[power] = _sum(f, *own, *terms)
            yield found

    def _pairs(self, a: Line, combine: Callable[[V, V], V]) -> list[V]:
        """The sums, or differences, of what belongs to each point and to its negative."""
        return [combine(a(i), a(i + 1)) for i in range(1, self.side - 1, 2)]


# 2×2 results, and 4×4. Points other than 1 and 2, which are usual, cost a multiplication each and keep a digit more;
# these two and their squares are exact in float32.
SCHEMES = Scheme((1.0,)), Scheme((11 / 16, 3 / 2))


def _sum(f: Function, *terms: tuple[float, V]) -> V:
    """A sum of multiples."""
    (factor, first), *rest = terms
    total = first if factor == 1 else f.mul(first, number(factor, first.type))
    for factor, one in rest:
        total = f.add(total, one) if factor == 1 else f.multiply_add(one, number(factor, one.type), total)
    return total


def _without(f: Function, a: Iterable[V], squares: Iterable[float]) -> V:
    """A number of one more than there are squares: each square times a number is taken from the one after it."""
    for square in squares:
        a = [_sum(f, (1, after), (-square, before)) for before, after in pairwise(a)]
    (found,) = a
    return found
