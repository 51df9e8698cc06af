"""The stages between a function and machine code, to be looked at: graph, kernels, LLVM, assembly."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.node import Handle
from chainrule.core.table import quantity
from chainrule.errors import UnknownNameError
from chainrule.graph import Graph
from chainrule.graph.text import text as graph_text
from chainrule.jit.recorder import Argument, Gradient, Place
from chainrule.jit.trace import Trace

if TYPE_CHECKING:
    from chainrule.compiler.cost import Cost
    from chainrule.compiler.kernel import Program
    from chainrule.compiler.memory_use import MemoryUse

STAGES = ("graph", "kernels", "llvm", "asm")


@dataclass(frozen=True)
class Lowered:
    """A function that was traced for some arguments, with all that becomes of it on the way to machine code.

    `Jitted.lower` makes it. Nothing runs and nothing of the user's changes; each stage is worked out when it is first
    asked for.

    Attributes:
        name: The function's name.
        trace: What the function does.
        leaves: The tensors and other values that it was traced for.

    >>> model = cr.nn.Sequential({"hidden": cr.nn.Linear(4, 3), "act": cr.nn.ReLU()})
    >>> lowered = cr.jit(model.forward).lower(cr.zeros(2, 4))
    >>> print(lowered.text("kernels"))
    kernel 0: hidden.forward.matmul+add+relu
    ...
    >>> print(lowered.cost())
    kernel                          layer   phase    FLOPs  bytes read  written
    hidden.forward.matmul+add+relu  hidden  forward     66          92       24
    in all 66 FLOP, 116 B moved
    """

    name: str
    trace: Trace = field(repr=False)
    leaves: list[Any] = field(repr=False)

    @property
    def graph(self) -> Graph:
        """What the function computes, operation by operation, as it was traced."""
        return self.trace.graph

    @cached_property
    def program(self) -> Program:
        """The kernels that compute it, in order, with their memory."""
        # Imported where it is needed: a function that is found compiled on disk needs no compiler.
        from chainrule.compiler import compile_graph

        return compile_graph(self.graph)

    def text(self, stage: str = "graph", kernel: str | None = None) -> str:
        """The program as text.

        Args:
            stage: `graph` (each operation with its layer and line), `kernels` (each with its loops and what is done in
                them), `llvm`, or `asm` (the assembly for this processor).
            kernel: Show only the kernels whose name contains this, or that come from this line (`train.py:12`); of the
                graph, the operations from the places that those come from.

        Raises:
            UnknownNameError: If there is no such stage or kernel.
        """
        if stage not in STAGES:
            raise UnknownNameError("stage", stage, STAGES)
        numbers = None if kernel is None else self._find(kernel)
        if stage == "graph":
            chosen = None if numbers is None else {note for n in numbers for note in self.program.kernels[n].notes}
            return graph_text(self.graph, chosen)
        if stage == "kernels":
            from chainrule.compiler.text import text

            return text(self.program, numbers)
        from chainrule.native.listing import Language, kernel_listing, program_listing
        from chainrule.native.target import host

        if not self.program.kernels:
            return ""
        language: Language = "llvm" if stage == "llvm" else "asm"
        if numbers is None:
            return program_listing(self.program, language, host())
        return kernel_listing(self.program, numbers, language, host())

    def cost(self) -> Cost:
        """The operations and the bytes moved: of each kernel, of each layer, and in all."""
        from chainrule.compiler.cost import cost_of

        return cost_of(self.program)

    def memory(self) -> MemoryUse:
        """The memory: of arguments, state, constants, results and of what lies between, buffer by buffer."""
        from chainrule.compiler.memory_use import memory_use

        arguments = {number for number, place in enumerate(self.trace.places) if isinstance(place, Argument)}
        return memory_use(self.program, arguments)

    def inputs(self) -> list[np.ndarray]:
        """What a call would find now: a copy of each of the graph's inputs, in order."""
        found = zip(self.trace.places, self.graph.inputs, strict=True)
        return [np.array(_held(place, self.leaves), given.dtype).reshape(given.shape) for place, given in found]

    def _find(self, part: str) -> list[int]:
        """The numbers of the kernels whose name contains `part`, or that come from this line."""
        kernels = self.program.kernels
        found = [
            number
            for number, kernel in enumerate(kernels)
            if part in kernel.name or any(part == note.line for note in kernel.notes)
        ]
        if not found:
            raise UnknownNameError("kernel", part, [kernel.name for kernel in kernels])
        return found

    def __str__(self) -> str:
        cost, memory = self.cost(), self.memory()
        count = len(cost.kernels)
        made = f"{len(self.graph.order())} values in {count} kernel{'s' if count != 1 else ''}"
        moved, room = quantity(cost.bytes, "B"), quantity(memory.total, "B")
        return f"{self.name}: {made}, {quantity(cost.flops, 'FLOP')}, {moved} moved, {room} of memory"


def _held(place: Place, leaves: list[Any]) -> np.ndarray:
    """The value at a place; zeros for a gradient that is not there yet."""
    if isinstance(place, Gradient):
        owner = place.of
        handle = leaves[owner.index] if isinstance(owner, Argument) else owner.handle
        grad = handle.grad
        return np.zeros(handle.node.shape) if grad is None else grad.node.read()
    held = leaves[place.index] if isinstance(place, Argument) else place.handle
    return held.node.read() if isinstance(held, Handle) else held
