"""How the results of a depthwise convolution are gone over, line by line, and the lines of pictures they need.

Pictures are read as they are: to copy them with their padding would take a third of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from chainrule.native.emit import V, i64
from chainrule.native.whole.convolution.parts import Parts
from chainrule.native.whole.convolution.taps import Taps
from chainrule.native.whole.task import strides


class Group(NamedTuple):
    """Neighbouring results of a line, whose sums are in registers together; and groups after it that are like it.

    Attributes:
        first: The first result.
        size: How many there are.
        times: How many such groups follow one another.
    """

    first: int
    size: int
    times: int


def groups_of(along: Taps, neighbours: int, edges: int) -> list[Group] | None:
    """A line of results in groups of about so many.

    Those that reach beyond the array, at either end, are like no other; None where these are too many.
    """
    size = along.every * max(neighbours // along.every, 1)
    whole, rest = divmod(along.results, size)

    def reaches_beyond(group: int) -> bool:
        results, elements = range(group * size, (group + 1) * size), range(along.window)
        places = (along.place(result, element) for result in results for element in elements)
        return any(place is not None and not 0 <= place < along.sources for place in places)

    def reaching(groups: Iterable[int]) -> int:
        return sum(1 for _ in takewhile(reaches_beyond, islice(groups, edges + 1)))

    before = reaching(range(whole))
    after = reaching(reversed(range(before, whole)))
    if max(before, after) > edges:
        return None
    ends = [Group(group * size, size, 1) for group in (*range(before), *range(whole - after, whole))]
    between = [Group(before * size, size, whole - before - after)] if before + after < whole else []
    left = [Group(whole * size, rest, 1)] if rest else []
    return [*ends[:before], *between, *ends[before:], *left]


def one_by_one(dimensions: Sequence[Taps]) -> tuple[list[Taps], list[Group]]:
    """The same results as lines of one each, so that all dimensions are in loops; and the group of such a line."""
    return [*dimensions, Taps(1, 1, 1)], [Group(0, 1, 1)]


class Lines:
    """The lines of pictures, of which windows take in some.

    Args:
        parts: The convolution under construction.
        dimensions: What each dimension of a result is summed from.

    Attributes:
        apart: How far apart neighbours along each dimension stand.
    """

    def __init__(self, parts: Parts, dimensions: Sequence[Taps]) -> None:
        self._parts, self._across = parts, dimensions[:-1]
        channels = parts.geometry.every_channel
        self.apart = [step * channels for step in strides([each.sources for each in dimensions])]
        padded = any(each.zeros for each in self._across)
        self._zeros = parts.room(dimensions[-1].sources * channels if padded else 0)

    def source(self, picture: V, at: Sequence[V], elements: Sequence[V]) -> V:
        """Where a picture's line begins for these elements of the window of a result; for one of the padding, zeros."""
        f = self._parts.f
        sources = [each.source(f, *pair) for each, *pair in zip(self._across, at, elements, strict=True)]
        place = self._parts.at(picture, *zip(sources, self.apart, strict=False))
        for each, source in zip(self._across, sources, strict=True):
            if each.zeros:
                place = f.select(f.compare("ult", source, i64(each.sources)), place, self._zeros)
        return place

    def ahead(self, picture: V, at: Sequence[V]) -> list[V]:
        """The lines that the line of results after this one is the first to read."""
        if not at:
            return []
        following = [*at[:-1], self._parts.f.add(at[-1], i64(1))]
        furthest = self.source(picture, following, [i64(each.furthest) for each in self._across])
        return [self._parts.at(furthest, (i64(-back), self.apart[-2])) for back in range(self._across[-1].advance(1))]

    def fetch(self, lines: Sequence[V], pixels: int) -> None:
        """Ask for so many pixels from these on."""
        for line in lines:
            for pixel in range(pixels):
                self._parts.f.prefetch(self._parts.at(line, (i64(pixel), self.apart[-1])))
