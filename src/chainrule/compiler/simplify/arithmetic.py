"""Arithmetic that changes nothing, or that another operation does with less work."""

from __future__ import annotations

import math

import numpy as np

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
from chainrule.graph import Apply, Value
from chainrule.ops.arithmetic import ABS, ADD, DIV, MAXIMUM, MINIMUM, MUL, NEG, POW, SIGN, SUB
from chainrule.ops.rounding import CEIL, FLOOR, ROUND


def plus_nothing(value: Apply) -> Value | None:
    """`x + -0.0 = x`; for integers and bools `x + 0 = x`. But -0.0 + 0.0 is 0.0."""
    nothing = -0.0 if floats(value) else 0
    a, b = value.inputs
    return a if is_number(b, nothing) else b if is_number(a, nothing) else None


def minus_nothing(value: Apply) -> Value | None:
    """`x - 0 = x`."""
    a, b = value.inputs
    return a if is_number(b, 0) else None


def subtracted_twice(value: Apply) -> Value | None:
    """`0.0 - (0.0 - x) = x + 0.0`."""
    a, b = value.inputs
    if is_number(a, 0.0) and is_apply(b, SUB) and is_number(b.inputs[0], 0.0) and floats(value):
        return instead(value, ADD, b.inputs[1], a)
    return None


def times_one(value: Apply) -> Value | None:
    """`x * 1 = x`. But x * 0 is not 0: x may be NaN, infinite or negative."""
    a, b = value.inputs
    return a if is_number(b, 1) else b if is_number(a, 1) else None


def times_minus_one(value: Apply) -> Value | None:
    """`x * -1 = -x`."""
    a, b = value.inputs
    return instead(value, NEG, a) if is_number(b, -1) else instead(value, NEG, b) if is_number(a, -1) else None


def over_one(value: Apply) -> Value | None:
    """`x / 1 = x`."""
    a, b = value.inputs
    return a if is_number(b, 1) else None


def over_power_of_two(value: Apply) -> Value | None:
    """`x / 2**k = x * 2**-k`: both are the rounding of the same number."""
    a, b = value.inputs
    divisor = number(b)
    if not divisor or not math.isfinite(divisor):
        return None
    mantissa, exponent = math.frexp(divisor)
    least = np.finfo(value.dtype).minexp
    if abs(mantissa) != 0.5 or not least <= 1 - exponent <= -least:
        return None
    return instead(value, MUL, a, number_like(value, 1 / divisor))


def negative_twice(value: Apply) -> Value | None:
    """`-(-x) = x`."""
    (x,) = value.inputs
    return x.inputs[0] if is_apply(x, NEG) else None


def negative_product(value: Apply) -> Value | None:
    """`-(x * 3) = x * -3`."""
    (product,) = value.inputs
    if not is_apply(product, MUL) or not floats(product):
        return None
    a, b = product.inputs
    for x, factor in ((a, number(b)), (b, number(a))):
        if factor is not None:
            return instead(value, MUL, x, number_like(x, -factor))
    return None


def add_negative(value: Apply) -> Value | None:
    """`a + -b = a - b`."""
    a, b = value.inputs
    if is_apply(b, NEG):
        return instead(value, SUB, a, b.inputs[0])
    return instead(value, SUB, b, a.inputs[0]) if is_apply(a, NEG) else None


def subtract_negative(value: Apply) -> Value | None:
    """`a - -b = a + b`."""
    a, b = value.inputs
    return instead(value, ADD, a, b.inputs[0]) if is_apply(b, NEG) else None


def both_negative(value: Apply) -> Value | None:
    """`-a * -b = a * b`, and so for quotients."""
    a, b = value.inputs
    return instead(value, value.primitive, a.inputs[0], b.inputs[0]) if is_apply(a, NEG) and is_apply(b, NEG) else None


def negative_times_number(value: Apply) -> Value | None:
    """`-x * 3 = x * -3`, and so for quotients."""
    a, b = value.inputs
    for x, other, first in ((a, b, True), (b, a, False)):
        factor = number(other)
        if is_apply(x, NEG) and factor is not None and floats(value):
            pair = (x.inputs[0], number_like(value, -factor))
            return instead(value, value.primitive, *(pair if first else pair[::-1]))
    return None


def power(value: Apply) -> Value | None:
    """x to the power of 0, 1, 2, 3 or -1 by products and quotients, within two units in the last place."""
    x, exponent = value.inputs
    if is_number(exponent, 0):
        return stretched(value, number_like(value, 1), value.shape)
    if is_number(exponent, 1):
        return x
    if is_number(exponent, 2):
        return instead(value, MUL, x, x)
    if is_number(exponent, 3):
        return instead(value, MUL, instead(value, MUL, x, x), x)
    return instead(value, DIV, number_like(value, 1), x) if is_number(exponent, -1) and floats(value) else None


def of_itself(value: Apply) -> Value | None:
    """`maximum(x, x) = x`, and so for the minimum."""
    a, b = value.inputs
    return a if a is b else None


def done_already(value: Apply) -> Value | None:
    """`floor(floor(x)) = floor(x)`; and so for each operation that its own result no longer changes."""
    (x,) = value.inputs
    return x if is_apply(x, value.primitive) else None


def whole_already(value: Apply) -> Value | None:
    """Integers and bools need no rounding."""
    return None if floats(value) else value.inputs[0]


def never_negative(value: Apply) -> Value | None:
    """`abs(x) = x` where x has no sign; and a bool is its own sign."""
    unsigned = value.dtype == bool_ or (value.dtype.kind == "u" and value.primitive is ABS)
    return value.inputs[0] if unsigned else None


def abs_of_negative(value: Apply) -> Value | None:
    """`abs(-x) = abs(x)`."""
    (x,) = value.inputs
    return instead(value, ABS, x.inputs[0]) if is_apply(x, NEG) and x.dtype.kind != "u" else None


_ROUNDING = (whole_already, done_already)

RULES: Rules = {
    ADD: (plus_nothing, add_negative),
    SUB: (minus_nothing, subtract_negative, subtracted_twice),
    MUL: (times_one, times_minus_one, both_negative, negative_times_number),
    DIV: (over_one, both_negative, negative_times_number, over_power_of_two),
    NEG: (negative_twice, negative_product),
    POW: (power,),
    MAXIMUM: (of_itself,),
    MINIMUM: (of_itself,),
    ABS: (never_negative, done_already, abs_of_negative),
    SIGN: (never_negative, done_already),
    FLOOR: _ROUNDING,
    CEIL: _ROUNDING,
    ROUND: _ROUNDING,
}
