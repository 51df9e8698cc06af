"""What runs a graph as machine code.

The compiler is imported where it is needed: a program that is on disk, and meets no bad data, needs none.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chainrule.errors import ChainruleError
from chainrule.graph import Graph
from chainrule.graph.fingerprint import fingerprint

if TYPE_CHECKING:
    from chainrule.compiler.kernel import Program
    from chainrule.native.executable import Executable, ProgramFault


def native(graph: Graph) -> Executable:
    """A graph as a native program.

    Its `run` raises IndexingError, ClassIndexError or ArgumentError for data that a kernel cannot take.
    """
    from chainrule.native.executable import build

    return build(partial(_compiled, graph), fingerprint(graph), explain=_explained)


def _compiled(graph: Graph) -> Program:
    from chainrule.compiler import compile_graph

    return compile_graph(graph)


def _explained(fault: ProgramFault) -> ChainruleError:
    from chainrule.jit.faults import error_of

    return error_of(fault)
