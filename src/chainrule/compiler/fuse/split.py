"""Long reductions in two steps, so that several threads can share them: sums of parts, then the sum of the sums.

A reduction is divided among threads by what it keeps. One that keeps little of much would run on one thread alone; so
a leading part of the dimension is kept at first. The parts depend on the shape only, never on the number of threads.
"""

from __future__ import annotations

import math

from chainrule.core.primitive import Primitive
from chainrule.graph import Apply, Graph, Value
from chainrule.graph.rewrite import rewrite
from chainrule.ops.movement import RESHAPE

# Below this many elements a second step costs more than it saves.
_LONG = 32_768
# So many results keep all threads busy without splitting.
_MANY = 64


def split(graph: Graph) -> Graph:
    """The graph with its long reductions in two steps."""
    return rewrite(graph, _in_two)


def _in_two(value: Apply) -> Value:
    if value.primitive.name not in ("sum", "amax", "amin"):
        return value
    (source,) = value.inputs
    dims = sorted(value.params["dims"])
    reduced = math.prod(source.shape[dim] for dim in dims)
    kept = math.prod(source.shape) // max(reduced, 1)
    if reduced < _LONG or kept >= _MANY:
        return value
    first = next(dim for dim in dims if source.shape[dim] > 1)
    parts = _parts(source.shape[first])
    if parts == 1:
        return value
    shape = (*source.shape[:first], parts, source.shape[first] // parts, *source.shape[first + 1 :])
    within = tuple(dim + 1 for dim in dims if dim >= first)
    before = tuple(dim for dim in dims if dim < first)
    halves = _apply(RESHAPE, source, value, shape=shape)
    partial = _apply(value.primitive, halves, value, dims=(*before, *within))
    return _apply(value.primitive, partial, value, dims=(first - len(before),))


def _parts(length: int) -> int:
    """Into how many equal parts a dimension is cut: a divisor near 64, 1 if there is none."""
    divisors = [count for count in range(16, 257) if length % count == 0]
    return min(divisors, key=lambda count: abs(count - _MANY), default=1)


def _apply(primitive: Primitive, source: Value, like: Apply, **params: object) -> Apply:
    spec = primitive.infer(source.spec, **params)
    return Apply(spec.shape, spec.dtype, primitive, (source,), params, like.note)
