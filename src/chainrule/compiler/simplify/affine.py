"""Normalisation by known statistics, folded into the convolution or product before it.

In evaluation `BatchNorm` subtracts, multiplies, multiplies and adds numbers of each channel. Together that is one
factor and one summand a channel. They are computed at each call from the channels' numbers, which costs next to nothing
and holds whatever the weights have become; the sums take them while they are still in registers. The weight itself is
not multiplied: that would be a pass over all weights for a product that a multiply-add has for nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from chainrule.compiler.simplify.rules import Rules, floats, instead, is_apply, stretched
from chainrule.core.primitive import Primitive
from chainrule.core.shape import size
from chainrule.graph import Apply, Value, inputs_of
from chainrule.ops.arithmetic import ADD, MUL, NEG, SUB
from chainrule.ops.contraction import MATMUL
from chainrule.ops.convolution import CONVOLUTION, CONVOLUTION_INPUT
from chainrule.ops.movement import BROADCAST, RESHAPE

# A factor and a summand are two steps already.
_WORTH_FOLDING = 3


class _Step(NamedTuple):
    """Something done to each element of `x` by a number, or by the number of its channel."""

    primitive: Primitive
    x: Value
    operand: Value


def one_factor_and_summand(value: Apply) -> Value | None:
    """`(x @ w - m) * r * s + b = (x @ w) * (r * s) + (b - m * r * s)`, with numbers or numbers of channels.

    The same up to the rounding that the sums of x @ w have been through: digits that cancel in `x @ w - m` had been
    lost before. So this is done to such sums alone.
    """
    steps = _steps_from_sums(value)
    if len(steps) < _WORTH_FOLDING or not all(_is_known(step.operand, value.shape[-1]) for step in steps):
        return None
    factor: Value | None = None
    summand: Value | None = None
    for primitive, _, operand in steps:
        if primitive is MUL:
            factor = operand if factor is None else instead(value, MUL, factor, operand)
            summand = None if summand is None else instead(value, MUL, summand, operand)
        elif summand is None:
            summand = operand if primitive is ADD else instead(value, NEG, operand)
        else:
            summand = instead(value, primitive, summand, operand)
    result = steps[0].x
    if factor is not None:
        result = instead(value, MUL, result, stretched(value, factor, value.shape))
    return result if summand is None else instead(value, ADD, result, stretched(value, summand, value.shape))


def _steps_from_sums(value: Value) -> list[_Step]:
    """How `value` is made of a convolution or product, the first step first; none if it is not."""
    steps: list[_Step] = []
    while (step := _step(value)) is not None:
        steps.insert(0, step)
        value = step.x
    source = value.inputs[0] if is_apply(value, RESHAPE) else value
    sums = any(is_apply(source, kind) for kind in (MATMUL, CONVOLUTION, CONVOLUTION_INPUT))
    return steps if sums and source.shape[-1:] == value.shape[-1:] else []


def _step(value: Value) -> _Step | None:
    if not isinstance(value, Apply) or value.primitive not in (ADD, SUB, MUL) or not floats(value):
        return None
    a, b = value.inputs
    # A number has no channels, and what is subtracted from is no step.
    for x, other in [(a, b)] if value.primitive is SUB else [(a, b), (b, a)]:
        operand = other.inputs[0] if is_apply(other, BROADCAST) else other
        if x.shape == value.shape and operand.shape in ((), value.shape[-1:]) and other is not x:
            return _Step(value.primitive, x, operand)
    return None


def _is_known(value: Value, channels: int) -> bool:
    """Whether it is computed from nothing larger than the channels: not from the very sums that it is for."""
    seen, stack = {value}, [value]
    while stack:
        found = stack.pop()
        if size(found.shape) > channels:
            return False
        fresh = [each for each in inputs_of(found) if each not in seen]
        seen.update(fresh)
        stack += fresh
    return True


RULES: Rules = dict.fromkeys((ADD, SUB, MUL), (one_factor_and_summand,))
