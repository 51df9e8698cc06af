"""Tensors without elements, and reductions of nothing: known without computing, so no kernel has to think of them."""

from __future__ import annotations

import math

import numpy as np

from chainrule.compiler.fuse.kinds import is_contraction, is_reduction, reduced_dims
from chainrule.graph import Apply, Constant, Graph, Value
from chainrule.graph.rewrite import rewrite
from chainrule.ops.movement import RESHAPE


def without_empty(graph: Graph) -> Graph:
    """The graph in which every product and reduction that is computed has something to go over."""
    return rewrite(graph, _known)


def _known(value: Apply) -> Value:
    empty = any(not math.prod(source.shape) for source in value.inputs)
    if not math.prod(value.shape) or (empty and (is_contraction(value) or value.primitive.name == "sum")):
        return _zeros(value)
    if is_reduction(value):
        (source,) = value.inputs
        if math.prod(source.shape[dim] for dim in reduced_dims(value)) == 1:
            # The extreme of one element is the element, and stands at position 0.
            if value.primitive.name in ("argmax", "argmin"):
                return _zeros(value)
            return Apply(value.shape, value.dtype, RESHAPE, (source,), {"shape": value.shape}, value.note)
    return value


def _zeros(value: Apply) -> Constant:
    return Constant.of(np.zeros(value.shape, value.dtype))
