"""The traced program: what a function computes, as a graph of primitives without values."""

from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Apply, Constant, Graph, Input, Note, Value, topological

__all__ = ["Apply", "Constant", "Graph", "Input", "Note", "Value", "evaluate", "topological"]
