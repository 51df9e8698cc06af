"""From a graph to a program of kernels, in five steps that read as a list.

1. `simplify`: the same results with less work. First, because everything after it costs time for each value.
2. `split`: long reductions in two steps, so that threads can share them.
3. `clustered`: which values are computed together.
4. `scheduled`: the order, and what can be overwritten in place. Before kernels are made: they name their buffers.
5. Kernels, `chained` and `planned`: what they do, which go through a batch together, and where in memory everything is.
"""

from __future__ import annotations

from chainrule.compiler.fuse import fused
from chainrule.compiler.kernel import Program
from chainrule.compiler.simplify import simplify
from chainrule.graph import Graph

__all__ = ["compile_graph"]


def compile_graph(graph: Graph) -> Program:
    """The program that computes a graph."""
    return fused(simplify(graph))
