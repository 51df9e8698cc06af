"""The mathematical functions against NumPy in more digits, over the whole range of numbers, on all targets."""

from __future__ import annotations

import re

import numpy as np
import pytest

from chainrule.core.primitive import PRIMITIVES
from chainrule.native.target import Target
from tests.native.accuracy import LIMITS, LIMITS_OF_TWO, SPECIAL, errors, every_float32, same, some_float64
from tests.native.elementwise import Native, assembly_of
from tests.native.harness import EVERY, RUNNABLE

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
WIDER = np.finfo(np.longdouble).nmant > 60
NO_LONG_DOUBLE = "NumPy's longdouble is no wider than float64 here, so there is nothing to compare float64 with"
# NumPy's own definitions of these compute in float64, whatever they are given: a unit of theirs comes on top.
IN_FLOAT64 = {"erf": 5.0, "erfc": 12.0}


def named(target: Target) -> str:
    return target.name


def evaluate(name: str, *arrays: np.ndarray, digits: np.dtype | None = None) -> np.ndarray:
    """What it means, computed with so many digits."""
    with np.errstate(all="ignore"):
        result = PRIMITIVES[name].evaluate(*[array.astype(digits or array.dtype) for array in arrays])
        return result.astype(digits or result.dtype)


def worst(name: str, result: np.ndarray, truth: np.ndarray, *arrays: np.ndarray) -> tuple[float, str]:
    """The largest error, and where it is."""
    found = errors(result, truth)
    i = int(np.argmax(found))
    return found[i], f"{name}({', '.join(repr(array[i]) for array in arrays)}) = {result[i]!r}, but {truth[i]!r}"


@pytest.mark.parametrize("target", RUNNABLE, ids=named)
@pytest.mark.parametrize("name", LIMITS)
def test_float32_of_all_exponents(name, target):
    x = every_float32(2**12 if target is RUNNABLE[0] else 2**15)
    error, where = worst(name, Native(name, target)(x), evaluate(name, x, digits=FLOAT64), x)
    assert error <= LIMITS[name][0], where


@pytest.mark.skipif(not WIDER, reason=NO_LONG_DOUBLE)
@pytest.mark.parametrize("target", RUNNABLE, ids=named)
@pytest.mark.parametrize("name", LIMITS)
def test_float64_of_all_exponents(name, target):
    x = some_float64(30_000 if target is RUNNABLE[0] else 3_000)
    error, where = worst(name, Native(name, target)(x), evaluate(name, x, digits=np.dtype(np.longdouble)), x)
    assert error <= IN_FLOAT64.get(name, LIMITS[name][1]), where


