"""Windows of which only the part inside the picture counts: what stands beyond it does not exist.

The gradient to the input sums over such windows of the outputs. Zeros beyond them make the same sums and take no
decisions, as long as all weights are finite; but zero times infinity is NaN, at pixels that the weight never met.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.native.emit import Function, V, i64
from chainrule.native.whole.convolution.geometry import Geometry
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.task import nest, strides


class InsideWindows:
    """Sums over the inside of one window after another: the exception, which need not be fast.

    Args:
        parts: The convolution; windows do not step.
        pixel: How far apart neighbouring pixels of its pictures stand.
    """

    def __init__(self, parts: Parts, pixel: int) -> None:
        self._parts = parts
        self._geometry = parts.geometry
        _, self._within = parts.geometry.steps(pixel)

    def sums(self, window: V, weight: V, at: Sequence[V], vectors: int) -> list[V]:
        """The window at a position, of the whole picture, times the weight."""
        f, parts, geometry = self._parts.f, self._parts, self._geometry
        apart = [step * vectors * parts.lanes for step in strides([*geometry.kernel, geometry.channels])]
        spans = [_span(f, geometry.whole or geometry, dimension, place) for dimension, place in enumerate(at)]

        def go(elements: list[V], sums: list[V]) -> list[V]:
            if len(elements) < len(spans):
                with f.loop(*spans[len(elements)], carried=sums, unroll=False) as loop:
                    loop.next(go([*elements, loop.index], loop.carried))
                return loop.results
            left = parts.at(window, *zip(elements, self._within, strict=True))
            right = parts.at(weight, *zip(elements, apart, strict=False))

            def channel(index: list[V], sums: list[V]) -> list[V]:
                row = parts.row(parts.at(right, (index[0], apart[-1])), vectors)
                return parts.take(sums, parts.at(left, (index[0], 1)), [0], row)

            return nest(f, [geometry.channels], channel, sums)

        return go([], parts.zeros(vectors))


def _span(f: Function, geometry: Geometry, dimension: int, place: V) -> tuple[V, V]:
    """The first element of a window at a place that is inside along a dimension, and where these end."""
    before, dilation = geometry.frame.padding[dimension][0], geometry.frame.dilation[dimension]
    missing = f.intrinsic("llvm.smax", "i64", f.sub(i64(before), place), i64(0))
    begin, _ = f.divmod(f.add(missing, i64(dilation - 1)), dilation)
    # No window begins after the last pixel.
    last, _ = f.divmod(f.sub(i64(before + geometry.spatial[dimension] - 1), place), dilation)
    end = f.intrinsic("llvm.smin", "i64", f.add(last, i64(1)), i64(geometry.kernel[dimension]))
    return begin, end
