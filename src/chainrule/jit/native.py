"""What runs a graph as machine code."""

from __future__ import annotations

from functools import partial
from typing import Any

from chainrule.graph import Graph
from chainrule.graph.fingerprint import fingerprint


class Native:
    """A graph as a native program.

    Args:
        graph: What it computes.

    Attributes:
        addresses: See `jit.backend.Executable`.
    """

    def __init__(self, graph: Graph) -> None:
        from chainrule.native.executable import ProgramFault, build

        self._fault = ProgramFault
        # Made by nothing that holds what is made: a program that is dropped gives its memory back at once.
        self.executable = build(partial(_compiled, graph), fingerprint(graph))
        self.addresses: Any = self.executable.addresses
        self._execute = self.executable.run

    def run(self, repeat: int = 1) -> int:
        """Run it so many times.

        Raises:
            IndexingError, ClassIndexError, ArgumentError: For data that a kernel cannot take.
        """
        try:
            return self._execute(repeat)
        except self._fault as fault:
            from chainrule.jit.faults import error_of

            raise error_of(fault) from None


def _compiled(graph: Graph) -> Any:
    # Imported where it is needed: a program that is on disk needs no compiler.
    from chainrule.compiler import compile_graph

    return compile_graph(graph)
