"""Comparisons, logic and choices."""

from __future__ import annotations

import math

from chainrule.compiler.simplify.rules import (
    Rules,
    floats,
    instead,
    is_apply,
    is_number,
    number,
    number_like,
    stretched,
)
from chainrule.core.dtype import bool_
from chainrule.graph import Apply, Constant, Value, inputs_of
from chainrule.ops.arithmetic import ABS, ADD, DIV, MUL, NEG, SUB
from chainrule.ops.compare import AND, EQ, LE, LT, NOT, OR
from chainrule.ops.elementwise import WHERE
from chainrule.ops.exponential import EXP
from chainrule.ops.movement import BROADCAST, CAST


def always(value: Value) -> bool | None:
    """What a condition is everywhere, if that is known."""
    source = value.inputs[0] if is_apply(value, BROADCAST) else value
    known = number(source)
    return None if known is None else bool(known)


def decided(value: Apply) -> Value | None:
    """`where(True, a, b) = a`."""
    condition, a, b = value.inputs
    known = always(condition)
    return None if known is None else stretched(value, a if known else b, value.shape)


def no_choice(value: Apply) -> Value | None:
    """`where(c, a, a) = a`."""
    _, a, b = value.inputs
    return stretched(value, a, value.shape) if a is b else None


def turned_round(value: Apply) -> Value | None:
    """`where(not c, a, b) = where(c, b, a)`."""
    condition, a, b = value.inputs
    return instead(value, WHERE, condition.inputs[0], b, a) if is_apply(condition, NOT) else None


def known_within(value: Apply) -> Value | None:
    """Where c is chosen by, c is known: `where(c, where(c, a, _), b) = where(c, a, b)`, and so `x * cast(c)`."""
    condition, a, b = value.inputs
    new_a, new_b = _where_known(condition, a, True), _where_known(condition, b, False)
    return None if new_a is a and new_b is b else instead(value, WHERE, condition, new_a, new_b)


def _where_known(condition: Value, value: Value, holds: bool) -> Value:
    """What `value` is where `condition` is known to be `holds`."""
    if is_apply(value, WHERE) and value.inputs[0] is condition:
        return value.inputs[1 if holds else 2]
    if (known := _cast_where(condition, value, holds)) is not None:
        return number_like(value, known)
    if is_apply(value, MUL):
        for x, factor in (value.inputs, value.inputs[::-1]):
            if _cast_where(condition, factor, holds):
                return x
    return value


def _cast_where(condition: Value, value: Value, holds: bool) -> bool | None:
    """The number that the cast of `condition`, or of its opposite, is where `condition` is `holds`."""
    if is_apply(value, CAST) and value.inputs[0] is condition:
        return holds
    if is_apply(value, CAST) and is_apply(value.inputs[0], NOT) and value.inputs[0].inputs[0] is condition:
        return not holds
    return None


def as_cast(value: Apply) -> Value | None:
    """`where(c, 1, 0) = cast(c)`."""
    condition, a, b = value.inputs
    if not is_number(a, 1) or not is_number(b, 0):
        return None
    return condition if value.dtype == bool_ else instead(value, CAST, condition, dtype=value.dtype)


def masked_twice(value: Apply) -> Value | None:
    """`where(c, x, 0) * cast(c) = where(c, x, 0)`, and so for the opposite."""
    for x, factor in (value.inputs, value.inputs[::-1]):
        if is_apply(x, WHERE):
            condition, a, b = x.inputs
            kept = _cast_where(condition, factor, True)
            if (kept is True and is_number(b, 0)) or (kept is False and is_number(a, 0)):
                return x
    return None


def of_itself(value: Apply) -> Value | None:
    """`x < x` never holds; `x == x` and `x <= x` do, unless x may be NaN."""
    a, b = value.inputs
    if a is not b or (value.primitive is not LT and floats(a)):
        return None
    return stretched(value, Constant.of(value.dtype.type(value.primitive is not LT)), value.shape)


def not_twice(value: Apply) -> Value | None:
    """`not not x = x`."""
    (x,) = value.inputs
    return x.inputs[0] if is_apply(x, NOT) else None