def pairs(dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Random bits; bases and exponents whose powers are neither 0 nor infinite; and usual numbers."""
    rng, count, info = np.random.default_rng(5), 20_000, np.finfo(dtype)
    bits = rng.integers(0, 2**info.bits, 2 * count, dtype=np.uint64).astype(f"u{info.bits // 8}").view(dtype)
    base = np.exp(rng.normal(size=count) * 10 ** rng.uniform(-3, 1, count))
    exponent = rng.uniform(np.log(float(info.tiny)), np.log(float(info.max)), count) / np.log(base)
    near, far = rng.normal(size=count) * 5, rng.integers(-20, 20, count)
    with np.errstate(over="ignore"):
        a = np.concatenate([bits[:count], base.astype(dtype), near.astype(dtype)])
        b = np.concatenate([bits[count:], exponent.astype(dtype), far.astype(dtype)])
    return a, b


@pytest.mark.parametrize("target", RUNNABLE, ids=named)
@pytest.mark.parametrize("name", LIMITS_OF_TWO)
@pytest.mark.parametrize(("dtype", "wide"), [(FLOAT32, FLOAT64), (FLOAT64, np.dtype(np.longdouble))], ids=str)
def test_functions_of_two(name, dtype, wide, target):
    if dtype == FLOAT64 and not WIDER:
        pytest.skip(NO_LONG_DOUBLE)
    a, b = pairs(dtype)
    result, truth = Native(name, target)(a, b), evaluate(name, a, b, digits=wide)
    error, where = worst(name, result, truth, a, b)
    assert error <= LIMITS_OF_TWO[name][dtype == FLOAT64], where
    assert np.array_equal(np.signbit(result)[~np.isnan(truth)], np.signbit(truth)[~np.isnan(truth)])


@pytest.mark.parametrize("target", RUNNABLE, ids=named)
@pytest.mark.parametrize("dtype", [FLOAT32, FLOAT64], ids=str)
def test_ends_and_zeros_are_numpys(dtype, target):
    """Where NumPy's answer is 0, infinite, NaN or a whole number, so is ours, with the same sign."""
    with np.errstate(over="ignore"):
        x = np.array(SPECIAL, dtype)
    for name in LIMITS:
        expected, result = evaluate(name, x), Native(name, target)(x)
        plain = ~np.isfinite(expected) | (expected == 0) | (np.abs(expected) == 1) & (np.abs(x) < 1e-30)
        assert same(result[plain], expected[plain]).all(), (name, x[plain], result[plain], expected[plain])
    a, b = (side.ravel() for side in np.meshgrid(x, x))
    for name in LIMITS_OF_TWO:
        expected, result = evaluate(name, a, b), Native(name, target)(a, b)
        plain = ~np.isfinite(expected) | (expected == 0) | (np.abs(expected) == 1) & (b == 0)
        wrong = np.flatnonzero(plain)[~same(result[plain], expected[plain])]
        assert not wrong.size, [(name, a[i], b[i], result[i], expected[i]) for i in wrong[:5]]


@pytest.mark.parametrize("name", LIMITS)
def test_single_numbers_are_as_lanes(name):
    """The same code, bit for bit, whatever the number of lanes: so results do not depend on where a vector ends."""
    x = np.concatenate([every_float32(2**24), np.array([1e20, -1e30], np.float32)])
    in_lanes = Native(name, RUNNABLE[0])(x)
    for lanes in (0, 1, 4):
        assert same(Native(name, RUNNABLE[0], lanes)(x), in_lanes).all(), lanes


def test_a_truth_that_numpy_does_not_know():
    """Digits of erf, erfc and sines of huge numbers, from tables."""
    erf, erfc = Native("erf", RUNNABLE[0]), Native("erfc", RUNNABLE[0])
    x = np.array([0.1, 0.5, 1.0, 2.0, 3.5])
    known = [0.1124629160182849, 0.5204998778130465, 0.8427007929497149, 0.9953222650189527, 0.9999992569016276]
    np.testing.assert_allclose(erf(x), known, rtol=3e-16)
    x = np.array([0.5, 1.0, 5.0, 10.0])
    known = [0.4795001221869535, 0.15729920705028513, 1.5374597944280349e-12, 2.088487583762545e-45]
    np.testing.assert_allclose(erfc(x), known, rtol=8e-16)
    x = np.array([1e22, 2.0**1023, 6381956970095103.0 * 2.0**797])
    # The last is the float64 that comes closest to a multiple of pi / 2.
    known = [-0.8522008497671888, 0.5631277798508840, 1.0]
    np.testing.assert_allclose(Native("sin", RUNNABLE[0])(x), known, rtol=5e-16)
    np.testing.assert_allclose(Native("cos", RUNNABLE[0])(x[2:]), [-4.6871659242546276e-19], rtol=5e-16)


@pytest.mark.parametrize("target", EVERY, ids=named)
@pytest.mark.parametrize("dtype", [FLOAT32, FLOAT64], ids=str)
def test_no_library_is_called(dtype, target):
    names = {**dict.fromkeys((*LIMITS, "floor", "ceil", "round"), 1), **dict.fromkeys((*LIMITS_OF_TWO, "remainder"), 2)}
    for name, arguments in names.items():
        text = assembly_of(name, [dtype] * arguments, target)
        called = set(re.findall(r"^\s+(?:call|callq|jmp|bl|b)\s+([A-Za-z_][\w.@]*)", text, re.MULTILINE))
        own = set(re.findall(r"^([\w.]+):", text, re.MULTILINE))
        assert called <= own, (name, called - own)
