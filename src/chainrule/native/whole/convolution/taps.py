"""From which elements of an array a depthwise convolution sums each result, along one dimension at a time."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

from chainrule.native.emit import Function, V, i64
from chainrule.native.whole.convolution.geometry import Geometry


@dataclass(frozen=True)
class Taps:
    """Along a dimension, the source of each element of a result's window.

    That of element e of result r is `(scale * r + step * e + shift) / every`; where this is no whole number, the result
    does not have the element.

    Attributes:
        results: How many results there are.
        sources: How many elements the array has.
        window: How many elements a window has.
        scale: See above.
        step: Below 0 for windows backwards; then `scale` is 1.
        shift: Not below 0 for windows backwards.
        every: 1 for windows forwards.
    """

    results: int
    sources: int
    window: int
    scale: int = 1
    step: int = 1
    shift: int = 0
    every: int = 1

    @property
    def zeros(self) -> bool:
        """Whether what stands beyond the array is the padding, zeros that count; else it does not exist."""
        return self.step > 0

    @property
    def backward(self) -> Taps:
        """Of windows forwards, those that an element of the array is in: what was a result is a source."""
        return Taps(self.sources, self.results, self.window, 1, -self.step, -self.shift, self.scale)

    @property
    def apart(self) -> int:
        """So far apart are the elements that a result has."""
        return self.every // gcd(self.every, self.step)

    @property
    def furthest(self) -> int:
        """The element whose source comes last."""
        return self.window - 1 if self.zeros else 0

    def advance(self, results: int) -> int:
        """How many sources further so many results are."""
        return -(-results * self.scale // self.every)

    def place(self, result: int, element: int) -> int | None:
        """The source, which may lie beyond the array; None for an element that the result does not have."""
        place, rest = divmod(self.scale * result + self.step * element + self.shift, self.every)
        return place if rest == 0 else None

    def start(self, f: Function, result: V) -> V:
        """By how much the places of a group that begins with this result, a multiple of `every`, are further."""
        return f.divmod(f.mul(result, i64(self.scale)), self.every)[0]

    def source(self, f: Function, result: V, element: V) -> V:
        """The source of an element that the result has."""
        first = f.add(f.mul(result, i64(self.scale)), i64(self.shift))
        return f.divmod(f.add(first, f.mul(element, i64(self.step))), self.every)[0]

    def span(self, f: Function, result: V) -> tuple[V, V]:
        """The first element that a result has and that exists, and where they end."""
        if self.zeros:
            return i64(0), i64(self.window)
        back, common = -self.step, gcd(self.every, self.step)
        there = f.add(result, i64(self.shift))
        # Those for which `there - back * element` is a multiple of `every`, if there are any.
        share, rest = f.divmod(there, common)
        first = f.divmod(f.mul(share, i64(pow(back // common, -1, self.apart))), self.apart)[1]
        # Neither after the last source, nor before the first.
        after = _positive(f, f.add(there, i64(-self.every * (self.sources - 1))))
        fewer = _positive(f, f.sub(_ceiling(f, after, back), first))
        begin = f.add(first, f.mul(_ceiling(f, fewer, self.apart), i64(self.apart)))
        end = f.intrinsic("llvm.smin", "i64", f.add(f.divmod(there, back)[0], i64(1)), i64(self.window))
        return begin, f.select(f.compare("eq", rest, i64(0)), end, i64(0))


def taps(geometry: Geometry) -> list[Taps]:
    """Those of the forward pass, dimension by dimension."""
    frame = geometry.frame
    shift = [-before for before, _ in frame.padding]
    sizes = (geometry.positions, geometry.spatial, geometry.kernel, frame.stride, frame.dilation, shift)
    return [Taps(*size) for size in zip(*sizes, strict=True)]


def _positive(f: Function, a: V) -> V:
    return f.intrinsic("llvm.smax", "i64", a, i64(0))


def _ceiling(f: Function, a: V, by: int) -> V:
    """A number that is not negative, divided and rounded up."""
    return f.divmod(f.add(a, i64(by - 1)), by)[0]
