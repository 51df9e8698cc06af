"""Where in the arena each buffer stands, and where threads must wait for one another."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence

from chainrule.compiler.expression import Buffer
from chainrule.compiler.kernel import Chain, Kernel, buffers, written

ALIGNMENT = 64


def lifetimes(kernels: Sequence[Kernel], chains: Sequence[Chain] = ()) -> dict[Buffer, tuple[int, int]]:
    """For each buffer the first and the last kernel that touch it; those of a chain run at the same time."""
    spans = {number: (chain.first, chain.stop - 1) for chain in chains for number in range(chain.first, chain.stop)}
    found: dict[Buffer, tuple[int, int]] = {}
    for number, kernel in enumerate(kernels):
        begin, end = spans.get(number, (number, number))
        for buffer in buffers(kernel):
            first, _ = found.get(buffer, (begin, end))
            found[buffer] = (first, end)
    return found


def planned(kernels: Sequence[Kernel], arena: Sequence[Buffer], chains: Sequence[Chain]) -> tuple[tuple[int, ...], int]:
    """The offset of each arena buffer, and the size of the arena: buffers that are never alive together share memory.

    The largest are placed first, each as low as those allow that are alive at the same time.
    """
    alive = {buffer: span for buffer, span in lifetimes(kernels, chains).items() if buffer.place == "arena"}
    offsets = dict.fromkeys(arena, 0)
    # From where to where, and while which kernels run; by the place.
    taken: list[tuple[int, int, int, int]] = []
    for buffer in sorted(alive, key=lambda each: (-each.bytes, each.number)):
        (first, last), room, offset = alive[buffer], _room(buffer), 0
        for start, end, begin, finish in taken:
            if begin <= last and first <= finish:
                if start - offset >= room:
                    break
                offset = max(offset, end)
        offsets[buffer] = offset
        insort(taken, (offset, offset + room, first, last))
    size = max((end for _, end, _, _ in taken), default=0)
    return tuple(offsets[buffer] for buffer in arena), size


def _room(buffer: Buffer) -> int:
    return -(-max(buffer.bytes, 1) // ALIGNMENT) * ALIGNMENT


def waits(kernels: Sequence[Kernel], offsets: Sequence[int]) -> tuple[bool, ...]:
    """For each kernel, whether all threads must have finished what came before.

    Only if it touches memory that a kernel since the last wait writes, or writes what one touches. The first one always
    waits: when a program is repeated, for the end of the turn before.
    """

    def span(buffer: Buffer) -> tuple[str, int, int]:
        if buffer.place != "arena":
            return f"{buffer.place}{buffer.number}", 0, 1
        return "arena", offsets[buffer.number], offsets[buffer.number] + buffer.bytes

    def meet(first: list[tuple[str, int, int]], second: list[tuple[str, int, int]]) -> bool:
        return any(a == b and start < end and begin < stop for a, start, stop in first for b, begin, end in second)

    found = []
    touched: list[tuple[str, int, int]] = []
    changed: list[tuple[str, int, int]] = []
    for number, kernel in enumerate(kernels):
        touching = [span(buffer) for buffer in buffers(kernel)]
        changing = [span(buffer) for buffer in written(kernel)]
        wait = number == 0 or meet(touching, changed) or meet(changing, touched)
        if wait:
            touched, changed = [], []
        touched += touching
        changed += changing
        found.append(wait)
    return tuple(found)
