"""The step: all kernels of a program in order.

Between two points at which a kernel needs what other threads have made lies a section. A section whose kernels are
worth sharing is done by the whole team (`native/team.py`), each thread a part of each kernel's units; the others by the
caller alone, which costs nothing. A chain is a section of its own: each thread does all of its kernels for a stretch of
the batch, then for the next one; arrays within it are in the thread's scratch memory, where a stretch has room.

What bad data leave behind: a kernel that meets an index out of range notes it in its fault word and goes on with a
legal value. From there on no kernel of this step writes to the program's inputs (weights, moments): what had not been
written yet keeps the value from before the step. Results are undefined, and steps that were still to come do not run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import accumulate

from chainrule.compiler.expression import Buffer
from chainrule.compiler.kernel import Chain, Program, buffers, written
from chainrule.native import layout as context
from chainrule.native.convention import KernelCode
from chainrule.native.emit import Function, Module, V, i64
from chainrule.native.layout import Layout
from chainrule.native.target import Target
from chainrule.native.team import ENTRY

# Bytes after a stretch in scratch memory.
_BEYOND = 128


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


class StepEmitter:
    """Writes `i64 run(ptr context)` to a module: as many steps as the context says; how many were done without fault.

    Args:
        module: Which already has the kernels and `@together`.
        program: What they belong to.
        codes: The kernels' functions.
        faulting: Which kernels may meet bad data.
        layout: Of the context.
        target: The processor.
    """

    def __init__(
        self,
        module: Module,
        program: Program,
        codes: Sequence[KernelCode],
        faulting: Sequence[bool],
        layout: Layout,
        target: Target,
    ) -> None:
        self._module = module
        self._program = program
        self._codes = codes
        self._faulting = [number for number, may in enumerate(faulting) if may]
        self._layout = layout
        self._target = target
        self._constants = constant_offsets(program)
        self._names: dict[Section, str] = {}

    def emit(self, sections: Sequence[Section], chained: Sequence[Section]) -> Iterator[None]:
        """Write the sections, and the function that runs them; one at each turn.

        Args:
            sections: All kernels.
            chained: The same with chains, for so few threads that each has a stretch of every chain.
        """
        for number, section in enumerate(dict.fromkeys((*sections, *chained))):
            self._names[section] = f"section{number}"
            self._emit_section(self._names[section], section)
            yield
        f = Function(self._module, "run", [("ptr", "")], "i64", linkage="")
        (block,) = f.params
        team, threads = _word(f, block, context.TEAM, "ptr"), _word(f, block, context.THREADS, "i64")
        repeat = _word(f, block, context.REPEAT, "i64")
        table, count = self._emit_table("sections", sections), i64(len(sections))
        chains = [section.chain for section in chained if section.chain is not None]
        if chains:
            few = f.compare("sle", threads, i64(min(chain.stretches for chain in chains)))
            table = f.select(few, self._emit_table("chained", chained), table)
            count = f.select(few, i64(len(chained)), count)
        step, again, stop, entry = f.label("step"), f.label("again"), f.label("stop"), f.block
        turn, after = f.label("turn"), f.label("after")
        f.jump(step)
        f.enter(step)
        done, following = V("%steps", "i64"), V("%following", "i64")
        f.line(f"{done.text} = phi i64 [ 0, %{entry} ], [ {following.text}, %{turn} ]")
        if self._layout.timed:
            f.store(self._now(f), _at(f, block, self._layout.clock))
            for number, section in enumerate(sections):
                f.call_void("together", team, f.at(table, "i8", i64(number * ENTRY)), i64(1), block, threads)
                self._emit_tick(f, block, section.stages[0].kernel)
        else:
            f.call_void("together", team, table, count, block, threads)
        f.branch(self._faulted(f, block, self._faulting), stop, again)
        f.enter(again)
        f.line(f"{following.text} = add {done}, 1")
        f.branch(f.compare("slt", following, repeat), turn, after)
        f.enter(turn)
        if self._program.streams:
            turn_at = _at(f, block, context.TURN)
            f.store(f.add(f.load("i64", turn_at), i64(1)), turn_at)
        f.jump(step)
        f.enter(stop)
        f.line(f"ret {done}")
        f.enter(after)
        f.finish(following)
        yield

    def _emit_table(self, name: str, sections: Sequence[Section]) -> V:
        """A table of sections: their functions, and how many threads may take part."""
        entries = [f"{{ptr, i64}} {{ptr @{self._names[each]}, i64 {each.threads}}}" for each in sections]
        self._module.add(f"@{name} = private constant [{len(entries)} x {{ptr, i64}}] [{', '.join(entries)}]")
        return V(f"@{name}", "ptr")

    def _emit_tick(self, f: Function, block: V, kernel: int) -> None:
        """Add the time since the last tick to a kernel's."""
        clock, spent = _at(f, block, self._layout.clock), _at(f, block, self._layout.clock + 1 + kernel)
        now = self._now(f)
        f.store(f.add(f.load("i64", spent), f.sub(now, f.load("i64", clock))), spent)
        f.store(now, clock)

    def _now(self, f: Function) -> V:
        """A clock of the processor; its unit does not matter."""
        name = "llvm.readcyclecounter" if self._target.triple.startswith("x86_64") else "llvm.readsteadycounter"
        self._module.declare(name, "i64", [])
        return f.call(name, "i64")

    def _emit_section(self, name: str, section: Section) -> None:
        """`void section(context, share, shares)`: a share of each of its kernels."""
        f = Function(self._module, name, [("ptr", ""), ("i64", ""), ("i64", "")])
        block, share, shares = f.params
        scratch = _word(f, block, context.SCRATCH, "ptr")
        scratch = f.at(scratch, "i8", f.mul(share, i64(self._layout.scratch)))
        arena = _word(f, block, context.ARENA, "ptr")
        if section.chain is not None:
            with f.loop(*_share(f, i64(section.chain.stretches), share, shares), unroll=False) as stretches:
                self._emit_stretch(f, block, arena, section.chain, stretches.index, scratch)
            f.finish()
            return
        for stage in section.stages:
            units = i64(self._codes[stage.kernel].units)
            with ExitStack() as conditions:
                if stage.shared:
                    begin, end = _share(f, units, share, shares)
                    conditions.enter_context(f.when(f.compare("slt", begin, end)))
                else:
                    begin, end = i64(0), units
                    if section.threads > 1:
                        conditions.enter_context(f.when(f.compare("eq", share, i64(0))))
                if stage.guards:
                    clear = f.binary("xor", self._faulted(f, block, stage.guards), V("true", "i1"))
                    conditions.enter_context(f.when(clear))
                used = buffers(self._program.kernels[stage.kernel])
                addresses = [self._address(f, block, arena, each) for each in used]
                fault = _at(f, block, context.FAULTS + stage.kernel)
                f.call_void(self._codes[stage.kernel].function, *addresses, begin, end, scratch, fault)
        f.finish()

    def _emit_stretch(self, f: Function, block: V, arena: V, chain: Chain, stretch: V, scratch: V) -> None:
        """All kernels of a chain, for a stretch of the batch."""
        codes = self._codes[chain.first : chain.stop]
        room, within = own_scratch(codes), dict[Buffer, V]()
        for buffer in sorted(chain.within, key=lambda each: each.number):
            # Kernels count from where the whole array would start.
            size = buffer.bytes // chain.stretches
            before = f.binary("sub", i64(room), f.mul(stretch, i64(size)))
            within[buffer] = f.value(f"getelementptr i8, {scratch}, {before}", "ptr")
            room += stretch_room(buffer, chain)
        for number, code in enumerate(codes, start=chain.first):
            each = i64(code.units // chain.stretches)
            begin = f.mul(stretch, each)
            addresses = [
                within[buffer] if buffer in within else self._address(f, block, arena, buffer)
                for buffer in buffers(self._program.kernels[number])
            ]
            fault = _at(f, block, context.FAULTS + number)
            f.call_void(code.function, *addresses, begin, f.add(begin, each), scratch, fault)

    def _address(self, f: Function, block: V, arena: V, buffer: Buffer) -> V:
        """Where a buffer starts."""
        if buffer.place == "arena":
            return f.at(arena, "i8", i64(self._program.offsets[buffer.number]))
        if buffer.place == "constant":
            return f.at(_word(f, block, context.CONSTANTS, "ptr"), "i8", i64(self._constants[buffer.number]))
        first = self._layout.addresses + (self._layout.inputs if buffer.place == "result" else 0)
        start = _word(f, block, first + buffer.number, "ptr")
        streams = self._program.streams
        if buffer in streams or (streams and buffer.place == "result"):
            return f.at(start, "i8", f.mul(_word(f, block, context.TURN, "i64"), i64(buffer.bytes)))
        return start

    def _faulted(self, f: Function, block: V, kernels: Sequence[int]) -> V:
        """Whether one of the kernels has met bad data."""
        words = i64(0)
        for number in kernels:
            words = f.binary("or", words, _word(f, block, context.FAULTS + number, "i64"))
        return f.compare("ne", words, i64(0))


def own_scratch(codes: Iterable[KernelCode]) -> int:
    """How many bytes of scratch memory kernels need, one after another, in whole lines."""
    return context.aligned(max((code.scratch for code in codes), default=0))


def stretch_room(buffer: Buffer, chain: Chain) -> int:
    """How many bytes a stretch of an array within a chain gets; vectors may look beyond its end."""
    return context.aligned(buffer.bytes // chain.stretches) + _BEYOND


def scratch_of(codes: Sequence[KernelCode], chains: Iterable[Chain]) -> int:
    """How many bytes of scratch memory a thread needs for all kernels, and for what is within chains."""
    within = [
        own_scratch(codes[chain.first : chain.stop]) + sum(stretch_room(buffer, chain) for buffer in chain.within)
        for chain in chains
    ]
    return max([own_scratch(codes), *within])


def constant_offsets(program: Program) -> list[int]:
    """Where each constant starts in the block of constants; and after them, where the block ends."""
    return [0, *accumulate(context.aligned(array.nbytes) for array in program.constants)]


def _share(f: Function, count: V, share: V, shares: V) -> tuple[V, V]:
    """From where to where a share of so many pieces goes."""
    begin = f.binary("udiv", f.mul(share, count), shares)
    return begin, f.binary("udiv", f.mul(f.add(share, i64(1)), count), shares)


def _at(f: Function, block: V, number: int) -> V:
    """The address of a word of a context."""
    return f.at(block, "i64", i64(number))


def _word(f: Function, block: V, number: int, type: str) -> V:
    """A word of a context."""
    return f.load(type, _at(f, block, number), align=8)
