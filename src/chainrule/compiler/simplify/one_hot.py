"""The gradient of picking one element a row: a comparison with the column's number, in place of a scatter.

So the backward pass of cross entropy is one pass over the rows. A scatter reports an index that is out of range, and a
comparison does not; so its index must be that of a gather, which reports the same.

What `argmax` has found among a few elements is chosen by comparisons as well: the largest of a window then comes with
its number, in one pass. Where only the largest is asked for, as in pooling without a backward pass, it is just that.
"""

from __future__ import annotations

import numpy as np

from chainrule.compiler.simplify.reductions import with_sum_of_zero
from chainrule.compiler.simplify.rules import instead, is_apply, number_like, reshaped, stretched
from chainrule.graph import Apply, Constant, Graph, Value, inputs_of, rewire, rewrite
from chainrule.ops.compare import EQ
from chainrule.ops.elementwise import WHERE
from chainrule.ops.index import GATHER, SCATTER_ADD
from chainrule.ops.movement import RESHAPE, SLICE
from chainrule.ops.reduce import AMAX, AMIN, ARGMAX, ARGMIN, SUM

# So many comparisons cost less than a look-up: windows of up to 3 x 3.
_FEW = 9


def compare_columns(graph: Graph) -> Graph:
    """Scatters of one element a row become choices; their sum over the row is the element."""
    if not {GATHER, SCATTER_ADD} <= graph.primitives:
        return graph
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


def only_the_largest(graph: Graph) -> Graph:
    """What is looked up where `argmax` found it is the largest, if nobody else asks for its place; so for `argmin`.

    Of zeros of both signs, which tie, it may be either.
    """
    if not _looks_up_found(graph):
        return graph
    readers: dict[Value, list[Value]] = {value: [] for value in graph.order()}
    for value in graph.order():
        for each in inputs_of(value):
            readers[each].append(value)
    largest: dict[Value, Value] = {}
    for value in graph.order():
        if is_apply(value, GATHER) and (found := _found(value)) is not None:
            way = dict.fromkeys((value.inputs[1], found))
            if not any(len(readers[each]) > 1 or each in graph.outputs for each in way):
                extreme = AMAX if found.primitive is ARGMAX else AMIN
                alone = instead(value, extreme, value.inputs[0], dims=(value.params["axis"],))
                largest[value] = reshaped(value, alone, value.shape)
    changed = {reader: reader.inputs for each in largest for reader in readers[each] if isinstance(reader, Apply)}
    return rewire(graph, {reader: tuple(largest.get(x, x) for x in inputs) for reader, inputs in changed.items()})


def choose_found(graph: Graph) -> Graph:
    """What is looked up where `argmax` or `argmin` found it among a few elements is chosen from them."""
    if not _looks_up_found(graph):
        return graph

    def rule(value: Apply) -> Value:
        few = value.primitive is GATHER and value.inputs[0].shape[value.params["axis"]] <= _FEW
        return _chosen(value) if few and _found(value) is not None else value

    return rewrite(graph, rule)


def _looks_up_found(graph: Graph) -> bool:
    """Whether there may be anything that is looked up where `argmax` or `argmin` found it."""
    return GATHER in graph.primitives and not graph.primitives.isdisjoint((ARGMAX, ARGMIN))


def _found(gather: Apply) -> Apply | None:
    """The `argmax` or `argmin` that found the index among the elements of the same rows, if one did."""
    (x, index), axis = gather.inputs, gather.params["axis"]
    if is_apply(index, RESHAPE):
        (index,) = index.inputs
    if not (is_apply(index, ARGMAX) or is_apply(index, ARGMIN)) or index.inputs[0] is not x:
        return None
    return index if index.params["dim"] == axis and gather.shape[axis] == 1 else None


def _chosen(gather: Apply) -> Value:
    """`where(index == 0, first, where(index == 1, second, ... last))`."""
    (x, index), axis = gather.inputs, gather.params["axis"]
    *others, chosen = (_part(gather, x, axis, number) for number in range(x.shape[axis]))
    for number, part in reversed(list(enumerate(others))):
        here = instead(gather, EQ, index, stretched(gather, number_like(index, number), index.shape))
        chosen = instead(gather, WHERE, here, part, chosen)
    return chosen


def _part(gather: Apply, x: Value, axis: int, number: int) -> Value:
    """One element of each row."""
    start, stop = [0] * len(x.shape), list(x.shape)
    start[axis], stop[axis] = number, number + 1
    return instead(gather, SLICE, x, start=tuple(start), stop=tuple(stop), step=(1,) * len(x.shape))


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
