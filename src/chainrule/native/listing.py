"""Programs as a reader of LLVM's language or of assembly sees them: whole, or kernel by kernel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from chainrule.compiler.kernel import Program, buffers
from chainrule.native.machine_code import assembly
from chainrule.native.program import emit_kernel, emit_program
from chainrule.native.target import Target

Language = Literal["llvm", "asm"]

_COMMENT = {"llvm": ";", "asm": "#"}


def program_listing(program: Program, language: Language, target: Target) -> str:
    """A whole program: its kernels, and the step that runs them."""
    module, _ = emit_program(program, target)
    text = str(module)
    return text if language == "llvm" else assembly(text, target)


def kernel_listing(program: Program, numbers: Iterable[int], language: Language, target: Target) -> str:
    """Some kernels of a program; above each its name, where it comes from, and what its function is given."""

    def blocks() -> Iterator[str]:
        for number in numbers:
            kernel = program.kernels[number]
            given = ", ".join(buffer.name for buffer in buffers(kernel))
            head = [
                f"kernel {number}: {kernel.name}",
                *dict.fromkeys(map(str, kernel.notes)),
                f"arguments: the addresses of {given}; first and last unit, scratch memory, fault",
            ]
            text = emit_kernel(program, number, target)
            yield "\n".join(f"{_COMMENT[language]} {line}" for line in head)
            yield text if language == "llvm" else assembly(text, target)

    return "\n".join(blocks())
