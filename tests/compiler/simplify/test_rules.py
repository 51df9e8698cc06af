"""Each rule: what it makes of a value, and that the result is the same, bit for bit, whatever the inputs are."""

import itertools
import math
import re

import numpy as np
import pytest

from chainrule.compiler.simplify import simplify
from chainrule.core.dtype import bool_, float32, float64, int32, int64, uint8
from chainrule.core.primitive import PRIMITIVES
from chainrule.graph import Apply, Constant, Graph, Input, Value, evaluate, text
from chainrule.ops.convolution import Frame

SPECIAL = [0.0, -0.0, 1.0, -1.5, 2.7, 1e-40, 3e38, math.inf, -math.inf, math.nan]
# Every special value beside every other.
_PAIRS = np.array(list(itertools.product(SPECIAL, SPECIAL)), np.float32)

GIVEN = {
    "x": _PAIRS[:, 0],
    "y": _PAIRS[:, 1],
    "pairs": _PAIRS,
    "c": np.arange(100) % 3 == 0,
    "d": np.arange(100) % 7 < 3,
    "n": np.array([*range(-50, 49), 2**31 - 1], np.int32),
    "u": np.arange(100, 200).astype(np.uint8),
    "m": np.array([SPECIAL[:5], SPECIAL[5:]], np.float32),
    "s": np.float32(-0.0).reshape(()),
    "t": np.float32(-3.5).reshape(()),
    "one": np.full((1, 1), -2.5, np.float32),
    "row": np.array([0.0, -0.0, 2.5, math.inf], np.float32),
    "b": np.array(True),
    "i": np.array([[2], [0]], np.int64),
    "w": np.array([[1.5], [-0.0]], np.float32),
}
INPUTS = {name: Input(array.shape, array.dtype, name) for name, array in GIVEN.items()}


def do(name: str, *inputs: str | float | Value, **params) -> Apply:
    """A primitive of inputs by name, of values, and of numbers in the dtype of the others."""
    known = [INPUTS[x] if isinstance(x, str) else x for x in inputs]
    dtype = next(x.dtype for x in reversed(known) if isinstance(x, Value))
    values = [x if isinstance(x, Value) else Constant.of(np.asarray(x, dtype)) for x in known]
    return Apply.of(PRIMITIVES[name], *values, **params)


def neg(x) -> Apply:
    return do("neg", x)


def cast(x, dtype) -> Apply:
    return do("cast", x, dtype=dtype)


def wide(x, *shape: int) -> Apply:
    return do("broadcast", x, shape=shape)


def reshape(x, *shape: int) -> Apply:
    return do("reshape", x, shape=shape)


def permute(x, *dims: int) -> Apply:
    return do("permute", x, dims=dims)


def cut(x, start, stop, step=None) -> Apply:
    return do("slice", x, start=start, stop=stop, step=step or (1,) * len(start))


def is_nan(x) -> Apply:
    return do("not", do("eq", x, x))


def is_infinite(x) -> Apply:
    return do("or", do("eq", x, math.inf), do("eq", x, -math.inf))


PIXELS = Frame((1,), ((0, 0),), (1,), 1)
SMALL_PART = {"start": (0, 1), "stop": (2, 4), "step": (1, 2)}

