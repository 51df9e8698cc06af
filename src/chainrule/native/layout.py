"""Where a program's step finds everything: the words of its context, and what the runtime must provide for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

# The context's first words: the team of threads, how many of it take part, how many steps to run, which array of each
# stream is next, and the addresses of the arena, the constants and the threads' scratch memory. After them: a fault
# word for each kernel, the addresses of the inputs, those of the results, those of each kernel's arrays, and in a timed
# step the time spent in each kernel.
TEAM, THREADS, REPEAT, TURN, ARENA, CONSTANTS, SCRATCH = range(7)
FAULTS = 7

ALIGNMENT = 64


def aligned(size: int, to: int = ALIGNMENT) -> int:
    """The size rounded up to a whole number of alignments."""
    return size + -size % to


@dataclass(frozen=True)
class Layout:
    """What the runtime knows of a compiled program; kept beside its machine code in the cache.

    Attributes:
        kernels: How many kernels it runs.
        inputs: How many inputs it is given.
        results: How many results it writes.
        arrays: How many arrays its kernels are given, each kernel's counted for itself.
        chained_arrays: The most that a kernel of a chain is given. Where they are stands at the end of scratch memory.
        arena: The bytes of its arena.
        constants: The bytes of its constants, one after another, each aligned.
        scratch: The bytes of scratch memory of each thread.
        threads: The most threads that pay for it.
        brief: Whether a step is so short that giving way to other Python threads costs more than it.
        timed: Whether it measures the time of each kernel.
    """

    kernels: int
    inputs: int
    results: int
    arrays: int
    chained_arrays: int
    arena: int
    constants: int
    scratch: int
    threads: int
    brief: bool
    timed: bool

    @property
    def addresses(self) -> int:
        """The word of the first input's address."""
        return FAULTS + self.kernels

    @property
    def places(self) -> int:
        """The word of the address of the first kernel's first array."""
        return self.addresses + self.inputs + self.results

    @property
    def spent(self) -> int:
        """The word of the time spent in the first kernel."""
        return self.places + self.arrays

    @property
    def words(self) -> int:
        """How many words the context has."""
        return self.spent + (self.kernels if self.timed else 0)

    def as_json(self) -> dict[str, Any]:
        """As numbers and names, for a file."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Layout:
        """From what `as_json` has given.

        Raises:
            TypeError: If fields are missing or unknown.
        """
        return cls(**fields)
