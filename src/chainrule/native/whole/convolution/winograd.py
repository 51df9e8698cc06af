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

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from math import ceil, prod
from typing import TypeAlias

from chainrule.native.emit import Function, V, i64, number
from chainrule.native.whole.convolution.geometry import Geometry

# The elements of a line, by their number; and what becomes of them, by its number: a few at a time, those that share
# most of their work.
Line: TypeAlias = Callable[[int], V]
Made: TypeAlias = Iterator[dict[int, V]]


class Scheme(ABC):
    """How large tiles are, and what becomes of their lines on the way to results.

    Attributes:
        results: The results of a line of a tile.
        side: Its pixels.
        step: How many pixels the next tile is away.
        places: How many sums the pixels become.
        windows: How many a line of a window becomes. All sums from there on are multiplied with the last of them.
        in_bands: Whether pictures may be cut into bands of the lines that windows of results reach.
    """

    in_bands = True

    def __init__(self, results: int, side: int, step: int, places: int, windows: int) -> None:
        self.results = results
        self.side = side
        self.step = step
        self.places = places
        self.windows = windows

    @property
    def name(self) -> str:
        """What tells it from others in the names of functions."""
        return f"{type(self).__name__}.{self.results}"

    @property
    def sums(self) -> int:
        """What a tile becomes."""
        return self.places**2

    @property
    def weights(self) -> int:
        """What a window becomes."""
        return self.windows**2

    def weight_of(self, f: Function, place: V) -> V:
        """Which of what a window becomes one of the sums of a tile is multiplied with."""
        if self.places == self.windows:
            return place
        line, along = (
            f.intrinsic("llvm.smin", "i64", one, i64(self.windows - 1)) for one in f.divmod(place, self.places)
        )
        return f.add(f.mul(line, i64(self.windows)), along)

    def tiles(self, geometry: Geometry) -> tuple[int, int]:
        """How many lines of tiles a picture has, and how many tiles a line."""
        height, width = geometry.positions
        return ceil(height / self.results), ceil(width / self.results)

    def with_whole_tiles(self, geometry: Geometry) -> Geometry:
        """The same, with pictures padded so far that the last tiles of a line and of a picture are whole."""
        frame, tiles = geometry.frame, self.tiles(geometry)
        padding = tuple(
            (before, max(self.step * (count - 1) + self.side - before - n, 0))
            for (before, _), n, count in zip(frame.padding, geometry.spatial, tiles, strict=True)
        )
        return replace(geometry, frame=frame._replace(padding=padding))

    @abstractmethod
    def of_pixels(self, f: Function, a: Line) -> Made:
        """Neighbouring pixels."""

    @abstractmethod
    def of_weight(self, f: Function, a: Line) -> Made:
        """The elements of a window."""

    @abstractmethod
    def of_sums(self, f: Function, a: Line) -> Made:
        """Results, of sums of products."""


class WeightScheme(Scheme):
    """One by which gradients go back to the weight, too."""

    @abstractmethod
    def of_gradients(self, f: Function, a: Line) -> Made:
        """Gradients of results: the opposite of `of_sums`."""

    @abstractmethod
    def of_weight_sums(self, f: Function, a: Line) -> Made:
        """The gradients to the elements of a window, of sums of products: the opposite of `of_weight`."""


class ByOne(WeightScheme):
    """Windows that are neighbours.

    Sums are in the order of the points: 0, each with its negative, infinity, without which windows of two do.

    Args:
        points: The points above 0; their negatives are points too.
        window: The elements of a line of a window, 2 or 3.
    """

    def __init__(self, points: tuple[float, ...], window: int = 3) -> None:
        results = 2 * len(points)
        side = results + window - 1
        super().__init__(results, side, results, side, side)
        self._points = points
        self._window = window
        self._infinity = window == 3

    def of_pixels(self, f: Function, a: Line) -> Made:
        # The products of `x - p` over all points but one, or over all for infinity.
        count, squares = self.results, [point**2 for point in self._points]
        ends = {0: 0, self.side - 1: 1} if self._infinity else {0: 0}
        yield {end: _without(f, map(a, range(first, count + first + 1, 2)), squares) for end, first in ends.items()}
        for place, point in self._pairs():
            others = [square for square in squares if square != point**2]
            odd, even = (_without(f, map(a, range(first, count + first - 1, 2)), others) for first in (1, 2))
            yield {place: _sum(f, (1, even), (point, odd)), place + 1: _sum(f, (1, even), (-point, odd))}

    def of_weight(self, f: Function, a: Line) -> Made:
        # The values of their polynomial, divided by what `of_pixels` has too much.
        shares = {0: self._share(0), self._window - 1: 1.0}
        yield {end: _sum(f, (shares[i], a(i))) for i, end in self._ends(self._window).items()}
        for place, point in self._pairs():
            share = self._share(point)
            even, odd = (
                _sum(f, *((share * point**i, a(i)) for i in range(first, self._window, 2))) for first in (0, 1)
            )
            yield {place: f.add(even, odd), place + 1: f.sub(even, odd)}

    def of_sums(self, f: Function, a: Line) -> Made:
        ends = self._ends(self.results)
        for first, combine in enumerate((f.add, f.sub)):
            pairs, found = self._of_pairs(a, combine), {}
            for power in range(first, self.results, 2):
                terms = [(point**power, pair) for point, pair in zip(self._points, pairs, strict=True)]
                own = [(1.0, a(ends[power]))] if power in ends else []
                found[power] = _sum(f, *own, *terms)
            yield found

    def of_gradients(self, f: Function, a: Line) -> Made:
        yield {end: a(i) for i, end in self._ends(self.results).items()}
        for place, point in self._pairs():
            even, odd = (_sum(f, *((point**i, a(i)) for i in range(first, self.results, 2))) for first in (0, 1))
            yield {place: f.add(even, odd), place + 1: f.sub(even, odd)}

    def of_weight_sums(self, f: Function, a: Line) -> Made:
        ends, shares = self._ends(self._window), [self._share(point) for point in self._points]
        for first, combine in enumerate((f.add, f.sub)):
            pairs, found = self._of_pairs(a, combine), {}
            for power in range(first, self._window, 2):
                terms = [
                    (share * point**power, pair) for share, point, pair in zip(shares, self._points, pairs, strict=True)
                ]
                own = [(1.0 if power else self._share(0), a(ends[power]))] if power in ends else []
                found[power] = _sum(f, *own, *terms)
            yield found

    def _ends(self, length: int) -> dict[int, int]:
        """The places of the sums for 0 and infinity, by the coefficient that they are of so many."""
        return {0: 0, length - 1: self.side - 1} if self._infinity else {0: 0}

    def _pairs(self) -> Iterator[tuple[int, float]]:
        """The place of each point above 0 among the sums, and the point; its negative's is the next one."""
        return zip(range(1, self.side, 2), self._points, strict=False)

    def _share(self, point: float) -> float:
        """What a value at a point is divided by, the other way up."""
        product = prod(point**2 - other**2 for other in self._points if other != point)
        return 1 / (2 * point**2 * product if point else product)

    def _of_pairs(self, a: Line, combine: Callable[[V, V], V]) -> list[V]:
        """The sums, or differences, of what belongs to each point and to its negative."""
        return [combine(a(place), a(place + 1)) for place, _ in self._pairs()]


# 2×2 results, and 4×4. Points other than 1 and 2, which are usual, cost a multiplication each and keep a digit more;
# these two and their squares are exact in float32.
BY_ONE = ByOne((1.0,)), ByOne((11 / 16, 3 / 2))


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
