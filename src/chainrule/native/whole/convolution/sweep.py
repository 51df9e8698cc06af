"""Which elements of a source each element of a result sums, where no two sums share an element of the result.

The forward pass is one sweep over the result: the windows of all positions. The gradient to the input is one as well:
each pixel sums the outputs whose windows it is in. With a stride these are not the same elements of the window for all
pixels, so there is a sweep for each remainder.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import gcd, prod
from typing import NamedTuple

from chainrule.core.shape import Shape
from chainrule.native.whole.convolution.geometry import Geometry


class Taps(NamedTuple):
    """The elements of a window along one dimension, evenly apart.

    Attributes:
        size: How many there are.
        first: Where the first one is in the source, counted from the position times the sweep's step.
        step: How far the next one is.
        element: The index of the first one in the weight.
        element_step: How far the next one is in the weight.
    """

    size: int
    first: int
    step: int
    element: int
    element_step: int

    @property
    def places(self) -> list[int]:
        """Where they are in the source."""
        return [self.first + i * self.step for i in range(self.size)]


@dataclass(frozen=True)
class Sweep:
    """A regular part of the result, each element of which sums the same elements of a window.

    Attributes:
        positions: How many there are along each dimension.
        step: How far the next position's window is in the source.
        taps: The elements of the window.
        first: Where the first position is in the result.
        apart: How far the next one is in the result.
    """

    positions: Shape
    step: Shape
    taps: tuple[Taps, ...]
    first: Shape
    apart: Shape

    @property
    def elements(self) -> int:
        """How many elements of a window it sums."""
        return prod(tap.size for tap in self.taps)


def forward_sweep(geometry: Geometry) -> Sweep:
    """The windows of all positions."""
    frame = geometry.frame
    dims = zip(geometry.kernel, frame.padding, frame.dilation, strict=True)
    taps = tuple(Taps(size, -before, apart, 0, 1) for size, (before, _), apart in dims)
    ndim = len(geometry.kernel)
    return Sweep(geometry.positions, frame.stride, taps, (0,) * ndim, (1,) * ndim)


def backward_sweeps(geometry: Geometry) -> list[Sweep]:
    """The pixels, by their remainders; those that are in no window have no taps."""
    frame = geometry.frame
    sweeps = []
    for remainders in product(*map(range, frame.stride)):
        dims = zip(geometry.kernel, frame.padding, frame.dilation, frame.stride, remainders, strict=True)
        taps = [_reaching(*each) for each in dims]
        positions = [-(-(n - r) // s) for n, r, s in zip(geometry.spatial, remainders, frame.stride, strict=True)]
        if all(positions):
            sweeps.append(Sweep(tuple(positions), (1,) * len(taps), tuple(taps), remainders, frame.stride))
    return sweeps


def _reaching(size: int, padding: tuple[int, int], dilation: int, stride: int, remainder: int) -> Taps:
    """The elements of a window through which outputs reach the pixels of a remainder."""
    places = {i: remainder + padding[0] - i * dilation for i in range(size)}
    found = [i for i, place in places.items() if place % stride == 0]
    if not found:
        return Taps(0, 0, 0, 0, 0)
    # Elements that many apart reach pixels of the same remainder.
    apart = stride // gcd(stride, dilation)
    return Taps(len(found), places[found[0]] // stride, -apart * dilation // stride, found[0], apart)