# A value, and the last line of what it becomes.
EXACT: dict[str, tuple[Value, str]] = {
    # Arithmetic
    "x + -0.0": (do("add", "x", -0.0), "x"),
    "-0.0 + x": (do("add", -0.0, "x"), "x"),
    "x + 0.0 is not x": (do("add", "x", 0.0), "add(x, 0.0)"),
    "n + 0": (do("add", "n", 0), "n"),
    "c or False": (do("add", "c", False), "c"),
    "x - 0.0": (do("sub", "x", 0.0), "x"),
    "x - -0.0 is not x": (do("sub", "x", -0.0), "sub(x, -0.0)"),
    "0 - (0 - x)": (do("sub", 0.0, do("sub", 0.0, "x")), "add(x, 0.0)"),
    "0 - x is not -x": (do("sub", 0.0, "x"), "sub(0.0, x)"),
    "x * 1": (do("mul", "x", 1), "x"),
    "1 * n": (do("mul", 1, "n"), "n"),
    "x * 0 is not 0": (do("mul", "x", 0.0), "mul(x, 0.0)"),
    "x * -1": (do("mul", "x", -1), "neg(x)"),
    "-1 * n": (do("mul", -1, "n"), "neg(n)"),
    "x / 1": (do("div", "x", 1), "x"),
    "x / -8": (do("div", "x", -8), "mul(x, -0.125)"),
    "x / 3 stays": (do("div", "x", 3), "div(x, 3.0)"),
    "x / 0 stays": (do("div", "x", 0.0), "div(x, 0.0)"),
    "x / inf stays": (do("div", "x", math.inf), "div(x, inf)"),
    "x / 2**127 stays": (do("div", "x", 2.0**127), "div(x, 1.7014118e+38)"),
    "x / s stays": (do("div", "x", "s"), "div(x, s)"),
    "-(-x)": (neg(neg("x")), "x"),
    "-(-u)": (neg(neg("u")), "u"),
    "-(x * 3)": (neg(do("mul", 3, "x")), "mul(x, -3.0)"),
    "-(x - y) stays": (neg(do("sub", "x", "y")), "neg(%1)"),
    "x + -y": (do("add", "x", neg("y")), "sub(x, y)"),
    "-x + y": (do("add", neg("x"), "y"), "sub(y, x)"),
    "x - -y": (do("sub", "x", neg("y")), "add(x, y)"),
    "-x * -y": (do("mul", neg("x"), neg("y")), "mul(x, y)"),
    "-x / -y": (do("div", neg("x"), neg("y")), "div(x, y)"),
    "-x * 3": (do("mul", neg("x"), 3), "mul(x, -3.0)"),
    "3 / -x": (do("div", 3, neg("x")), "div(-3.0, x)"),
    "x ** 0": (do("pow", "x", 0.0), "broadcast(1.0, shape=(100,))"),
    "x ** 1": (do("pow", "x", 1), "x"),
    "n ** 2": (do("pow", "n", 2), "mul(n, n)"),
    "maximum(x, x)": (do("maximum", "x", "x"), "x"),
    "minimum(x, x)": (do("minimum", "x", "x"), "x"),
    "abs(abs(x))": (do("abs", do("abs", "x")), "abs(x)"),
    "abs(-n)": (do("abs", neg("n")), "abs(n)"),
    "abs(-u) stays": (do("abs", neg("u")), "neg(u)"),
    "abs(c)": (do("abs", "c"), "c"),
    "sign(sign(x))": (do("sign", do("sign", "x")), "sign(x)"),
    "floor(n)": (do("floor", "n"), "n"),
    "round(floor(x)) stays": (do("round", do("floor", "x")), "round(%1)"),
    "ceil(ceil(x))": (do("ceil", do("ceil", "x")), "ceil(x)"),
    # Comparison, logic, choice
    "where(True, x, y)": (do("where", wide(Constant.of(np.True_), 100), "x", "y"), "x"),
    "where(False, x, 2)": (do("where", wide(Constant.of(np.False_), 100), "x", 2.0), "broadcast(2.0, shape=(100,))"),
    "where(c, x, x)": (do("where", "c", "x", "x"), "x"),
    "where(c, s, s)": (do("where", "c", "s", "s"), "broadcast(s, shape=(100,))"),
    "where(not c, x, y)": (do("where", do("not", "c"), "x", "y"), "where(c, y, x)"),
    "where(c, where(c, x, _), y)": (do("where", "c", do("where", "c", "x", neg("x")), "y"), "where(c, x, y)"),
    "where(c, x, where(c, _, y))": (do("where", "c", "x", do("where", "c", neg("x"), "y")), "where(c, x, y)"),
    "where(c, x * cast(c), y)": (do("where", "c", do("mul", "x", cast("c", float32)), "y"), "where(c, x, y)"),
    "where(not c, 0, x * cast(c))": (
        do("where", do("not", "c"), 0.0, do("mul", cast("c", float32), "x")),
        "where(c, x, 0.0)",
    ),
    "where(c, 0, x * cast(not c))": (
        do("where", "c", 0.0, do("mul", "x", cast(do("not", "c"), float32))),
        "where(c, 0.0, x)",
    ),
    "where(c, cast(c), 0)": (do("where", "c", cast("c", float32), 0.0), "cast(c, dtype=float32)"),
    "where(c, 1, -0.0) stays": (do("where", "c", Constant.of(np.float32(1)), -0.0), "where(c, 1.0, -0.0)"),
    "where(c, True, False)": (do("where", "c", Constant.of(np.True_), False), "c"),
    "where(c, x, 0) * cast(c)": (
        do("mul", do("where", "c", "x", 0.0), cast("c", float32)),
        "where(c, x, 0.0)",
    ),
    "where(c, x, 0) * cast(d) stays": (do("mul", do("where", "c", "x", 0.0), cast("d", float32)), "mul(%1, %2)"),
    "cast(not c) * where(c, 0, x)": (
        do("mul", cast(do("not", "c"), float32), do("where", "c", 0.0, "x")),
        "where(c, 0.0, x)",
    ),
    "n == n": (do("eq", "n", "n"), "broadcast(True, shape=(100,))"),
    "x == x stays": (do("eq", "x", "x"), "eq(x, x)"),
    "x < x": (do("lt", "x", "x"), "broadcast(False, shape=(100,))"),
    "u <= u": (do("le", "u", "u"), "broadcast(True, shape=(100,))"),
    "x <= x stays": (do("le", "x", "x"), "le(x, x)"),
    "not not c": (do("not", do("not", "c")), "c"),
    "c and c": (do("and", "c", "c"), "c"),
    "n or n": (do("or", "n", "n"), "n"),
    "c and True": (do("and", "c", True), "c"),
    "c and False": (do("and", False, "c"), "broadcast(False, shape=(100,))"),
    "c or True": (do("or", "c", True), "broadcast(True, shape=(100,))"),
    "n and 1 stays": (do("and", "n", 1), "and(n, 1)"),
    "is infinite": (is_infinite("x"), "eq(%1, inf)"),
    "is finite": (do("not", do("or", is_infinite("x"), is_nan("x"))), "lt(%1, inf)"),
    "is x NaN or y infinite stays": (do("or", is_nan("x"), is_infinite("y")), "or(%2, %4)"),
    "-where(c, 2, 0)": (neg(do("where", "c", Constant.of(np.float32(2)), 0.0)), "where(c, -2.0, -0.0)"),
    "where(c, s, t) * 2": (do("mul", do("where", "c", "s", "t"), 2.0), "where(c, %1, %2)"),
    "cast of a choice of numbers": (cast(do("where", "c", "s", "t"), int64), "where(c, %1, %2)"),
    "-where(c, x, t) stays": (neg(do("where", "c", "x", "t")), "neg(%1)"),
    "exp(where(0 < x, -x, x))": (do("exp", do("where", do("lt", 0.0, "x"), neg("x"), "x")), "exp(%2)"),
    "exp(where(0 < -x, x, -x))": (
        do("exp", do("where", do("lt", 0.0, neg("x")), "x", neg("x"))),
        "exp(%2)",
    ),
    "exp(where(0 < x, -y, x)) stays": (do("exp", do("where", do("lt", 0.0, "x"), neg("y"), "x")), "exp(%3)"),
    # Movement
    "to the same dtype": (cast("x", float32), "x"),
    "to float64 and back": (cast(cast("x", float64), float32), "x"),
    "int32 by float64 to float32": (cast(cast("n", float64), float32), "cast(n, dtype=float32)"),
    "int32 by float32 to float64 stays": (cast(cast("n", float32), float64), "cast(%1, dtype=float64)"),
    "bool by uint8 to int64": (cast(cast("c", uint8), int64), "cast(c, dtype=int64)"),
    "int32 by bool to int32 stays": (cast(cast("n", bool_), int32), "cast(%1, dtype=int32)"),
    "broadcast twice": (wide(wide("row", 1, 4), 3, 2, 4), "broadcast(row, shape=(3, 2, 4))"),
    "broadcast to its shape": (wide("row", 4), "row"),
    "broadcast of one element": (wide("one", 2, 3), "broadcast(%1, shape=(2, 3))"),
    "reshape twice": (reshape(reshape("m", 10), 5, 2), "reshape(m, shape=(5, 2))"),
    "reshape and back": (reshape(reshape("m", 10), 2, 5), "m"),
    "reshape of a stretched number": (reshape(wide("s", 2, 3), 6), "broadcast(s, shape=(6,))"),
    "permute of a stretched number": (permute(wide("s", 2, 3), 1, 0), "broadcast(s, shape=(3, 2))"),
    "permute and back": (permute(permute("m", 1, 0), 1, 0), "m"),
    "permute twice": (permute(permute(reshape("m", 1, 2, 5), 2, 0, 1), 0, 2, 1), "reshape(%2, shape=(5, 2, 1))"),
    "permute of length 1": (permute(reshape("row", 1, 4), 1, 0), "reshape(row, shape=(4, 1))"),
    "flip twice": (do("flip", do("flip", "m", dims=(0, 1)), dims=(1,)), "flip(m, dims=(0,))"),
    "flip and back": (do("flip", do("flip", "m", dims=(1,)), dims=(1,)), "m"),
    "flip of length 1": (do("flip", reshape("row", 1, 4), dims=(0,)), "reshape(row, shape=(1, 4))"),
    "slice of all": (cut("row", (0,), (4,)), "row"),
    "slice twice": (
        cut(cut("x", (1,), (90,), (2,)), (3,), (20,), (4,)),
        "slice(x, start=(7,), stop=(40,), step=(8,))",
    ),
    "slice of what was put there": (
        cut(do("update", "m", cut("m", *SMALL_PART.values()), **SMALL_PART), *SMALL_PART.values()),
        "slice(m, start=(0, 1), stop=(2, 4), step=(1, 2))",
    ),
    "slice of padding": (cut(do("pad", "row", widths=((2, 1),), inner=(1,), value=0.0), (2,), (9,), (2,)), "row"),
    "slice of a part of it stays": (
        cut(do("pad", "row", widths=((2, 1),), inner=(1,), value=0.0), (2,), (6,)),
        "slice(%1, start=(2,), stop=(6,), step=(1,))",
    ),
    "windows side by side": (
        do(
            "overlap_add", reshape("x", 1, 5, 5, 2, 2, 1), spatial=(11, 10), size=(2, 2), stride=(2, 2), dilation=(1, 1)
        ),
        "add(%4, 0.0)",
    ),
    "windows that overlap stay": (
        do("overlap_add", reshape("x", 1, 10, 10, 1), spatial=(19,), size=(10,), stride=(1,), dilation=(1,)),
        "overlap_add(%1, spatial=(19,), size=(10,), stride=(1,), dilation=(1,))",
    ),
    "what was found": (
        do("gather", "pairs", reshape(do("argmax", "pairs", dim=1), 100, 1), axis=1),
        "where(%3, %4, %5)",
    ),
    "what was found elsewhere stays": (
        do("gather", "pairs", reshape(do("argmax", neg("pairs"), dim=1), 100, 1), axis=1),
        "gather(pairs, %3, axis=1)",
    ),
    "convolution of single pixels": (
        do("convolution", reshape("x", 1, 50, 2), reshape("w", 1, 1, 2), frame=PIXELS),
        "reshape(%2, shape=(1, 50, 1))",
    ),
    "gradient to single pixels": (
        do("convolution_input", reshape("x", 1, 100, 1), reshape("w", 1, 1, 2), spatial=(100,), frame=PIXELS),
        "reshape(%3, shape=(1, 100, 2))",
    ),
    "convolution of every second pixel stays": (
        do("convolution", reshape("x", 1, 50, 2), reshape("w", 1, 1, 2), frame=PIXELS._replace(stride=(2,))),
        f"convolution(%1, %2, frame={PIXELS._replace(stride=(2,))})",
    ),
    "pad with nothing": (do("pad", "one", widths=((0, 0), (0, 0)), inner=(3, 2), value=0.0), "one"),
    "concatenate with nothing": (do("concatenate", cut("row", (1,), (1,)), "row", dim=0), "row"),
    # Stretching late
    "f(stretched)": (do("exp", wide("row", 3, 4)), "broadcast(%1, shape=(3, 4))"),
    "f(stretched, stretched)": (do("mul", wide("row", 3, 4), wide(neg("row"), 3, 4)), "broadcast(%2, shape=(3, 4))"),
    "f(stretched, number)": (do("mul", "s", wide("row", 3, 4)), "broadcast(%1, shape=(3, 4))"),
    "f(tensor, stretched number)": (do("sub", "m", wide("s", 2, 5)), "sub(m, s)"),
    "f(stretched number, number)": (do("sub", wide("s", 2, 5), "t"), "broadcast(%1, shape=(2, 5))"),
    "where(stretched number, ...)": (
        do("where", wide("b", 3, 4), wide("row", 3, 4), "s"),
        "broadcast(%2, shape=(3, 4))",
    ),
    "where(c, stretched number, x)": (do("where", "c", wide("s", 100), "x"), "where(c, s, x)"),
    "f(stretched, tensor) stays": (do("add", wide("row", 2, 4), cut("m", (0, 1), (2, 5))), "add(%1, %2)"),
    "f(row, column) stays": (do("add", wide("row", 2, 4), wide("w", 2, 4)), "add(%1, %2)"),
    # Reductions
    "sum of single elements": (do("sum", reshape("x", 1, 100, 1), dims=(0, 2)), "add(x, 0.0)"),
    "sum over nothing": (do("sum", "n", dims=()), "n"),
    "largest of single elements": (do("amax", reshape("x", 100, 1), dims=(1,)), "x"),
    "sum of negative": (do("sum", neg("m"), dims=(1,)), "sub(0.0, %1)"),
    "sum of equal values": (do("sum", wide("row", 7, 4), dims=(0,)), "add(%1, 0.0)"),
    "sum of a stretched number": (do("sum", wide("t", 7, 4), dims=(0,)), "broadcast(%2, shape=(4,))"),
    "sum of other values stays": (do("sum", wide("row", 7, 4), dims=(1,)), "sum(%1, dims=(1,))"),
    "smallest of equal values": (do("amin", wide("row", 7, 4), dims=(0,)), "row"),
}

