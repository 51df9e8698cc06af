"""The simple elementwise primitives, whole numbers, casts and faults: bit for bit as NumPy has them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from chainrule.core.dtype import ALL, FLOATING, INTEGER, bool_, float32, float64, int32, int64, uint8
from chainrule.core.primitive import PRIMITIVES
from chainrule.native.convention import Fault
from chainrule.native.pointwise import POINTWISE
from chainrule.native.target import Target
from chainrule.ops.elementwise import Binary, Unary, Where
from tests.native.accuracy import numbers, pairs, same
from tests.native.elementwise import Native, assembly_of
from tests.native.harness import EVERY, NEON, RUNNABLE

ONE = ("neg", "abs", "sign", "floor", "ceil", "round", "not")
DIVISIONS = ("floor_divide", "remainder")
TWO = ("add", "sub", "mul", "div", "maximum", "minimum", "eq", "lt", "le", "and", "or", "xor", *DIVISIONS)
CHECKED = (*DIVISIONS, "pow")


def named(target: Target) -> str:
    return target.name


def takes(name: str, dtype: np.dtype) -> bool:
    """Whether operations ever apply a primitive to a dtype."""
    if name in ("and", "or", "xor", "not"):
        return dtype.kind != "f"
    if name == "div":
        return dtype.kind == "f"
    return dtype != bool_ or name not in ("neg", "sub", *CHECKED)


def evaluate(name: str, *arrays: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(PRIMITIVES[name].evaluate(*arrays))


def check(name: str, target: Target, *arrays: np.ndarray, lanes: int | None = None) -> None:
    expected, result = evaluate(name, *arrays), Native(name, target, lanes)(*arrays)
    assert result.dtype == expected.dtype
    wrong = np.flatnonzero(~same(result, expected))
    assert not wrong.size, [(*(array[i] for array in arrays), result[i], expected[i]) for i in wrong[:5]]


def test_every_elementwise_primitive_is_there():
    elementwise = {name for name, primitive in PRIMITIVES.items() if isinstance(primitive, (Unary, Binary, Where))}
    assert elementwise == set(POINTWISE)


@pytest.mark.parametrize("target", RUNNABLE, ids=named)
@pytest.mark.parametrize("dtype", ALL, ids=str)
@pytest.mark.parametrize("name", ONE)
def test_of_one(name, dtype, target):
    if takes(name, dtype):
        check(name, target, numbers(dtype))


@pytest.mark.parametrize("target", RUNNABLE, ids=named)
@pytest.mark.parametrize("dtype", ALL, ids=str)
@pytest.mark.parametrize("name", TWO)
def test_of_two(name, dtype, target):
    if takes(name, dtype):
        a, b = pairs(dtype)
        legal = b != 0 if name in CHECKED and dtype.kind != "f" else np.ones(b.size, bool)
        check(name, target, a[legal], b[legal])


@pytest.mark.parametrize("dtype", INTEGER, ids=str)
def test_powers_of_whole_numbers_wrap_round(dtype):
    a, b = pairs(dtype)
    check("pow", RUNNABLE[0], a[b >= 0], b[b >= 0])


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_choices(dtype):
    a, b = pairs(dtype)
    condition = np.random.default_rng(0).integers(0, 2, a.size).astype(bool)
    check("where", RUNNABLE[0], condition, a, b)


@pytest.mark.parametrize("target", RUNNABLE, ids=named)
@pytest.mark.parametrize("to", ALL, ids=str)
@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_casts(dtype, to, target):
    x = numbers(dtype)
    if dtype.kind == "f" and to.kind in "iu":
        # What C leaves open is not compared: NumPy's answer depends on the processor.
        info = np.iinfo(to)
        with np.errstate(invalid="ignore"):
            x = x[(x > float(info.min) - 1) & (x < float(info.max) + (to != int64))]
    with np.errstate(all="ignore"):
        expected = x.astype(to)
    assert same(Native("cast", target, to=to)(x), expected).all()


def test_casts_beyond_the_range_are_the_same_on_every_target():
    x = np.array([np.nan, np.inf, -np.inf, 3e9, -3e9, 1e19, -1e19, -1.0, 256.5, 300.0, 4e9, 1e10])
    for dtype in FLOATING:
        for target in RUNNABLE:
            for to, lowest in ((int32, -(2**31)), (int64, -(2**63))):
                result = Native("cast", target, to=to)(x.astype(dtype))
                beyond = ~(np.abs(x) < -float(lowest))
                assert (result[beyond] == lowest).all()
                assert (result[~beyond] == x[~beyond].astype(to)).all()
            assert Native("cast", target, to=uint8)(x.astype(dtype)).tolist() == [0] * 7 + [255, 0, 44, 0, 0]


@pytest.mark.parametrize("name", ["add", "maximum", "round", "lt", "floor_divide"])
@pytest.mark.parametrize("lanes", [0, 1, 3, 32])
def test_any_number_of_lanes(name, lanes):
    for dtype in (float32, int32):
        arrays = pairs(dtype) if name in TWO else (numbers(dtype),)
        legal = arrays[-1] != 0
        check(name, RUNNABLE[0], *[array[legal] for array in arrays], lanes=lanes)


BAD = (
    ("floor_divide", [7, 8, 9, 10], [2, 0, 3, 4], Fault.INTEGER_DIVISION_BY_ZERO, 0),
    ("remainder", [7, 8, 9, 10], [2, 0, 3, 4], Fault.INTEGER_DIVISION_BY_ZERO, 0),
    ("pow", [7, 8, 9, 10], [2, -5, 3, -4], Fault.NEGATIVE_INTEGER_POWER, -5),
)


@pytest.mark.parametrize("lanes", [0, 4])
@pytest.mark.parametrize("dtype", [int32, int64], ids=str)
@pytest.mark.parametrize(("name", "a", "b", "fault", "value"), BAD, ids=[bad[0] for bad in BAD])
def test_bad_data_is_reported_unless_it_is_masked_off(name, a, b, fault, value, dtype, lanes):
    a, b = np.array(a, dtype), np.array(b, dtype)
    native = Native(name, RUNNABLE[0], lanes)
    native(a[:2], b[:2])
    assert native.fault == (fault, value)
    legal = b > 0
    result = native(a, b, mask=legal)
    assert native.fault is None
    assert (result[legal] == evaluate(name, a[legal], b[legal])).all()


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(ALL), st.sampled_from((*TWO, "pow")), st.sampled_from(RUNNABLE))
def test_whatever_the_numbers(data, dtype, name, target):
    if not takes(name, dtype) or (name == "pow" and dtype.kind == "f"):
        return
    a, b = (data.draw(arrays_of.arrays(dtype, 20)) for _ in range(2))
    if name in CHECKED and dtype.kind != "f":
        b = np.abs(b) & np.asarray(15, dtype) if name == "pow" else np.where(b == 0, np.asarray(1, dtype), b)
    check(name, target, a, b)


@pytest.mark.parametrize("name", ["add", "maximum", "round", "remainder", "cast"])
def test_code_for_other_processors(name):
    assert NEON in EVERY
    count = 2 if name in TWO else 1
    for dtype in (float32, float64, int32, uint8):
        assert assembly_of(name, [dtype] * count, NEON, to=int64 if name == "cast" else None)
