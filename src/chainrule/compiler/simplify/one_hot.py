"""The gradient of picking one element a row: a comparison with the column's number, in place of a scatter.

So the backward pass of cross entropy is one pass over the rows. A scatter reports an index that is out of range, and a
comparison does not; so its index must be that of a gather, which reports the same.
"""

from __future__ import annotations

import numpy as np

from chainrule.compiler.simplify.reductions import with_sum_of_zero
from chainrule.compiler.simplify.rules import instead, is_apply, number_like, reshaped, stretched
from chainrule.graph import Apply, Constant, Graph, Value, rewrite
from chainrule.ops.compare import EQ
from chainrule.ops.elementwise import WHERE
from chainrule.ops.index import GATHER, SCATTER_ADD
from chainrule.ops.reduce import SUM


def compare_columns(graph: Graph) -> Graph:
    """Scatters of one element a row become choices; their sum over the row is the element."""
    checked = {
        (value.inputs[1], value.params["axis"], value.inputs[0].shape[value.params["axis"]])
        for value in graph.order()
        if is_apply(value, GATHER)
    }

    def single(value: Value) -> bool:
        if not is_apply(value, SCATTER_ADD):
            return False
        index, axis = value.inputs[1], value.params["axis"]
        return index.shape[axis] == 1 and (index, axis, value.params["length"]) in checked

    summed = rewrite(
        graph, lambda value: _element(value) if is_apply(value, SUM) and single(value.inputs[0]) else value
    )
    return rewrite(summed, lambda value: _choice(value) if single(value) else value)


def _element(total: Apply) -> Value:
    """The sum of a scatter along its own axis: the element that was scattered."""
    (scatter,) = total.inputs
    assert isinstance(scatter, Apply)
    if total.params["dims"] != (scatter.params["axis"],):
        return total
    return with_sum_of_zero(total, reshaped(total, scatter.inputs[0], total.shape))


def _choice(scatter: Apply) -> Value:
    """`where(column == index, element, 0)`."""
    element, index = scatter.inputs
    axis = scatter.params["axis"]
    along = [1] * len(scatter.shape)
    along[axis] = scatter.shape[axis]
    columns = Constant.of(np.arange(scatter.shape[axis], dtype=index.dtype).reshape(along))
    column, row, value = (stretched(scatter, each, scatter.shape) for each in (columns, index, element))
    return instead(scatter, WHERE, instead(scatter, EQ, column, row), value, number_like(scatter, 0))