# The same up to rounding, by the number of units in the last place.
ROUNDED: dict[str, tuple[Value, str, int]] = {
    "x ** 2": (do("pow", "x", 2), "mul(x, x)", 1),
    "x ** 3": (do("pow", "x", 3), "mul(%1, x)", 2),
    "x ** -1": (do("pow", "x", -1), "div(1.0, x)", 1),
    "sum of equal float64": (do("sum", cast(wide("row", 7, 4), float64), dims=(0,)), "add(%2, 0.0)", 1),
}


def simplified(value: Value) -> tuple[str, np.ndarray, np.ndarray]:
    """What the value's simplest form is, what that gives, and what the value itself gives."""
    graph = Graph(tuple(INPUTS.values()), (value,))
    simple = simplify(graph, check=True)
    lines = text(simple).splitlines()
    name = lines[lines.index("results:") + 1].strip()
    columns = [re.split(r"\s{2,}", line.strip()) for line in lines]
    form = next((row[1] for row in columns if row[0] == name and name.startswith("%") and len(row) > 1), name)
    arrays = list(GIVEN.values())
    return form, evaluate(simple, arrays)[0][0], evaluate(graph, arrays)[0][0]


@pytest.mark.parametrize(("value", "form"), EXACT.values(), ids=EXACT)
def test_exact_rules(value, form):
    found, got, expected = simplified(value)
    assert found == form
    np.testing.assert_array_equal(got, expected)
    if expected.dtype.kind == "f":
        numbers = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(got[numbers]), np.signbit(expected[numbers]))


@pytest.mark.parametrize(("value", "form", "units"), ROUNDED.values(), ids=ROUNDED)
def test_rules_that_round(value, form, units):
    found, got, expected = simplified(value)
    assert found == form
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
    numbers = ~np.isnan(expected)
    np.testing.assert_array_max_ulp(got[numbers], expected[numbers], units)
    np.testing.assert_array_equal(np.signbit(got[numbers]), np.signbit(expected[numbers]))