def same_twice(value: Apply) -> Value | None:
    """`x and x = x`, and so for or."""
    a, b = value.inputs
    return a if a is b else None


def decided_logic(value: Apply) -> Value | None:
    """`x and True = x`, `x and False = False`, and so for or."""
    if value.dtype != bool_:
        return None
    neutral = value.primitive is AND
    for x, other in (value.inputs, value.inputs[::-1]):
        known = always(other)
        if known is not None:
            return stretched(value, x if known is neutral else other, value.shape)
    return None


def is_infinite(value: Apply) -> Value | None:
    """`x == inf or x == -inf` is `abs(x) == inf`."""
    a, b = value.inputs
    for first, second in ((a, b), (b, a)):
        x, other = _equal_to(first, math.inf), _equal_to(second, -math.inf)
        if x is not None and x is other:
            return instead(value, EQ, instead(value, ABS, x), number_like(x, math.inf))
    return None


def is_not_finite(value: Apply) -> Value | None:
    """`x is NaN or abs(x) == inf` is `not abs(x) < inf`."""
    for nan, infinite in (value.inputs, value.inputs[::-1]):
        size = _equal_to(infinite, math.inf)
        if size is not None and is_apply(size, ABS) and _is_nan(nan, size.inputs[0]):
            return instead(value, NOT, instead(value, LT, size, number_like(size, math.inf)))
    return None


def _equal_to(value: Value, what: float) -> Value | None:
    """The x of `x == what`."""
    if is_apply(value, EQ):
        for x, other in (value.inputs, value.inputs[::-1]):
            if is_number(other, what):
                return x
    return None


def _is_nan(value: Value, x: Value) -> bool:
    """Whether `value` is `not x == x`."""
    return is_apply(value, NOT) and is_apply(value.inputs[0], EQ) and value.inputs[0].inputs == (x, x)


def of_choice(value: Apply) -> Value | None:
    """`f(where(c, 1, 2)) = where(c, f(1), f(2))`: f of two numbers, in place of f of every element."""
    choices = [x for x in value.inputs if _is_choice_of_numbers(x)]
    if len(choices) != 1 or any(x.shape for x in value.inputs if x is not choices[0]) or not floats(choices[0]):
        return None

    def of(number: Value) -> Apply:
        operands = [number if x is choices[0] else x for x in value.inputs]
        return instead(value, value.primitive, *operands, **value.params)

    condition, a, b = inputs_of(choices[0])
    return instead(value, WHERE, condition, of(a), of(b))


def _is_choice_of_numbers(value: Value) -> bool:
    return is_apply(value, WHERE) and value.shape != () and value.inputs[1].shape == value.inputs[2].shape == ()


def exp_of_choice(value: Apply) -> Value | None:
    """`exp(where(0 < x, -x, x)) = exp(-abs(x))`: as the exponential of both zeros is 1."""
    (choice,) = value.inputs
    if not is_apply(choice, WHERE):
        return None
    condition, a, b = choice.inputs
    if not is_apply(condition, LT) or condition.inputs[1] is not b or not is_number(condition.inputs[0], 0.0):
        return None
    opposite = (is_apply(a, NEG) and a.inputs[0] is b) or (is_apply(b, NEG) and b.inputs[0] is a)
    return instead(value, EXP, instead(value, NEG, instead(value, ABS, b))) if opposite else None


# Those of which a number costs next to nothing.
_OF_CHOICE = (NEG, ABS, ADD, SUB, MUL, DIV, CAST)

RULES: Rules = {
    **dict.fromkeys(_OF_CHOICE, (of_choice,)),
    MUL: (masked_twice, of_choice),
    WHERE: (decided, no_choice, turned_round, known_within, as_cast),
    EXP: (exp_of_choice,),
    EQ: (of_itself,),
    LT: (of_itself,),
    LE: (of_itself,),
    NOT: (not_twice,),
    AND: (same_twice, decided_logic),
    OR: (same_twice, decided_logic, is_infinite, is_not_finite),
}
