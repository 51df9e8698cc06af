"""The elementwise primitives as machine code: one table, a line for each of the simple ones.

They mean what `Primitive.evaluate` says, which is NumPy. Values come in registers: a bool is an `i1`, uint8 the only
`i8`, so a register's type says its dtype. Single numbers and vectors of any length are written alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chainrule.native.emit import BYTES, REGISTER, Function, V, number
from chainrule.native.math import (
    angles,
    circular,
    division,
    error,
    exponential,
    formats,
    logarithm,
    power,
    whole,
)
from chainrule.native.math.formats import shared, widened
from chainrule.native.math.whole import Faults


def pointwise(
    f: Function, name: str, args: Sequence[V], out: np.dtype, *, fault: V | None = None, mask: V | None = None
) -> V:
    """The elementwise primitive `name` of the arguments.

    Args:
        f: The function under construction; integer division and powers, and functions of huge numbers, add blocks.
        name: A key of `PRIMITIVES`.
        args: Its inputs; single numbers go with vectors.
        out: The dtype of the result.
        fault: Where a `Fault` is written (a pointer to an int64); None if nobody asks.
        mask: The lanes that count; others may hold anything and cause no fault. None: all.
    """
    lanes = max(arg.lanes for arg in args)
    args = [f.splat(arg, lanes) for arg in args]
    if name == "cast":
        return cast(f, args[0], REGISTER[out.name])
    if args[0].element in ("i8", "i32", "i64") and name in ON_WHOLE_NUMBERS:
        return ON_WHOLE_NUMBERS[name](f, args[0], args[1], Faults(fault, mask))
    return POINTWISE[name](f, *args)


def cast(f: Function, a: V, element: str) -> V:
    """To another dtype, given by its type in a register."""
    if a.element == element:
        return a
    if element == "i1":
        return f.compare("une" if a.floating else "ne", a, number(0, a.type))
    if a.floating:
        if element in ("float", "double"):
            return f.convert("fpext" if element == "double" else "fptrunc", a, element)
        return _whole(f, a, element)
    unsigned = a.element in ("i1", "i8")
    if element in ("float", "double"):
        return f.convert("uitofp" if unsigned else "sitofp", a, element)
    if BYTES[element] < BYTES[a.element]:
        return f.convert("trunc", a, element)
    return f.convert("zext" if unsigned else "sext", a, element)


def _whole(f: Function, a: V, element: str) -> V:
    """A float cut toward zero.

    What C leaves open, so that NumPy's answer depends on the processor, is everywhere what x86-64 gives: a number
    beyond the range of int32 or int64, or NaN, becomes their lowest number; uint8 keeps the low bits of an int32.
    """
    if element == "i8":
        return f.convert("trunc", _whole(f, a, "i32"), "i8")
    limit = 1 << (8 * BYTES[element] - 1)
    above, below = f.compare("oge", a, number(-limit, a.type)), f.compare("olt", a, number(limit, a.type))
    inside = f.binary("and", above, below)
    result = f.convert("fptosi", f.select(inside, a, number(0, a.type)), element)
    return f.select(inside, result, number(-limit, result.type))


def _ordered(f: Function, a: V, b: V, predicate: str) -> V:
    """Whether `a` stands in an order (`lt`, `le`, `gt`) to `b`; beside a NaN nothing does."""
    prefix = "o" if a.floating else "s" if whole.signed(a) else "u"
    return f.compare(prefix + predicate, a, b)


def _extreme(f: Function, a: V, b: V, predicate: str) -> V:
    """The greater (`gt`) or lesser (`lt`) of both; a NaN if either is one; of two zeros the second, as in NumPy."""
    chosen = f.select(_ordered(f, a, b, predicate), a, b)
    return f.select(f.compare("uno", a, a), a, chosen) if a.floating else chosen


def _not(f: Function, a: V) -> V:
    return f.binary("xor", a, number(1 if a.element == "i1" else -1, a.type))


def _abs(f: Function, a: V) -> V:
    if a.floating:
        return formats.magnitude(f, a)
    return whole.absolute(f, a) if whole.signed(a) else a


def _sign(f: Function, a: V) -> V:
    if a.element == "i1":
        return a
    if not a.floating:
        return whole.sign(f, a)
    zero = number(0, a.type)
    positive = f.compare("ogt", a, zero)
    step = f.select(f.compare("olt", a, zero), number(-1, a.type), f.add(a, zero))
    return f.select(positive, number(1, a.type), step)


def _rounded(rounding: Callable[[Function, V], V]) -> Callable[[Function, V], V]:
    """Whole numbers and bools are rounded already."""
    return lambda f, a: rounding(f, a) if a.floating else a


def _apart(name: str, body: Callable[..., V]) -> Callable[..., V]:
    """A large function of float64, which each module has once and calls; float32 goes through float64."""
    return widened(lambda f, *args: shared(f, name, body, *args))


def _apart_if_wide(name: str, body: Callable[..., V]) -> Callable[..., V]:
    """A function that is large in float64 only."""

    def either(f: Function, x: V) -> V:
        return body(f, x) if x.element == "float" else shared(f, name, body, x)

    return either


# Integer division and powers can meet bad data.
ON_WHOLE_NUMBERS: dict[str, Callable[[Function, V, V, Faults], V]] = {
    "floor_divide": whole.floor_divide,
    "remainder": whole.remainder,
    "pow": whole.power,
}

POINTWISE: dict[str, Callable[..., V]] = {
    # Of bools, sums are "or" and products "and".
    "add": lambda f, a, b: f.binary("or", a, b) if a.element == "i1" else f.add(a, b),
    "sub": lambda f, a, b: f.sub(a, b),
    "mul": lambda f, a, b: f.mul(a, b),
    "div": lambda f, a, b: f.div(a, b),
    "neg": lambda f, a: f.neg(a),
    "abs": _abs,
    "sign": _sign,
    "maximum": lambda f, a, b: _extreme(f, a, b, "gt"),
    "minimum": lambda f, a, b: _extreme(f, a, b, "lt"),
    "where": lambda f, condition, a, b: f.select(condition, a, b),
    "eq": lambda f, a, b: f.compare("oeq" if a.floating else "eq", a, b),
    "lt": lambda f, a, b: _ordered(f, a, b, "lt"),
    "le": lambda f, a, b: _ordered(f, a, b, "le"),
    "not": _not,
    "and": lambda f, a, b: f.binary("and", a, b),
    "or": lambda f, a, b: f.binary("or", a, b),
    "xor": lambda f, a, b: f.binary("xor", a, b),
    "floor": _rounded(formats.floor),
    "ceil": _rounded(formats.ceil),
    "round": _rounded(formats.round_even),
    "floor_divide": division.floor_divide,
    "remainder": division.remainder,
    "pow": _apart("pow", power.power),
    "exp": exponential.exp,
    "expm1": exponential.expm1,
    "log": logarithm.log,
    "log1p": logarithm.log1p,
    "sqrt": formats.sqrt,
    "rsqrt": lambda f, a: f.div(number(1, a.type), formats.sqrt(f, a)),
    "sigmoid": exponential.sigmoid,
    "erf": error.erf,
    "erfc": _apart_if_wide("erfc", error.erfc),
    "sin": _apart("sin", circular.sin),
    "cos": _apart("cos", circular.cos),
    "tan": _apart("tan", circular.tan),
    "asin": _apart("asin", angles.asin),
    "acos": _apart("acos", angles.acos),
    "atan": _apart("atan", angles.atan),
    "atan2": _apart("atan2", angles.atan2),
    "sinh": _apart("sinh", exponential.sinh),
    "cosh": _apart("cosh", exponential.cosh),
    "tanh": exponential.tanh,
    "asinh": _apart("asinh", logarithm.asinh),
    "acosh": _apart("acosh", logarithm.acosh),
    "atanh": _apart("atanh", logarithm.atanh),
}
