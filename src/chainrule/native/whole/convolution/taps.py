"""From which elements of an array a depthwise convolution sums each result, along one dimension at a time."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import Protocol

from chainrule.native.emit import Function, V, i64
from chainrule.native.whole.convolution.geometry import Geometry


class Taps(Protocol):
    """Along a dimension, the source of each element of a result's window.

    Attributes:
        results: How many results there are.
        sources: How many elements the array has.
        window: How many elements a window has.
        zeros: Whether what stands beyond the array is zero, and counts; else it does not exist.
        together: Groups of a multiple of so many results are all alike.
        apart: So far apart are the elements that a result has.
        furthest: The element whose source comes last.
    """

    @property
    def results(self) -> int: ...
    @property
    def sources(self) -> int: ...
    @property
    def window(self) -> int: ...
    @property
    def zeros(self) -> bool: ...
    @property
    def together(self) -> int: ...
    @property
    def apart(self) -> int: ...
    @property
    def furthest(self) -> int: ...

    def place(self, result: int, element: int) -> int | None:
        """The source, which may lie beyond the array; None for an element that the result does not have."""

    def advance(self, results: int) -> int:
        """How many sources further so many results are."""

    def start(self, f: Function, result: V) -> V:
        """What a group that begins with this result adds to the places of one that begins with the first."""

    def span(self, f: Function, result: V) -> tuple[V, V]:
        """The first element that a result has, and where they end."""

    def source(self, f: Function, result: V, element: V) -> V:
        """The source of one of those."""


@dataclass(frozen=True)
class Forward:
    """Windows over an array and its padding.

    Attributes:
        results: How many windows there are.
        sources: How many elements the array has.
        window: How many elements a window has.
        stride: From window to window.
        dilation: From element to element.
        before: The padding before the array.
    """

    results: int
    sources: int
    window: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    zeros: bool = True
    together: int = 1
    apart: int = 1

    @property
    def furthest(self) -> int:
        return self.window - 1

    def place(self, result: int, element: int) -> int:
        return result * self.stride + element * self.dilation - self.before

    def advance(self, results: int) -> int:
        return results * self.stride

    def start(self, f: Function, result: V) -> V:
        return f.mul(result, i64(self.stride))

    def span(self, f: Function, result: V) -> tuple[V, V]:
        return i64(0), i64(self.window)

    def source(self, f: Function, result: V, element: V) -> V:
        first = f.add(f.mul(result, i64(self.stride)), i64(-self.before))
        return f.add(first, f.mul(element, i64(self.dilation)))


@dataclass(frozen=True)
class Backward:
    """The windows that an element of an array was in: the results are the array's, the sources are the windows'.

    Attributes:
        forward: The windows.
    """

    forward: Forward
    zeros: bool = False
    furthest: int = 0

    @property
    def results(self) -> int:
        return self.forward.sources

    @property
    def sources(self) -> int:
        return self.forward.results

    @property
    def window(self) -> int:
        return self.forward.window

    @property
    def together(self) -> int:
        return self.forward.stride

    @property
    def apart(self) -> int:
        return self.forward.stride // gcd(self.forward.stride, self.forward.dilation)

    def place(self, result: int, element: int) -> int | None:
        place, rest = divmod(result + self.forward.before - element * self.forward.dilation, self.forward.stride)
        return place if rest == 0 else None

    def advance(self, results: int) -> int:
        return -(-results // self.forward.stride)

    def start(self, f: Function, result: V) -> V:
        return f.divmod(result, self.forward.stride)[0]

    def span(self, f: Function, result: V) -> tuple[V, V]:
        stride, dilation = self.forward.stride, self.forward.dilation
        there = f.add(result, i64(self.forward.before))
        # Those for which `there - element * dilation` is a multiple of the stride, if there are any.
        share, rest = f.divmod(there, gcd(stride, dilation))
        inverse = pow(dilation // gcd(stride, dilation), -1, self.apart)
        first = f.divmod(f.mul(share, i64(inverse)), self.apart)[1]
        # Neither after the last window, nor before the first one.
        after = _positive(f, f.add(there, i64(-stride * (self.sources - 1))))
        fewer = _positive(f, f.sub(_ceiling(f, after, dilation), first))
        begin = f.add(first, f.mul(_ceiling(f, fewer, self.apart), i64(self.apart)))
        end = f.intrinsic("llvm.smin", "i64", f.add(f.divmod(there, dilation)[0], i64(1)), i64(self.window))
        return begin, f.select(f.compare("eq", rest, i64(0)), end, i64(0))

    def source(self, f: Function, result: V, element: V) -> V:
        there = f.add(result, i64(self.forward.before))
        return f.divmod(f.sub(there, f.mul(element, i64(self.forward.dilation))), self.forward.stride)[0]


def taps(geometry: Geometry) -> list[Forward]:
    """Those of the forward pass, dimension by dimension."""
    frame = geometry.frame
    before = [sides[0] for sides in frame.padding]
    sizes = (geometry.positions, geometry.spatial, geometry.kernel, frame.stride, frame.dilation, before)
    return [Forward(*size) for size in zip(*sizes, strict=True)]


def _positive(f: Function, a: V) -> V:
    return f.intrinsic("llvm.smax", "i64", a, i64(0))


def _ceiling(f: Function, a: V, by: int) -> V:
    """A number that is not negative, divided and rounded up."""
    return f.divmod(f.add(a, i64(by - 1)), by)[0]
