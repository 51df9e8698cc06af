"""Windows of which only the part inside the picture counts: what stands beyond it does not exist.

The gradient to the input sums over such windows of the outputs. Zeros beyond them make the same sums and take no
decisions, as long as all weights are finite; but zero times infinity is NaN, at pixels that the weight never met.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.native.emit import V, i64
from chainrule.native.whole.convolution.geometry import Geometry
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.task import nest, strides


class InsideWindows:
    """Sums over the inside of one window after another: the exception, which need not be fast.

    Args:
        parts: The convolution; windows do not step.
        pixel: How far apart neighbouring pixels of its pictures stand.
    """

    # Of a window's elements along each dimension one in so many meets a pixel.
    every = 1

    def __init__(self, parts: Parts, pixel: int) -> None:
        self._f = parts.f
        self._parts = parts
        self._geometry = parts.geometry
        self._apart = [step * pixel for step in strides(parts.geometry.padded)]

    def sums(self, picture: V, weight: V, at: Sequence[V], line: V, vectors: int) -> list[V]:
        """The window at a position, in a line of the whole picture, times the weight."""
        f, parts, geometry = self._f, self._parts, self._geometry
        apart = [step * vectors * parts.lanes for step in strides([*geometry.kernel, geometry.channels])]
        spans = [self._span(dimension, place) for dimension, place in enumerate([line, *at[1:]])]

        def go(elements: list[V], sums: list[V]) -> list[V]:
            if len(elements) < len(spans):
                with f.loop(*spans[len(elements)], self.every, sums, unroll=False) as loop:
                    loop.next(go([*elements, loop.index], loop.carried))
                return loop.results
            pixels = [self._pixel(dimension, *each) for dimension, each in enumerate(zip(at, elements, strict=True))]
            left = parts.at(picture, *zip(pixels, self._apart, strict=True))
            right = parts.at(weight, *zip(elements, apart, strict=False))

            def channel(index: list[V], sums: list[V]) -> list[V]:
                row = parts.row(parts.at(right, (index[0], apart[-1])), vectors)
                return parts.take(sums, parts.at(left, (index[0], 1)), [0], row)

            return nest(f, [geometry.channels], channel, sums)

        return go([], parts.zeros(vectors))

    def _span(self, dimension: int, place: V) -> tuple[V, V]:
        """The first element of a window at a place that is inside along a dimension, and where these end."""
        f, geometry = self._f, self._geometry.whole or self._geometry
        before, dilation = geometry.frame.padding[dimension][0], geometry.frame.dilation[dimension]
        missing = f.intrinsic("llvm.smax", "i64", f.sub(i64(before), place), i64(0))
        begin, _ = f.divmod(f.add(missing, i64(dilation - 1)), dilation)
        # No window begins after the last pixel.
        last, _ = f.divmod(f.sub(i64(before + geometry.spatial[dimension] - 1), place), dilation)
        end = f.intrinsic("llvm.smin", "i64", f.add(last, i64(1)), i64(geometry.kernel[dimension]))
        return begin, end

    def _pixel(self, dimension: int, place: V, element: V) -> V:
        """Which pixel of the padded picture an element of a window meets."""
        return self._f.add(place, self._f.mul(element, i64(self._geometry.frame.dilation[dimension])))


class BackByTwoWindows(InsideWindows):
    """The same for windows of 3×3 that step by two, of which every other element meets an output.

    Args:
        parts: What goes back as a convolution (`winograd_by_two.BackByTwo`).
        pixel: How far apart neighbouring pixels of its pictures stand.
        forward: What it goes back through.
    """

    every = 2

    def __init__(self, parts: Parts, pixel: int, forward: Geometry) -> None:
        super().__init__(parts, pixel)
        self._before = [before for before, _ in forward.frame.padding]

    def _span(self, dimension: int, place: V) -> tuple[V, V]:
        f, place = self._f, self._f.add(place, i64(self._before[dimension]))
        # The window before the first one, which a place of 0 would be the last pixel of, is not there.
        first = f.select(f.compare("eq", place, i64(0)), i64(2), f.binary("and", place, i64(1)))
        reach = f.sub(i64(2 * self._geometry.spatial[dimension] + 1), place)
        return first, f.intrinsic("llvm.smin", "i64", reach, i64(3))

    def _pixel(self, dimension: int, place: V, element: V) -> V:
        f, padding = self._f, self._geometry.frame.padding[dimension][0]
        window = f.binary("lshr", f.add(place, f.add(element, i64(self._before[dimension]))), i64(1))
        return f.add(window, i64(padding - 1))
