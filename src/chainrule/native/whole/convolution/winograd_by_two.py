"""Windows of 3×3 that step by two pixels, with fewer products than nine for each result and channel.

Every other pixel of a line meets the first and the last element of windows: among themselves they are convolved with
windows of two, which are neighbours (`winograd`). Those between meet the one in the middle, and are multiplied as they
are. Of 9×9 pixels, for 4×4 results, that makes 81 products, 5.1 to a result, with 36 weights, which some of them share;
of 5×5 pixels, for 2×2 results, it is 25: 6.3 to a result.
"""

from __future__ import annotations

from chainrule.native.emit import Function
from chainrule.native.whole.convolution.geometry import Geometry
from chainrule.native.whole.convolution.winograd import ByOne, Line, Made, Scheme, WeightScheme
from chainrule.native.whole.task import ENOUGH_UNITS


class ByTwo(WeightScheme):
    """Windows that step by two pixels.

    Sums are those of every other pixel, then the pixels between as they are.

    Args:
        others: What every other pixel goes through, with windows of two.
    """

    def __init__(self, others: ByOne) -> None:
        count = others.results
        super().__init__(count, 2 * count + 1, 2 * count, others.places + count, others.places + 1)
        self.others = others

    def of_pixels(self, f: Function, a: Line) -> Made:
        yield from self.others.of_pixels(f, lambda i: a(2 * i))
        yield {self.others.places + i: a(2 * i + 1) for i in range(self.results)}

    def of_weight(self, f: Function, a: Line) -> Made:
        return _of_weight_by_two(self.others, f, a)

    def of_sums(self, f: Function, a: Line) -> Made:
        for found in self.others.of_sums(f, a):
            yield {i: f.add(one, a(self.others.places + i)) for i, one in found.items()}

    def of_gradients(self, f: Function, a: Line) -> Made:
        yield from self.others.of_gradients(f, a)
        yield {self.others.places + i: a(i) for i in range(self.results)}

    def of_weight_sums(self, f: Function, a: Line) -> Made:
        for found in self.others.of_weight_sums(f, a):
            yield {2 * i: one for i, one in found.items()}
        yield {1: a(self.others.places)}


# 2×2 results, and 4×4; the points are exact in float32, and so are their squares.
BY_TWO = ByTwo(ByOne((1.0,), 2)), ByTwo(ByOne((13 / 16, 2.0), 2))


class BackByTwo(Scheme):
    """The gradient to the pixels that windows which step by two read: the windows go backwards over the outputs.

    A pixel that has the first element of a window on it has the last one of the window before, too; neighbouring ones
    are results of windows of two. Those between have the middle of one window.

    Args:
        others: What makes the former.
        between: Whether a picture begins with one of the latter.
    """

    in_bands = False

    def __init__(self, others: ByOne, between: bool) -> None:
        count = others.results
        super().__init__(2 * count, count + 1, count, others.places + count, others.places + 1)
        self._others = others
        self._between = between

    @property
    def name(self) -> str:
        return f"{super().name}.{int(self._between)}"

    @staticmethod
    def of(geometry: Geometry) -> tuple[Geometry, tuple[BackByTwo, ...]]:
        """The gradient to the input of a convolution as one of its outputs, and the ways to it, if there are any.

        Few pictures are cut into bands of the input instead, which have lines of windows in common.
        """
        befores = [before for before, _ in geometry.frame.padding]
        parities = {before % 2 for before in befores}
        if geometry.frame.stride != (2, 2) or max(befores) > 2 or len(parities) > 1 or geometry.batch < ENOUGH_UNITS:
            return geometry, ()
        back = geometry.backward(tuple((0 if before else 1, 0) for before in befores))
        return back, tuple(BackByTwo(each.others, befores[0] % 2 == 1) for each in BY_TWO)

    def of_pixels(self, f: Function, a: Line) -> Made:
        yield from self._others.of_pixels(f, a)
        first = 0 if self._between else 1
        yield {self._others.places + i: a(first + i) for i in range(self.step)}

    def of_weight(self, f: Function, a: Line) -> Made:
        return _of_weight_by_two(self._others, f, a)

    def of_sums(self, f: Function, a: Line) -> Made:
        first = 1 if self._between else 0
        for found in self._others.of_sums(f, a):
            yield {2 * i + first: one for i, one in found.items()}
        yield {2 * i + 1 - first: a(self._others.places + i) for i in range(self.step)}


def _of_weight_by_two(others: ByOne, f: Function, a: Line) -> Made:
    """The first and the last element of a line of a window as one of two; and the one between as it is."""
    yield from others.of_weight(f, lambda i: a(2 * i))
    yield {others.places: a(1)}
