"""A program as LLVM text and as machine code: its kernels, each kind by its own emitter, and what runs them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chainrule.compiler.kernel import Contraction, Convolution, Kernel, Loops, Program, Whole, buffers
from chainrule.native import cost
from chainrule.native.cache import Entry
from chainrule.native.contraction import emit_contraction
from chainrule.native.convention import KernelCode
from chainrule.native.emit import Module
from chainrule.native.fingerprint import fingerprint
from chainrule.native.layout import Layout, aligned
from chainrule.native.loops import emit_loops
from chainrule.native.machine_code import compiled_parts
from chainrule.native.runner import Runner
from chainrule.native.step import Section, sections
from chainrule.native.tables import Tables, constant_offsets, scratch_of
from chainrule.native.target import Target
from chainrule.native.team import LINE, caller_text
from chainrule.native.whole import emit_whole

# So many lines make a part, which LLVM takes some 50 ms for: enough to be worth a thread.
_PART = 1500

# What writes a kernel of each kind: (module, kernel, name of its function, target) -> KernelCode.
EMITTERS: dict[type[Kernel], Callable[[Module, Any, str, Target], KernelCode]] = {
    Loops: emit_loops,
    Contraction: emit_contraction,
    Convolution: emit_whole,
    Whole: emit_whole,
}


class ProgramWriter:
    """Writes a program to a module, and the layout of its context.

    There it has one function that can be called: `i64 run(ptr context)`, which does as many steps as the context says
    and returns how many were done without a fault.

    Args:
        program: What to write.
        target: The processor that it is for.
        timed: Whether the step measures the time of each kernel.

    Attributes:
        module: What has been written.
        layout: Known when all is written.
    """

    layout: Layout

    def __init__(self, program: Program, target: Target, *, timed: bool = False) -> None:
        self.module = Module()
        self._program = program
        self._target = target
        self._timed = timed

    def parts(self, lines: int = _PART) -> Iterator[str]:
        """Write it: modules of so many lines or more, each as soon as it is there."""
        for _ in self._functions():
            if self.module.lines >= lines:
                yield self.module.part()
        if self.module.lines:
            yield self.module.part()

    def _functions(self) -> Iterator[None]:
        """All functions, one after another."""
        self.module.add(caller_text(self._target))
        kernels, emitted = _Kernels(self.module, self._target), []
        for kernel in self._program.kernels:
            emitted.append(kernels.emit(kernel))
            yield
        self._write_step([code for code, _ in emitted], [may for _, may in emitted])

    def _write_step(self, codes: list[KernelCode], faulting: list[bool]) -> None:
        """What runs the kernels, and the layout of its context."""
        program, target, timed = self._program, self._target, self._timed
        threads = [
            cost.worthwhile_threads(*pair) for pair in zip(program.kernels, (c.units for c in codes), strict=True)
        ]
        planned = sections(program, threads, faulting)
        chains = [each for each in program.chains if all(code.stretches for code in codes[each.first : each.stop])]
        chained = sections(program, threads, faulting, chains)
        if timed:
            # One by one, and so without chains.
            planned = chained = [Section((stage,)) for section in planned for stage in section.stages]
        in_chains = [kernel for chain in chains for kernel in program.kernels[chain.first : chain.stop]]
        chained_arrays = max((len(buffers(kernel)) for kernel in in_chains), default=0)
        self.layout = Layout(
            kernels=len(codes),
            inputs=len(program.inputs),
            results=len(program.results),
            arrays=sum(len(buffers(kernel)) for kernel in program.kernels),
            chained_arrays=chained_arrays,
            arena=program.arena,
            constants=constant_offsets(program)[-1],
            scratch=aligned(scratch_of(codes, chains) + 8 * chained_arrays, LINE),
            threads=max((section.threads for section in (*planned, *chained)), default=1),
            brief=cost.brief(program.kernels),
            timed=timed,
        )
        numbers = [number for number, may in enumerate(faulting) if may]
        Tables(program, codes, self.layout).write(self.module, numbers, sections=planned, chained=chained)
        stretches = min((chain.stretches for chain in chains), default=0)
        Runner(self.module, self.layout, target).emit(len(planned), len(chained), stretches, len(numbers))


def emit_program(program: Program, target: Target) -> tuple[Module, Layout]:
    """A program as one module, and the layout of its context."""
    writer = ProgramWriter(program, target)
    for _ in writer.parts():
        pass
    return writer.module, writer.layout


def emit_kernel(program: Program, number: int, target: Target) -> str:
    """The text of a kernel by itself: a module of its function and of what that calls."""
    module = Module()
    kernel = program.kernels[number]
    EMITTERS[type(kernel)](module, kernel, _symbol(number, kernel), target)
    return str(module)


def compiled_program(program: Program, target: Target, *, timed: bool = False) -> Entry:
    """A program's machine code with all that is needed to run it. LLVM works on a part while the next is written."""
    writer = ProgramWriter(program, target, timed=timed)
    code = compiled_parts(writer.parts(), target)
    offsets = constant_offsets(program)
    constants = np.zeros(offsets[-1], np.uint8)
    for array, start in zip(program.constants, offsets, strict=False):
        constants[start : start + array.nbytes] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return Entry(code, writer.layout.as_json(), constants.tobytes())


class _Kernels:
    """Writes kernels to a module: those whose code is the same only once."""

    def __init__(self, module: Module, target: Target) -> None:
        self._module = module
        self._target = target
        self._count = 0
        self._known: dict[tuple[object, ...], tuple[KernelCode, bool]] = {}

    def emit(self, kernel: Kernel) -> tuple[KernelCode, bool]:
        """A kernel's function, or that of an earlier kernel with the same code; and whether it may report a fault."""
        number, self._count = self._count, self._count + 1
        known = fingerprint(kernel)
        if known not in self._known:
            code = EMITTERS[type(kernel)](self._module, kernel, _symbol(number, kernel), self._target)
            # The last parameter says where faults go. Besides the signature, it stands where one is reported.
            self._known[known] = code, len(re.findall(r"%p4\b", self._module.last)) > 1
        return self._known[known]


def _symbol(number: int, kernel: Kernel) -> str:
    """The name of a kernel's function."""
    return f"k{number}." + re.sub(r"[^\w.$-]", "_", kernel.name, flags=re.ASCII)
