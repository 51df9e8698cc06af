"""The step: all kernels of a program in order, cut into sections. What runs them is `native/runner.py`.

Between two points at which a kernel needs what other threads have made lies a section. A section whose kernels are
worth sharing is done by the whole team (`native/team.py`), each thread a part of each kernel's units; the others by the
caller alone, which costs nothing. A chain is a section of its own: each thread does all of its kernels for a stretch of
the batch, then for the next one; arrays within it are in the thread's scratch memory, where a stretch has room.

What bad data leave behind: a kernel that meets an index out of range notes it in its fault word and goes on with a
legal value. From there on no kernel of this step writes to the program's inputs (weights, moments): what had not been
written yet keeps the value from before the step. Results are undefined, and steps that were still to come do not run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.compiler.kernel import Chain, Program, written


@dataclass(frozen=True)
class Stage:
    """A kernel as the step runs it.

    Attributes:
        kernel: Its number.
        threads: How many threads take part at most; if 1, the caller alone.
        guards: The kernels whose faults keep it from running.
    """

    kernel: int
    threads: int
    guards: tuple[int, ...] = ()

    @property
    def shared(self) -> bool:
        """Whether it is for several threads."""
        return self.threads > 1


@dataclass(frozen=True)
class Section:
    """Kernels that need nothing of one another that another thread has made.

    Attributes:
        stages: The kernels.
        chain: What they are, if a thread does all of them for a stretch, and then for the next one.
    """

    stages: tuple[Stage, ...]
    chain: Chain | None = None

    @property
    def threads(self) -> int:
        """How many threads take part at most."""
        return max((stage.threads for stage in self.stages), default=1)


def sections(
    program: Program, threads: Sequence[int], faulting: Sequence[bool], chains: Sequence[Chain] = ()
) -> list[Section]:
    """The program's kernels, cut where threads have to wait for one another; at least one section, if an empty one.

    Args:
        program: With the kernels, and which of them wait for what came before.
        threads: How many threads may do each kernel together.
        faulting: Which kernels may meet bad data.
        chains: Which kernels are done together.
    """
    found: list[Section] = []
    current: list[Stage] = []
    beginning = {chain.first: chain for chain in chains}
    chained = {number for chain in chains for number in range(chain.first, chain.stop)}
    for number, kernel in enumerate(program.kernels):
        if number in beginning:
            chain = beginning[number]
            most = min(chain.stretches, sum(threads[chain.first : chain.stop]))
            stages = tuple(Stage(each, most) for each in range(chain.first, chain.stop))
            found += [Section(tuple(current))] if current else []
            found.append(Section(stages, chain))
            current = []
        if number in chained:
            continue
        writes_state = any(buffer.place == "input" for buffer in written(kernel))
        guards = tuple(i for i in range(number) if faulting[i]) if writes_state else ()
        # All threads must agree on the faults before any of them writes.
        to_agree = bool(guards) and bool(current) and guards[-1] >= current[0].kernel
        waits = program.waits[number] or to_agree
        stage = Stage(number, threads[number], guards)
        # What the caller does alone is in order anyway; a shared kernel that comes after it waits for all of it.
        so_far_alone = not any(each.shared for each in current)
        if current and (stage.shared if so_far_alone else waits):
            found.append(Section(tuple(current)))
            current = []
        current.append(stage)
    return [*found, Section(tuple(current))] if current or not found else found
