"""Deviations from a mean add up to nothing: what the backward pass of a normalisation need not sum.

The gradient of `x - mean(x)` takes its own mean off. That is a sum of terms, some of which are multiples of this very
`x - mean(x)`; without them it is a multiple of a sum that is made anyway, a pass earlier. So all that a normalisation's
gradient needs is known after one pass over its arrays, and a second one finishes it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from chainrule.compiler.simplify.reductions import constant_along, restretched
from chainrule.compiler.simplify.rules import Rules, floats, instead, is_apply, number, reshaped
from chainrule.core.shape import Shape, size
from chainrule.graph import Apply, Value
from chainrule.ops.arithmetic import ADD, DIV, MUL, SUB
from chainrule.ops.movement import RESHAPE
from chainrule.ops.reduce import SUM

# A sum of more terms is left as it is.
_MOST_TERMS = 6


class _Term(NamedTuple):
    """A term of a sum: `x` times factors, each the same along the summed dimensions."""

    x: Value
    factors: tuple[Value, ...] = ()


def sum_of_deviations(value: Apply) -> Value | None:
    """`sum(a * (x - mean(x)) + b * y) = b * sum(y)`, where a and b are the same for all that is summed.

    The same up to the rounding of either. Where x is not finite, neither is the result.
    """
    if not floats(value):
        return None
    dims = value.params["dims"]
    terms = _terms(value.inputs[0], dims)
    means = {term.x: mean for term in terms if (mean := _mean_taken_off(term.x, dims)) is not None}
    if not means or len(terms) > _MOST_TERMS:
        return None
    taken = [reshaped(value, mean, value.shape) for mean in dict.fromkeys(means.values())]
    parts: list[Value] = [instead(value, SUB, mean, mean) for mean in taken]
    for x, factors in terms:
        if x in means:
            continue
        part: Value = instead(value, SUM, x, dims=dims)
        for factor in factors:
            part = instead(value, MUL, part, _kept(value, factor))
        parts.append(part)
    total = parts[0]
    for part in parts[1:]:
        total = instead(value, ADD, total, part)
    return total


def _terms(x: Value, dims: Shape) -> list[_Term]:
    """What is added up to make `x`."""
    if is_apply(x, ADD) and x.inputs[0].shape == x.inputs[1].shape == x.shape:
        return [*_terms(x.inputs[0], dims), *_terms(x.inputs[1], dims)]
    if is_apply(x, MUL):
        for one, other in (x.inputs, x.inputs[::-1]):
            if one.shape == x.shape and (other.shape == () or constant_along(other, dims) is not None):
                return [term._replace(factors=(*term.factors, other)) for term in _terms(one, dims)]
    return [_Term(x)]


def _kept(value: Apply, factor: Value) -> Value:
    """A factor in the shape of the sum."""
    source = constant_along(factor, value.params["dims"])
    return factor if source is None else restretched(value, source, factor)


def _mean_taken_off(x: Value, dims: Shape) -> Value | None:
    """The mean, if `x` is the deviations of something from its mean along `dims`."""
    if not is_apply(x, SUB) or x.inputs[0].shape != x.shape:
        return None
    mean = taken_off(x, dims)
    total = None if mean is None else shared_out(mean, size([x.shape[d] for d in dims]))
    if total is None or not is_apply(total, SUM) or total.inputs[0] is not x.inputs[0]:
        return None
    return mean if total.params["dims"] == dims else None


def taken_off(x: Apply, dims: Shape) -> Value | None:
    """What a difference takes off that is the same along `dims`, before it was stretched."""
    source = constant_along(x.inputs[1], dims)
    return None if source is None else _before_reshaping(source)


def shared_out(mean: Value, count: int) -> Value | None:
    """What the mean of so many values was divided from: by their number, or its reciprocal as a factor."""
    if is_apply(mean, DIV) and number(mean.inputs[1]) == count:
        return _before_reshaping(mean.inputs[0])
    if is_apply(mean, MUL):
        part = number(mean.inputs[1])
        if part is not None and math.isclose(part * count, 1, rel_tol=1e-6):
            return _before_reshaping(mean.inputs[0])
    return None


def _before_reshaping(value: Value) -> Value:
    return value.inputs[0] if is_apply(value, RESHAPE) else value


RULES: Rules = {SUM: (sum_of_deviations,)}
