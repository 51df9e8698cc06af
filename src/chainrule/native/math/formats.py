"""What the mathematical functions are built of: the parts of floating-point numbers, and polynomials.

Nothing here needs an instruction that some processor lacks: rounding is done by additions, since the baseline of x86-64
would call a library for it, and fused multiply-adds are used where they exist but never relied upon.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from chainrule.native.emit import Function, V, mangled, number


class Format(NamedTuple):
    """A floating-point format.

    Attributes:
        integer: The whole number of the same width.
        digits: The binary digits behind the point.
        bias: What is added to the exponent.
        least: The least normal number.
        most: The largest number.
    """

    integer: str
    digits: int
    bias: int
    least: float
    most: float


FORMATS = {
    "float": Format("i32", 23, 127, 2.0**-126, (2 - 2.0**-23) * 2.0**127),
    "double": Format("i64", 52, 1023, 2.0**-1022, (2 - 2.0**-52) * 2.0**1023),
}


def format_of(x: V) -> Format:
    """The format of a number or vector of floats."""
    return FORMATS[x.element]


def bits(f: Function, x: V) -> V:
    """The bits of floats as whole numbers."""
    return f.convert("bitcast", x, format_of(x).integer)


def floats(f: Function, x: V) -> V:
    """The floats that have these bits."""
    return f.convert("bitcast", x, "float" if x.element == "i32" else "double")


def shift_left(f: Function, x: V, by: int) -> V:
    """The bits of a whole number, moved up."""
    return f.binary("shl", x, number(by, x.type))


def shift_right(f: Function, x: V, by: int) -> V:
    """Keeps the sign."""
    return f.binary("ashr", x, number(by, x.type))


def power_of_two(f: Function, exponent: V) -> V:
    """2 to a power within the normal range, given as i32 for float32, i64 for float64."""
    form = FORMATS["float" if exponent.element == "i32" else "double"]
    return floats(f, shift_left(f, f.add(exponent, number(form.bias, exponent.type)), form.digits))


def polynomial(f: Function, x: V, coefficients: Sequence[float]) -> V:
    """By Horner's rule; the highest power comes first."""
    total = number(coefficients[0], x.type)
    for coefficient in coefficients[1:]:
        total = f.multiply_add(total, x, number(coefficient, x.type))
    return total


def round_product(f: Function, x: V, factor: float) -> tuple[V, V]:
    """The whole number nearest to a product, as a float and as an integer; it has less than 22 (51) binary digits."""
    form = format_of(x)
    # Above 2**digits, floats have no fraction: adding such a number rounds, and leaves the result in the low bits.
    shift = number(1.5 * 2.0**form.digits, x.type)
    shifted = f.multiply_add(x, number(factor, x.type), shift)
    return f.sub(shifted, shift), f.sub(bits(f, shifted), bits(f, shift))


def round_even(f: Function, x: V) -> V:
    """The nearest whole number, halves to the even one, of any number."""
    size, shift = magnitude(f, x), number(2.0 ** format_of(x).digits, x.type)
    rounded = f.sub(f.add(size, shift), shift)
    return with_sign(f, f.select(f.compare("olt", size, shift), rounded, size), x)


def floor(f: Function, x: V) -> V:
    """The largest whole number not above `x`."""
    rounded = round_even(f, x)
    lower = f.sub(rounded, number(1, x.type))
    return with_sign(f, f.select(f.compare("ogt", rounded, x), lower, rounded), x)


def ceil(f: Function, x: V) -> V:
    """The smallest whole number not below `x`."""
    return f.neg(floor(f, f.neg(x)))


def magnitude(f: Function, x: V) -> V:
    """`|x|`."""
    return f.intrinsic("llvm.fabs", x.type, x)


def with_sign(f: Function, x: V, sign: V) -> V:
    """`|x|` with the sign of another number."""
    return f.intrinsic("llvm.copysign", x.type, x, sign)


def sqrt(f: Function, x: V) -> V:
    """The square root, rounded correctly."""
    return f.intrinsic("llvm.sqrt", x.type, x)


def product(f: Function, a: V, b: V) -> tuple[V, V]:
    """The product of two floats and what its rounding loses (Veltkamp and Dekker, by halves of the digits)."""
    result = f.mul(a, b)
    (a_high, a_low), (b_high, b_low) = _halves(f, a), _halves(f, b)
    rest = f.sub(f.mul(a_high, b_high), result)
    rest = f.add(f.add(rest, f.mul(a_high, b_low)), f.mul(a_low, b_high))
    return result, f.add(rest, f.mul(a_low, b_low))


def _halves(f: Function, x: V) -> tuple[V, V]:
    """A float as a sum of two, each of half the digits: 12 of a float32, 26 of a float64."""
    raw = bits(f, x)
    high = floats(f, f.binary("and", raw, number(-(1 << format_of(x).digits // 2 + 1), raw.type)))
    return high, f.sub(x, high)


def at_most(f: Function, x: V, limit: float) -> V:
    """The lesser of both; NaN stays NaN."""
    bound = number(limit, x.type)
    return f.select(f.compare("ogt", x, bound), bound, x)


def at_least(f: Function, x: V, limit: float) -> V:
    """The greater of both; NaN stays NaN."""
    bound = number(limit, x.type)
    return f.select(f.compare("olt", x, bound), bound, x)


def shared(f: Function, name: str, body: Callable[..., V], *args: V) -> V:
    """`body(function, *args)` as a function of its own, which a module has once for each type."""
    full = f"{name}.{mangled(args[0].type)}"

    def write() -> None:
        attributes = "nounwind willreturn memory(none)"
        inner = Function(f.module, full, [(arg.type, "") for arg in args], args[0].type, attributes=attributes)
        inner.finish(body(inner, *inner.params))

    f.module.once(full, write)
    return f.call(full, args[0].type, *args)


def widened(body: Callable[..., V]) -> Callable[..., V]:
    """A function for both formats from one for float64: float32 is computed in float64 and rounded."""

    def either(f: Function, *args: V) -> V:
        wide = [f.convert("fpext", arg, "double") if arg.element == "float" else arg for arg in args]
        return f.convert("fptrunc", body(f, *wide), args[0].element) if args[0].element == "float" else body(f, *args)

    return either
