"""How much memory a program uses, buffer by buffer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from chainrule.compiler.expression import Buffer
from chainrule.compiler.kernel import Program
from chainrule.compiler.memory import lifetimes
from chainrule.core.table import quantity, table

_PLACES = ("argument", "state", "constant", "result", "arena")


@dataclass(frozen=True)
class BufferUse:
    """A buffer, and when it is used.

    Attributes:
        name: What it holds.
        place: `argument`, `state` (weights, moments, gradients, running means, the random state), `constant`, `result`,
            or `arena`.
        bytes: Its size.
        offset: Where in the arena it starts; None elsewhere. Buffers of which one is dead when the other is made may
            overlap.
        first: The number of the first kernel that touches it.
        last: The number of the last one.
    """

    name: str
    place: str
    bytes: int
    offset: int | None
    first: int
    last: int


@dataclass(frozen=True)
class MemoryUse:
    """The memory of a program, in bytes; print it for a table.

    Attributes:
        arguments: Of what it is given at each call.
        state: Of what it finds, and changes, where it stands.
        constants: Of its constants.
        results: Of what it returns.
        arena: Of everything in between, which shares memory.
        buffers: Each buffer that it touches, place by place.
    """

    arguments: int
    state: int
    constants: int
    results: int
    arena: int
    buffers: tuple[BufferUse, ...]

    @property
    def total(self) -> int:
        """All of it."""
        return self.arguments + self.state + self.constants + self.results + self.arena

    def __str__(self) -> str:
        rows = [
            [use.name, use.place, f"{use.bytes:,}", "" if use.offset is None else f"{use.offset:,}",
             f"{use.first}", f"{use.last}"]
            for use in self.buffers
        ]  # fmt: skip
        apart = sum(use.bytes for use in self.buffers if use.place == "arena")
        places = ("arguments", "state", "constants", "results", "arena")
        totals = ", ".join(f"{place} {quantity(getattr(self, place), 'B')}" for place in places)
        return (
            table(["buffer", "place", "bytes", "offset", "first kernel", "last"], rows, left=2)
            + f"\n{totals} (its buffers apart: {quantity(apart, 'B')}); in all {quantity(self.total, 'B')}"
        )


def memory_use(program: Program, arguments: Collection[int]) -> MemoryUse:
    """The memory of a program.

    Args:
        program: The program.
        arguments: Which of its inputs are given at each call; the others are state.
    """

    def place(buffer: Buffer) -> str:
        if buffer.place != "input":
            return buffer.place
        return "argument" if buffer.number in arguments else "state"

    inputs = {"argument": 0, "state": 0}
    for buffer in program.inputs:
        inputs[place(buffer)] += buffer.bytes
    uses = [
        BufferUse(
            buffer.name,
            place(buffer),
            buffer.bytes,
            program.offsets[buffer.number] if buffer.place == "arena" else None,
            first,
            last,
        )
        for buffer, (first, last) in lifetimes(program.kernels, program.chains).items()
    ]
    uses.sort(key=lambda use: _PLACES.index(use.place))
    return MemoryUse(
        arguments=inputs["argument"],
        state=inputs["state"],
        constants=sum(array.nbytes for array in program.constants),
        results=sum(buffer.bytes for buffer in program.results),
        arena=program.arena,
        buffers=tuple(uses),
    )
