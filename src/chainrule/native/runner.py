"""What runs a step: native code that goes through a program's tables, section by section and kernel by kernel.

It is the same for all programs but for a few numbers.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from chainrule.native import layout as context
from chainrule.native import tables
from chainrule.native.emit import Function, Loop, Module, V, i64
from chainrule.native.layout import Layout
from chainrule.native.target import Target
from chainrule.native.team import SECTION_WORDS


class Runner:
    """Writes `i64 run(ptr context)` to a module: as many steps as the context says; how many were done without fault.

    Args:
        module: Which already has `@together`, and the tables (`native/tables.py`).
        layout: Of the context.
        target: The processor.
    """

    def __init__(self, module: Module, layout: Layout, target: Target) -> None:
        self._module = module
        self._layout = layout
        self._target = target

    def emit(self, sections: int, chained: int, stretches: int, faulting: int) -> None:
        """Write it.

        Args:
            sections: How many sections the table `@sections` has.
            chained: How many `@chained` has, which is taken instead where it can be.
            stretches: For up to how many threads that is; 0 for never.
            faulting: How many kernels may meet bad data.
        """
        self._emit_find()
        self._emit_faulted()
        self._emit_section()
        self._emit_chain()
        f = Function(self._module, "run", [("ptr", "")], "i64", linkage="")
        (block,) = f.params
        team, threads = _word(f, block, context.TEAM, "ptr"), _word(f, block, context.THREADS)
        repeat = _word(f, block, context.REPEAT)
        few = f.compare("sle", threads, i64(stretches))
        table = f.select(few, V("@chained", "ptr"), V("@sections", "ptr"))
        count = f.select(few, i64(chained), i64(sections))
        places = _at(f, block, self._layout.places)
        with f.repeat([i64(0)]) as steps:
            (done,) = steps.carried
            turn = _word(f, block, context.TURN)
            f.call_void("find", block, i64(0), i64(self._layout.arrays), turn, V("null", "ptr"), places)
            if self._layout.timed:
                self._emit_timed(f, block, team, threads, table, count)
            else:
                f.call_void("together", team, table, count, block, threads)
            clear = f.compare("eq", f.call("faulted", "i64", block, i64(faulting)), i64(0))
            done = f.add(done, f.convert("zext", clear, "i64"))
            again = f.binary("and", clear, f.compare("slt", done, repeat))
            # Only where another step follows is there a next array of each stream.
            with f.when(again):
                f.store(f.add(turn, i64(1)), _at(f, block, context.TURN))
            steps.next([done], again)
        f.finish(steps.results[0])

    def _emit_timed(self, f: Function, block: V, team: V, threads: V, table: V, count: V) -> None:
        """Sections of a kernel each, one by one, with a clock of the processor, whose unit does not matter."""
        name = "llvm.readcyclecounter" if self._target.triple.startswith("x86_64") else "llvm.readsteadycounter"
        self._module.declare(name, "i64", [])
        with f.loop(i64(0), count, carried=[f.call(name, "i64")], unroll=False) as loop:
            section = f.at(table, "i64", f.mul(loop.index, i64(SECTION_WORDS)))
            f.call_void("together", team, section, i64(1), block, threads)
            stage = _stage(f, _word(f, section, tables.FIRST_STAGE))
            spent = f.at(_at(f, block, self._layout.spent), "i64", _word(f, stage, tables.NUMBER))
            now = f.call(name, "i64")
            f.store(f.add(f.load("i64", spent), f.sub(now, loop.carried[0])), spent)
            loop.next([now])

    def _emit_find(self) -> None:
        """`find(context, first, end, turn, scratch, to)`: write where arrays are, by the records of their places."""
        params = "ptr", "i64", "i64", "i64", "ptr", "ptr"
        f = Function(self._module, "find", [(each, "") for each in params])
        block, first, end, turn, scratch, to = f.params
        with f.loop(first, end, unroll=False) as loop:
            place = f.at(V("@places", "ptr"), "i64", f.mul(loop.index, i64(tables.PLACE_WORDS)))
            word, bytes, each = (f.load("i64", _at(f, place, i)) for i in range(tables.PLACE_WORDS))
            own = f.compare("slt", word, i64(0))
            start = f.load("ptr", f.at(block, "i64", f.select(own, i64(0), word)))
            start = f.select(own, scratch, start)
            further = f.add(bytes, f.mul(turn, each))
            address = f.value(f"getelementptr i8, {start}, {further}", "ptr")
            target = f.at(to, "ptr", f.sub(loop.index, first))
            # Lines that are not written to stay with the threads that have read them.
            with f.when(f.compare("ne", f.load("ptr", target), address)):
                f.store(address, target, align=8)
        f.finish()

    def _emit_faulted(self) -> None:
        """`faulted(context, count)`: other than 0 if one of the first so many kernels that may has met bad data."""
        f = Function(self._module, "faulted", [("ptr", ""), ("i64", "")], "i64")
        block, count = f.params
        with f.loop(i64(0), count, carried=[i64(0)], unroll=False) as loop:
            number = f.load("i64", f.at(V("@faulting", "ptr"), "i64", loop.index))
            word = f.load("i64", f.at(_at(f, block, context.FAULTS), "i64", number))
            loop.next([f.binary("or", loop.carried[0], word)])
        f.finish(loop.results[0])

    def _emit_section(self) -> None:
        """`section(context, section, share, shares)`: a share of each of its kernels."""
        f, block, section, share, shares = self._begin(tables.SECTION)
        scratch = self._own_scratch(f, block, share)
        with self._stages(f, section) as loop:
            stage = _stage(f, loop.index)
            units, shared = _word(f, stage, tables.UNITS), f.compare("ne", _word(f, stage, tables.SHARED), i64(0))
            begin, end = _share(f, units, share, shares)
            # What is not worth sharing does the first one alone.
            whole = f.select(f.compare("eq", share, i64(0)), units, i64(0))
            begin, end = f.select(shared, begin, i64(0)), f.select(shared, end, whole)
            with f.when(f.compare("slt", begin, end)):
                bad = f.call("faulted", "i64", block, _word(f, stage, tables.GUARDS))
                with f.when(f.compare("eq", bad, i64(0))):
                    places = _at(f, block, self._layout.places)
                    arrays = f.at(places, "i64", _word(f, stage, tables.FIRST_PLACE))
                    self._call(f, block, stage, arrays, begin, end, scratch)
        f.finish()

    def _emit_chain(self) -> None:
        """`chain(context, section, share, shares)`: a share of its stretches, in each all kernels one after another."""
        f, block, section, share, shares = self._begin(tables.CHAIN)
        scratch = self._own_scratch(f, block, share)
        arrays = f.at(scratch, "i8", i64(self._layout.scratch - 8 * self._layout.chained_arrays))
        with f.loop(*_share(f, _word(f, section, tables.STRETCHES), share, shares), unroll=False) as stretches:
            stretch = stretches.index
            with self._stages(f, section) as loop:
                stage = _stage(f, loop.index)
                first, end = _word(f, stage, tables.FIRST_PLACE), _word(f, stage, tables.END_PLACE)
                f.call_void("find", block, first, end, stretch, scratch, arrays)
                units = _word(f, stage, tables.UNITS)
                begin = f.mul(stretch, units)
                self._call(f, block, stage, arrays, begin, f.add(begin, units), scratch)
        f.finish()

    def _begin(self, name: str) -> tuple[Function, V, V, V, V]:
        """A function of (context, section, share, shares)."""
        f = Function(self._module, name, [("ptr", ""), ("ptr", ""), ("i64", ""), ("i64", "")])
        block, section, share, shares = f.params
        return f, block, section, share, shares

    def _own_scratch(self, f: Function, block: V, share: V) -> V:
        """The scratch memory of whoever does a share."""
        return f.at(_word(f, block, context.SCRATCH, "ptr"), "i8", f.mul(share, i64(self._layout.scratch)))

    def _stages(self, f: Function, section: V) -> AbstractContextManager[Loop]:
        """A loop over the stages of a section."""
        first, end = _word(f, section, tables.FIRST_STAGE), _word(f, section, tables.END_STAGE)
        return f.loop(first, end, unroll=False)

    def _call(self, f: Function, block: V, stage: V, arrays: V, begin: V, end: V, scratch: V) -> None:
        """Have a stage's kernel do some units."""
        kernel = _word(f, stage, tables.KERNEL, "ptr")
        fault = f.at(_at(f, block, context.FAULTS), "i64", _word(f, stage, tables.NUMBER))
        f.line(f"call void {kernel.text}({', '.join(map(str, (arrays, begin, end, scratch, fault)))})")


def _share(f: Function, count: V, share: V, shares: V) -> tuple[V, V]:
    """From where to where a share of so many pieces goes."""
    begin = f.binary("udiv", f.mul(share, count), shares)
    return begin, f.binary("udiv", f.mul(f.add(share, i64(1)), count), shares)


def _stage(f: Function, number: V) -> V:
    """The record of a stage."""
    return f.at(V("@stages", "ptr"), "i64", f.mul(number, i64(tables.STAGE_WORDS)))


def _at(f: Function, block: V, number: int) -> V:
    """The address of a word of a context, or of a record."""
    return f.at(block, "i64", i64(number))


def _word(f: Function, block: V, number: int, type: str = "i64") -> V:
    """A word of a context, or of a record."""
    return f.load(type, _at(f, block, number), align=8)
