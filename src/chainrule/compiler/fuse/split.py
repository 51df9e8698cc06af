"""Long reductions in two steps, so that several threads can share them: sums of parts, then the sum of the sums.

A reduction is divided among threads by what it keeps. One that keeps little of much would run on one thread alone; so
a leading part of the dimension is kept at first. The gradient to the weight of a convolution sums over the batch: a
thread that has some of the pictures goes over them once, for the whole weight, while they are in its cache. The parts
depend on the shape only, never on the number of threads.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from chainrule.compiler.simplify.deviations import shared_out, taken_off
from chainrule.compiler.simplify.rules import is_apply, number_like
from chainrule.core.primitive import Primitive
from chainrule.core.shape import Shape, size
from chainrule.graph import Apply, Graph, Value, inputs_of
from chainrule.graph.rewrite import rewrite
from chainrule.ops.arithmetic import ADD, MUL, SUB
from chainrule.ops.movement import BROADCAST, PERMUTE, RESHAPE
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
# So many parts a product may have, for what a part reads to be near still when a chain (`chains`) comes to it; and that
# must be so many times as much as it makes.
_NEAR, _WORTH = 32, 4


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
    steps, results = a.shape[-1], math.prod(value.shape)
    if len(value.shape) != 2 or steps < _STEPS or results > _RESULTS:
        return value
    near = min(sum(value.shape) * steps // (_WORTH * results), _NEAR)
    parts = _count(steps, max(near, min(steps // _POSITIONS, _PICTURES)))
    if parts == 1:
        return value
    rows = _apply(RESHAPE, (a,), value, shape=(value.shape[0], parts, steps // parts))
    rows = _apply(PERMUTE, (rows,), value, dims=(1, 0, 2))
    columns = _apply(RESHAPE, (b,), value, shape=(parts, steps // parts, value.shape[1]))
    return _apply(SUM, (_apply(value.primitive, (rows, columns), value),), value, dims=(0,))


def _weight_gradient(value: Apply) -> Value:
    """The gradient to a weight as a sum over parts of the batch."""
    batch, *positions, _ = value.inputs[1].shape
    parts = _count(batch, min(batch * math.prod(positions) // _POSITIONS, _PICTURES))
    if parts == 1:
        return value
    each = _apply(value.primitive, value.inputs, value, **value.params, parts=parts)
    return _apply(SUM, (each,), value, dims=(0,))


def _reduction(value: Apply) -> Value:
    halves = _halves(value)
    if halves is None:
        return value
    if value.primitive is SUM and (spread := _squared_deviations(value, halves)) is not None:
        return spread
    source = _apply(RESHAPE, value.inputs, value, shape=halves.shape)
    partial = _apply(value.primitive, (source,), value, dims=halves.within)
    return _apply(value.primitive, (partial,), value, dims=(halves.kept,))


class _Halves(NamedTuple):
    """A reduction in two steps.

    Attributes:
        shape: Of what is reduced, with the parts as a dimension.
        within: The dimensions to reduce at first.
        kept: Which dimension of the first results are the parts.
    """

    shape: Shape
    within: Shape
    kept: int


def _halves(value: Apply) -> _Halves | None:
    """How a reduction is divided, if it is."""
    (source,) = value.inputs
    dims = sorted(value.params["dims"])
    reduced = math.prod(source.shape[dim] for dim in dims)
    kept = math.prod(source.shape) // max(reduced, 1)
    far = len(source.shape) - 1 not in dims and reduced >= _ROWS and reduced * kept >= _ELEMENTS
    if not far and (reduced < _LONG or kept >= _MANY):
        return None
    first = next(dim for dim in dims if source.shape[dim] > 1)
    parts = _parts(source.shape[first])
    if parts == 1:
        return None
    shape = (*source.shape[:first], parts, source.shape[first] // parts, *source.shape[first + 1 :])
    before = tuple(dim for dim in dims if dim < first)
    return _Halves(shape, (*before, *(dim + 1 for dim in dims if dim >= first)), first - len(before))


def _squared_deviations(value: Apply, halves: _Halves) -> Value | None:
    """The squares of deviations from the mean, summed: by parts, each of which has a mean of its own.

    T. Chan, G. Golub, R. LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979).
    So the mean of all need not be known before, and a part is still in a cache when its deviations are summed.
    """
    (square,), dims = value.inputs, value.params["dims"]
    if not is_apply(square, MUL) or square.inputs[0] is not square.inputs[1]:
        return None
    deviation = square.inputs[0]
    mean = taken_off(deviation, dims) if is_apply(deviation, SUB) else None
    total = None if mean is None else shared_out(mean, size([square.shape[dim] for dim in dims]))
    # The sum that the mean is made of has been divided already, likewise.
    partial = total.inputs[0] if total is not None and is_apply(total, SUM) else None
    if mean is None or partial is None or not is_apply(partial, SUM) or partial.params["dims"] != halves.within:
        return None
    source = partial.inputs[0]
    if not is_apply(source, RESHAPE) or source.shape != halves.shape or source.inputs[0] not in inputs_of(deviation):
        return None
    return _by_parts(value, partial, mean, halves)


def _by_parts(value: Apply, partial: Apply, mean: Value, halves: _Halves) -> Value:
    """The sum of squared deviations from the mean, of what is summed in parts."""
    (source,), within = partial.inputs, halves.within
    count = size([source.shape[dim] for dim in within])
    own = _apply(MUL, (partial, number_like(partial, 1 / count)), value)
    shape = tuple(1 if dim in within else length for dim, length in enumerate(source.shape))
    there = _apply(BROADCAST, (_apply(RESHAPE, (own,), value, shape=shape),), value, shape=source.shape)
    deviation = _apply(SUB, (source, there), value)
    squares = _apply(SUM, (_apply(MUL, (deviation, deviation), value),), value, dims=within)
    shape = (*own.shape[: halves.kept], 1, *own.shape[halves.kept + 1 :])
    everywhere = _apply(BROADCAST, (_apply(RESHAPE, (mean,), value, shape=shape),), value, shape=own.shape)
    shift = _apply(SUB, (own, everywhere), value)
    shifts = _apply(MUL, (_apply(MUL, (shift, shift), value), number_like(own, count)), value)
    return _apply(SUM, (_apply(ADD, (squares, shifts), value),), value, dims=(halves.kept,))


def _count(length: int, most: int) -> int:
    """Into how many equal parts a sum of products is cut, at most so many."""
    return max((count for count in range(1, most + 1) if length % count == 0), default=1)


def _parts(length: int) -> int:
    """Into how many equal parts a dimension is cut: a divisor near 64, 1 if there is none."""
    divisors = [count for count in range(16, 257) if length % count == 0]
    return min(divisors, key=lambda count: abs(count - _MANY), default=1)


def _apply(primitive: Primitive, inputs: tuple[Value, ...], like: Apply, **params: object) -> Apply:
    spec = primitive.infer(*[source.spec for source in inputs], **params)
    return Apply(spec.shape, spec.dtype, primitive, inputs, params, like.note)
