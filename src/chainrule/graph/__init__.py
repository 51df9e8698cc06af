"""The traced program: what a function computes, as a graph of primitives without values."""

from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Apply, Constant, Graph, Input, Note, Value, inputs_of, topological
from chainrule.graph.rewrite import rewire, rewrite
from chainrule.graph.text import text
from chainrule.graph.verify import verify

__all__ = [
    "Apply",
    "Constant",
    "Graph",
    "Input",
    "Note",
    "Value",
    "evaluate",
    "inputs_of",
    "rewire",
    "rewrite",
    "text",
    "topological",
    "verify",
]
