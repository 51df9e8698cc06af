"""Reductions with less to reduce."""

from __future__ import annotations

from chainrule.compiler.simplify.rules import Rules, floats, instead, is_apply, number_like, reshaped
from chainrule.core import shape as shapes
from chainrule.core.dtype import float32, float64, int32, int64
from chainrule.core.shape import Shape
from chainrule.graph import Apply, Value
from chainrule.ops.arithmetic import ADD, MUL, NEG
from chainrule.ops.movement import BROADCAST
from chainrule.ops.reduce import AMAX, AMIN, SUM

# Below this, all whole numbers are numbers of the dtype.
_WHOLE = {float32: 2**24, float64: 2**53, int32: 2**31, int64: 2**63}


def with_sum_of_zero(value: Apply, total: Value) -> Value:
    """`total` with 0.0 for -0.0: a sum starts from 0.0."""
    return instead(value, ADD, total, number_like(total, 0.0)) if floats(total) else total


def of_single_elements(value: Apply) -> Value | None:
    """A reduction over dimensions of length 1 only drops them."""
    (x,) = value.inputs
    if any(x.shape[d] != 1 for d in value.params["dims"]):
        return None
    kept = reshaped(value, x, value.shape)
    return with_sum_of_zero(value, kept) if value.primitive is SUM else kept


def sum_of_negative(value: Apply) -> Value | None:
    """`sum(-x) = -sum(x)`."""
    (x,) = value.inputs
    if not is_apply(x, NEG):
        return None
    total = instead(value, SUM, x.inputs[0], dims=value.params["dims"])
    return with_sum_of_zero(value, instead(value, NEG, total))


def sum_of_stretched(value: Apply) -> Value | None:
    """A sum of n equal values is n times the value: exact for integers and float32, in float64 to rounding."""
    (x,) = value.inputs
    source = constant_along(x, value.params["dims"])
    times = shapes.size([x.shape[d] for d in value.params["dims"]])
    if source is None or not 0 < times < _WHOLE.get(x.dtype, 0):
        return None
    product = instead(value, MUL, source, number_like(source, times))
    return restretched(value, with_sum_of_zero(value, product), x)


def sum_of_multiples(value: Apply) -> Value | None:
    """`sum(x * a) = sum(x) * a`, where a is an array that is the same for all that is summed.

    The same up to rounding. So sums that differ by such factors are made once: the two of a normalisation's gradient.
    """
    if not floats(value) or not is_apply(value.inputs[0], MUL):
        return None
    dims, terms = value.params["dims"], _factors(value.inputs[0])
    taken = [term for term in terms if (source := constant_along(term, dims)) is not None and source.shape]
    left = [term for term in terms if term not in taken]
    if not taken or not left:
        return None
    product = left[0]
    for term in left[1:]:
        product = instead(value, MUL, product, term)
    total = instead(value, SUM, product, dims=dims)
    for term in taken:
        source = constant_along(term, dims)
        assert source is not None
        total = instead(value, MUL, total, restretched(value, source, term))
    return total


def _factors(x: Value) -> list[Value]:
    """What is multiplied to make `x`, all of its shape."""
    if is_apply(x, MUL) and x.inputs[0].shape == x.inputs[1].shape == x.shape:
        return [*_factors(x.inputs[0]), *_factors(x.inputs[1])]
    return [x]


def extreme_of_stretched(value: Apply) -> Value | None:
    """The largest of equal values is each of them."""
    (x,) = value.inputs
    source = constant_along(x, value.params["dims"])
    return None if source is None or 0 in x.shape else restretched(value, source, x)


def constant_along(x: Value, dims: Shape) -> Value | None:
    """What was stretched to `x` along all of `dims`, if it was."""
    if not is_apply(x, BROADCAST) or not dims:
        return None
    source = x.inputs[0]
    added = len(x.shape) - len(source.shape)
    return source if all(d < added or source.shape[d - added] == 1 for d in dims) else None


def restretched(value: Apply, source: Value, x: Value) -> Value:
    """`source`, which was stretched to `x`, stretched to the shape of `value`: `x` without the reduced dimensions."""
    dims = value.params["dims"]
    added = len(x.shape) - len(source.shape)
    kept = tuple(n for d, n in enumerate(source.shape) if d + added not in dims)
    return instead(value, BROADCAST, reshaped(value, source, kept), shape=value.shape)


RULES: Rules = {
    SUM: (of_single_elements, sum_of_negative, sum_of_stretched, sum_of_multiples),
    AMAX: (of_single_elements, extreme_of_stretched),
    AMIN: (of_single_elements, extreme_of_stretched),
}
