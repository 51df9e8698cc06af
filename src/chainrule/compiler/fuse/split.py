"""Long reductions in two steps, so that several threads can share them: sums of parts, then the sum of the sums.

A reduction is divided among threads by what it keeps. One that keeps little of much would run on one thread alone; so
a leading part of the dimension is kept at first. The gradient to the weight of a convolution sums over the batch: a
thread that has some of the pictures goes over them once, for the whole weight, while they are in its cache. The parts
depend on the shape only, never on the number of threads.
"""

from __future__ import annotations

import math

from chainrule.core.primitive import Primitive
from chainrule.graph import Apply, Graph, Value
from chainrule.graph.rewrite import rewrite
from chainrule.ops.movement import PERMUTE, RESHAPE
from chainrule.ops.reduce import SUM

# Below this many elements a second step costs more than it saves.
_LONG = 32_768
# So many results keep all threads busy without splitting.
_MANY = 64
# Sums of columns read a few columns of all rows, then the next few. Where there are more rows than these, of more
# elements than these, parts of the rows stay in a cache until all columns are done.
_ROWS, _ELEMENTS = 2_048, 1 << 18


# A product is divided among threads by its results too. One that sums over so many steps, and makes at most so many
# results, is cut along its sums.
_STEPS, _RESULTS = 4_096, 1 << 17
# Parts of a batch that keep two to four threads evenly busy; and the positions in all its pictures that a part needs
# at least, for its sums to be little work beside them.
_PICTURES, _POSITIONS = 8, 1024


def split(graph: Graph) -> Graph:
    """The graph with its long reductions in two steps."""
    return rewrite(graph, _in_two)


def _in_two(value: Apply) -> Value:
    if value.primitive.name in ("sum", "amax", "amin"):
        return _reduction(value)
    if value.primitive.name == "matmul":
        return _product(value)
    return _weight_gradient(value) if value.primitive.name == "convolution_weight" else value


def _product(value: Apply) -> Value:
    """A product of two matrices, of few results, as a sum of products."""
    a, b = value.inputs
    steps = a.shape[-1]
    if len(value.shape) != 2 or steps < _STEPS or math.prod(value.shape) > _RESULTS:
        return value
    parts = _count(steps, steps // _POSITIONS)
    if parts == 1:
        return value
    rows = _apply(RESHAPE, (a,), value, shape=(value.shape[0], parts, steps // parts))
    rows = _apply(PERMUTE, (rows,), value, dims=(1, 0, 2))
    columns = _apply(RESHAPE, (b,), value, shape=(parts, steps // parts, value.shape[1]))
    return _apply(SUM, (_apply(value.primitive, (rows, columns), value),), value, dims=(0,))


def _weight_gradient(value: Apply) -> Value:
    """The gradient to a weight as a sum over parts of the batch."""
    batch, *positions, _ = value.inputs[1].shape
    parts = _count(batch, batch * math.prod(positions) // _POSITIONS)
    if parts == 1:
        return value
    each = _apply(value.primitive, value.inputs, value, **value.params, parts=parts)
    return _apply(SUM, (each,), value, dims=(0,))


def _reduction(value: Apply) -> Value:
    (source,) = value.inputs
    dims = sorted(value.params["dims"])
    reduced = math.prod(source.shape[dim] for dim in dims)
    kept = math.prod(source.shape) // max(reduced, 1)
    far = len(source.shape) - 1 not in dims and reduced >= _ROWS and reduced * kept >= _ELEMENTS
    if not far and (reduced < _LONG or kept >= _MANY):
        return value
    first = next(dim for dim in dims if source.shape[dim] > 1)
    parts = _parts(source.shape[first])
    if parts == 1:
        return value
    shape = (*source.shape[:first], parts, source.shape[first] // parts, *source.shape[first + 1 :])
    within = tuple(dim + 1 for dim in dims if dim >= first)
    before = tuple(dim for dim in dims if dim < first)
    halves = _apply(RESHAPE, (source,), value, shape=shape)
    partial = _apply(value.primitive, (halves,), value, dims=(*before, *within))
    return _apply(value.primitive, (partial,), value, dims=(first - len(before),))


def _count(length: int, most: int) -> int:
    """Into how many equal parts a sum of products is cut, at most so many."""
    return max((count for count in range(1, min(_PICTURES, most) + 1) if length % count == 0), default=1)


def _parts(length: int) -> int:
    """Into how many equal parts a dimension is cut: a divisor near 64, 1 if there is none."""
    divisors = [count for count in range(16, 257) if length % count == 0]
    return min(divisors, key=lambda count: abs(count - _MANY), default=1)


def _apply(primitive: Primitive, inputs: tuple[Value, ...], like: Apply, **params: object) -> Apply:
    spec = primitive.infer(*[source.spec for source in inputs], **params)
    return Apply(spec.shape, spec.dtype, primitive, inputs, params, like.note)
