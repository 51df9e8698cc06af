"""Chains: kernels that go through a batch in the same order, and so can go through it together, stretch by stretch.

A picture that a convolution has just made is still in a cache when the pooling layer reads it, if that comes before the
next picture is made. And what nothing but the chain reads needs memory for a stretch only, which is written again and
again: most of the time that a large array takes is the way to memory and back.

A kernel can be cut into stretches where its first loop strides evenly over the arrays: of each array, a stretch of the
loop touches the same stretch. Kernels of which one reads what another writes go together if that holds for both.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from chainrule.compiler import cheap
from chainrule.compiler.expression import Buffer
from chainrule.compiler.index import Index, Var
from chainrule.compiler.kernel import Chain, Contraction, Kernel, buffers, written
from chainrule.compiler.remaking import Group, make_again
from chainrule.compiler.strides import Strides, strides
from chainrule.compiler.substitute import Substitution

# What is handed on within a stretch should have at most so many bytes, for a cache near by. There must be at least so
# many stretches, for threads to share them; and an odd number, of which one of two threads gets more, must be so large.
# Where a stretch has more bytes than the last number, no cache holds it, and kernels go better one by one.
_NEAR, _STRETCHES, _ODD, _FAR = 1 << 20, 8, 15, 1 << 22
# What a kernel makes ready before it begins, such as a packed weight, is made ready for every stretch: a stretch must
# go over so many times as many bytes.
_PREPARED = 2
# So many kernels may be passed over for one that comes after them.
_AHEAD = 3


def chained(kernels: Sequence[Kernel], arena: list[Buffer]) -> tuple[list[Kernel], tuple[Chain, ...]]:
    """The kernels with those of a chain side by side, and cut into stretches; and the chains.

    What chains make for themselves (`remaking`) has buffers that are added to the arena's.
    """
    groups = list(_groups(kernels))
    make_again(groups, arena)
    done, chains = list[Kernel](), list[Chain]()
    for group in groups:
        if group.stretches:
            chains.append(Chain(len(done), len(done) + len(group.kernels), group.stretches, group.within))
        done += group.kernels
    return done, tuple(chains)


def _groups(kernels: Sequence[Kernel]) -> Iterator[Group]:
    """Chains, and kernels by themselves, in the order in which they can run."""
    uses = Counter(buffer for kernel in kernels for buffer in buffers(kernel))
    waiting = list(kernels)
    while waiting:
        links, waiting = _chain(waiting)
        if len(links.kernels) > 1:
            cut = [_cut(kernel, links.stretches) for kernel in links.kernels]
            yield Group(cut, links.stretches, links.within(uses))
        else:
            yield Group(links.kernels or [waiting.pop(0)])


def _chain(kernels: list[Kernel]) -> tuple[_Links, list[Kernel]]:
    """The longest chain that begins with the first kernel, and the kernels that remain.

    Where the next kernel does not fit, one soon after it may come before it, if the two do not meet.
    """
    links, rest = _Links(), list(kernels)
    passed: list[Kernel] = []
    while rest and len(passed) <= _AHEAD and (links.kernels or not passed):
        kernel = rest.pop(0)
        if any(_meet(kernel, each) for each in passed) or not links.take(kernel):
            passed.append(kernel)
    return links, passed + rest


def _meet(first: Kernel, second: Kernel) -> bool:
    """Whether one of two kernels writes what the other touches."""
    return not (set(written(first)).isdisjoint(buffers(second)) and set(written(second)).isdisjoint(buffers(first)))


class _Links:
    """A chain under construction.

    Attributes:
        kernels: The kernels that have been taken.
        stretches: Into how many stretches they are cut.
    """

    def __init__(self) -> None:
        self.kernels: list[Kernel] = []
        self.stretches = 0
        self._ways: list[Strides] = []
        self._written: set[Buffer] = set()
        self._touched: set[Buffer] = set()
        # What all that touch it go over evenly.
        self._even: set[Buffer] = set()
        self._handed = 0

    def take(self, kernel: Kernel) -> bool:
        """Take a kernel as well, if it fits; the first one fits if it can be cut at all."""
        way, writes, touches = strides(kernel), set(written(kernel)), set(buffers(kernel))
        if way is None or any(buffer.place == "input" for buffer in writes):
            return False
        handed = touches & self._written
        if not (handed | (writes & self._touched)) <= self._even & way.even:
            return False
        size = sum(buffer.bytes for buffer in handed)
        stretches = _stretches([*self._ways, way], self._handed + size)
        if not stretches or (self.kernels and size < cheap.LARGE):
            return False
        self.stretches = stretches
        self.kernels.append(kernel)
        self._ways.append(way)
        self._even = (self._even - touches) | (way.even - (self._touched - self._even))
        self._written |= writes
        self._touched |= touches
        self._handed += size
        return True

    def within(self, uses: Mapping[Buffer, int]) -> frozenset[Buffer]:
        """The arrays that are made and used up in the chain, by how many kernels touch them in all."""
        own = Counter(buffer for kernel in self.kernels for buffer in buffers(kernel))
        return frozenset(
            buffer for buffer in self._written & self._even if buffer.place == "arena" and own[buffer] == uses[buffer]
        )


def _stretches(ways: Sequence[Strides], handed: int) -> int:
    """Into how many stretches kernels are cut that hand on so many bytes; 0 if they had better not be."""
    extent = math.gcd(*(each.extent for each in ways))
    most = min(sum(buffer.bytes for buffer in each.even) // max(_PREPARED * each.prepared, 1) for each in ways)
    fitting = [n for n in range(_STRETCHES, min(extent, most) + 1) if extent % n == 0 and (n % 2 == 0 or n >= _ODD)]
    if not fitting or handed // fitting[-1] > _FAR:
        return 0
    return next((n for n in fitting if handed // n <= _NEAR), fitting[-1])


def _cut(kernel: Kernel, stretches: int) -> Kernel:
    """A kernel that is to be done in so many stretches. A product of matrices becomes that many products."""
    if not isinstance(kernel, Contraction) or kernel.batch:
        return replace(kernel, stretches=stretches)
    stretch, m = Var("stretch", stretches), Var(kernel.m.name, kernel.m.extent // stretches)
    there = Substitution({kernel.m: Index.of(stretch) * m.extent + Index.of(m)})
    a, b = (replace(load, index=there.index(load.index)) for load in (kernel.a, kernel.b))
    epilogue = tuple(map(there.store, kernel.epilogue))
    return replace(kernel, batch=(stretch,), m=m, a=a, b=b, epilogue=epilogue, stretches=stretches)
