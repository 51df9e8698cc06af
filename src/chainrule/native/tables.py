"""The tables that say what a step does: its sections, the stages of each, and where every kernel finds its arrays.

They are data that one piece of code goes through (`native/runner.py`): written as calls, they would be a quarter of all
that LLVM has to read of a large network. All fields of all records are words of 8 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from chainrule.compiler.expression import Buffer
from chainrule.compiler.kernel import Chain, Program, buffers
from chainrule.native import layout as context
from chainrule.native.convention import KernelCode
from chainrule.native.emit import Module
from chainrule.native.layout import Layout
from chainrule.native.step import Section, Stage
from chainrule.native.team import SECTION_WORDS

# The functions that do a share of a section, and of a chain.
SECTION, CHAIN = "section", "chain"
# The fields of a section after those that the team reads: its first stage, the one after its last, its stretches.
FIRST_STAGE, END_STAGE, STRETCHES = range(2, SECTION_WORDS)
# The fields of a stage: the kernel's function and number; its units (in a chain, those of a stretch); whether all
# threads have a share; of how many kernels that may meet bad data it must be known that they have not; its first place,
# and the one after its last.
KERNEL, NUMBER, UNITS, SHARED, GUARDS, FIRST_PLACE, END_PLACE = range(7)
STAGE_WORDS = 7
# A place is three words (`Place`).
PLACE_WORDS = 3

# Bytes after a stretch in scratch memory.
_BEYOND = 128


class Place(NamedTuple):
    """Where an array starts: what a word of the context says, and so many bytes further; more for each turn.

    Attributes:
        word: Which word; None for where the thread's own scratch memory starts.
        bytes: How much further.
        turn: How much further for each turn: each step of several, or each stretch of a chain.
    """

    word: int | None
    bytes: int = 0
    turn: int = 0


class Tables:
    """Collects the tables of a program.

    Args:
        program: Whose step it is.
        codes: The kernels' functions.
        layout: Of the context.
    """

    def __init__(self, program: Program, codes: Sequence[KernelCode], layout: Layout) -> None:
        self._program = program
        self._codes = codes
        self._layout = layout
        self._constants = constant_offsets(program)
        self._used = [buffers(kernel) for kernel in program.kernels]
        # The places that all sections share come first; they are found once a step. Those of chains follow.
        self._first_place = [0, *accumulate(map(len, self._used))]
        self._places = [self._place(buffer) for used in self._used for buffer in used]
        self._stages: list[str] = []
        self._section = cache(self._new_section)

    def write(self, module: Module, faulting: Iterable[int], **sections: Iterable[Section]) -> None:
        """Add all tables to a module.

        Args:
            module: The module.
            faulting: The numbers of the kernels that may meet bad data: the table `@faulting`.
            sections: Tables of sections, by their names; `@stages` and `@places` go with them.
        """
        _write(module, "faulting", map(_record, faulting), 1)
        for name, some in sections.items():
            _write(module, name, map(self._section, some), SECTION_WORDS)
        _write(module, "stages", self._stages, STAGE_WORDS)
        places = (_record(-1 if word is None else word, *rest) for word, *rest in self._places)
        _write(module, "places", places, PLACE_WORDS)

    def _new_section(self, section: Section) -> str:
        """A section's record; its stages are added."""
        first, chain = len(self._stages), section.chain
        self._stages += map(self._stage, section.stages) if chain is None else self._stages_of(chain)
        function, stretches = (SECTION, 0) if chain is None else (CHAIN, chain.stretches)
        return _record(f"ptr @{function}", section.threads, first, len(self._stages), stretches)

    def _stage(self, stage: Stage) -> str:
        """The record of a kernel in a section."""
        number = stage.kernel
        places = self._first_place[number], self._first_place[number + 1]
        units = self._codes[number].units
        return self._record_of(number, units, int(stage.shared), len(stage.guards), *places)

    def _stages_of(self, chain: Chain) -> Iterator[str]:
        """The records of a chain's kernels; arrays within it are in the thread's scratch memory."""
        codes = self._codes[chain.first : chain.stop]
        room, within = _own_scratch(codes), dict[Buffer, Place]()
        for buffer in sorted(chain.within, key=lambda each: each.number):
            # Kernels count from where the whole array would start.
            within[buffer] = Place(None, room, -(buffer.bytes // chain.stretches))
            room += _stretch_room(buffer, chain)
        for number, code in enumerate(codes, start=chain.first):
            first = len(self._places)
            for at, buffer in enumerate(self._used[number], start=self._layout.places + self._first_place[number]):
                self._places.append(within.get(buffer) or Place(at))
            yield self._record_of(number, code.units // chain.stretches, 1, 0, first, len(self._places))

    def _record_of(self, number: int, *fields: int) -> str:
        return _record(f"ptr @{self._codes[number].function}", number, *fields)

    def _place(self, buffer: Buffer) -> Place:
        """Where a buffer starts."""
        if buffer.place == "arena":
            return Place(context.ARENA, self._program.offsets[buffer.number])
        if buffer.place == "constant":
            return Place(context.CONSTANTS, self._constants[buffer.number])
        word = self._layout.addresses + (self._layout.inputs if buffer.place == "result" else 0) + buffer.number
        streams = self._program.streams
        moves = buffer in streams or (streams and buffer.place == "result")
        return Place(word, turn=buffer.bytes if moves else 0)


def _record(first: str | int, *fields: int) -> str:
    """A record of words, the first of which may be a function."""
    return ", ".join([first if isinstance(first, str) else f"i64 {first}", *(f"i64 {each}" for each in fields)])


def _write(module: Module, name: str, records: Iterable[str], words: int) -> None:
    """A table of such records."""
    found = [f"{{{record}}}" for record in records]
    first = "ptr" if found and found[0].startswith("{ptr") else "i64"
    type = "{" + ", ".join([first] + ["i64"] * (words - 1)) + "}"
    body = ", ".join(f"{type} {record}" for record in found)
    module.add(f"@{name} = private constant [{len(found)} x {type}] [{body}]")


def _own_scratch(codes: Iterable[KernelCode]) -> int:
    """How many bytes of scratch memory kernels need, one after another, in whole lines."""
    return context.aligned(max((code.scratch for code in codes), default=0))


def _stretch_room(buffer: Buffer, chain: Chain) -> int:
    """How many bytes a stretch of an array within a chain gets; vectors may look beyond its end."""
    return context.aligned(buffer.bytes // chain.stretches) + _BEYOND


def scratch_of(codes: Sequence[KernelCode], chains: Iterable[Chain]) -> int:
    """How many bytes of scratch memory a thread needs for all kernels, and for what is within chains."""
    within = [
        _own_scratch(codes[chain.first : chain.stop]) + sum(_stretch_room(buffer, chain) for buffer in chain.within)
        for chain in chains
    ]
    return max([_own_scratch(codes), *within])


def constant_offsets(program: Program) -> list[int]:
    """Where each constant starts in the block of constants; and after them, where the block ends."""
    return [0, *accumulate(context.aligned(array.nbytes) for array in program.constants)]
