"""Arrays that chains make again for themselves, stretch by stretch, and that are never in memory as a whole.

What a normalisation and ReLU have made of a convolution's result is read at once, by the next convolution; and much
later, by the gradient to its weight. To write it to memory and to fetch it from there costs more than to make it again,
of an array that is there anyway: each chain that reads it gets a copy of the map that makes it, and no more than
a stretch of it is ever needed at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chainrule.compiler import cheap
from chainrule.compiler.expression import Buffer, Call, Uniform, reachable
from chainrule.compiler.kernel import Kernel, Loops, Store, buffers, expressions, read, written
from chainrule.compiler.strides import strides
from chainrule.compiler.substitute import Substitution

# So many operations cost less than a trip to memory.
_MOST = 12


@dataclass
class Group:
    """A chain under construction, or a kernel by itself.

    Attributes:
        kernels: What it consists of, in order.
        stretches: Into how many stretches they are cut; 0 for a kernel by itself.
        within: The arrays that only it touches, of which a stretch is needed at a time.
    """

    kernels: list[Kernel]
    stretches: int = 0
    within: frozenset[Buffer] = frozenset()

    def touches(self, buffer: Buffer) -> bool:
        """Whether one of its kernels reads or writes it."""
        return any(buffer in buffers(kernel) for kernel in self.kernels)

    def strides_over(self, buffer: Buffer) -> bool:
        """Whether each stretch touches its own stretch of an array."""
        if not self.stretches:
            return False
        ways = [strides(kernel) for kernel in self.kernels if buffer in buffers(kernel)]
        return all(way is not None and buffer in way.even for way in ways)


def make_again(groups: Sequence[Group], arena: list[Buffer]) -> None:
    """Let chains make arrays for themselves where that saves a way to memory; their new buffers go to the arena."""
    for number, group in enumerate(groups):
        for kernel in list(group.kernels):
            if isinstance(kernel, Loops) and _is_small(kernel):
                _make_again(groups, number, kernel, arena)


def _is_small(kernel: Loops) -> bool:
    """Whether it is a map that makes one large array with few operations."""
    if len(kernel.passes) != 1 or not all(isinstance(each, Store) for each in kernel.passes[0].statements):
        return False
    made = written(kernel)
    if len(made) != 1 or made[0].place != "arena" or made[0].bytes < cheap.LARGE:
        return False
    found = list(reachable(*expressions(kernel)))
    if any(isinstance(each, Uniform) for each in found):
        return False
    calls = [each.primitive for each in found if isinstance(each, Call)]
    return len(calls) <= _MOST and all(map(cheap.is_cheap, calls))


def _make_again(groups: Sequence[Group], number: int, kernel: Loops, arena: list[Buffer]) -> None:
    """Let those after group `number` that read what a map of it makes do so for themselves, if all of them can."""
    (array,) = written(kernel)
    readers = [group for group in groups[number + 1 :] if group.touches(array)]
    if not readers or not all(group.strides_over(array) for group in (groups[number], *readers)):
        return
    if any(kernel.outer[0].extent % group.stretches for group in readers):
        return
    if not _are_there(groups, number, readers[-1], kernel) or not all(_adds_little(kernel, group) for group in readers):
        return
    groups[number].within |= {array}
    for group in readers:
        again = replace(array, name=f"{array.name.rpartition('.')[0]}.{len(arena)}", number=len(arena))
        arena.append(again)
        there = Substitution(buffers={array: again})
        first = next(i for i, each in enumerate(group.kernels) if array in buffers(each))
        group.kernels[:] = map(there.kernel, group.kernels)
        group.kernels.insert(first, replace(there.kernel(kernel), stretches=group.stretches))
        group.within |= {again}


def _are_there(groups: Sequence[Group], number: int, last: Group, kernel: Loops) -> bool:
    """Whether all that a kernel of group `number` reads is in memory, unchanged, until the last group is done."""
    sources = set(read(kernel))
    if any(not sources.isdisjoint(group.within) for group in groups):
        return False
    until = [each for group in groups[number : groups.index(last) + 1] for each in group.kernels]
    return not any(buffer in sources for each in until[until.index(kernel) :] for buffer in written(each))


def _adds_little(kernel: Loops, group: Group) -> bool:
    """Whether a group that makes the array for itself reads at most one other array more than now."""
    way = strides(kernel)
    assert way is not None
    large = [buffer for buffer in read(kernel) if buffer.bytes >= cheap.LARGE]
    return all(buffer in way.even for buffer in large) and sum(not group.touches(each) for each in large) <= 1
