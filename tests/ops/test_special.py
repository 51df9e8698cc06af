import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.ops.special import erfc

POINTS = np.concatenate([np.linspace(-7, 7, 20_001), np.geomspace(1e-300, 1, 2000), [0.46875, 4.0, np.nextafter(4, 5)]])


def test_the_error_function_is_pythons_to_four_units_in_the_last_place():
    expected = np.array([math.erf(x) for x in POINTS])
    got = cr.erf(cr.tensor(POINTS)).numpy()
    assert (np.abs(got - expected) <= 4 * np.spacing(np.abs(expected))).all()


def test_its_complement_keeps_its_digits():
    points = np.linspace(-6, 26, 10_001)
    expected = np.array([math.erfc(x) for x in points])
    np.testing.assert_allclose(erfc(points), expected, rtol=2e-14)


def test_single_precision_is_the_rounded_double():
    single = POINTS.astype(np.float32)
    expected = np.array([math.erf(x) for x in single]).astype(np.float32)
    got = cr.erf(cr.tensor(single)).numpy()
    assert got.dtype == np.float32
    assert (np.abs(got - expected) <= np.spacing(np.abs(expected))).all()


@pytest.mark.parametrize(("x", "expected"), [(np.inf, 1), (-np.inf, -1), (30.0, 1), (0.0, 0)])
def test_limits(x, expected):
    assert cr.erf(cr.tensor(x)).item() == expected
    assert math.copysign(1, cr.erf(cr.tensor(-0.0)).item()) == -1
    assert math.isnan(cr.erf(cr.tensor(math.nan)).item())


@given(st.floats(-700, 700))
def test_the_sigmoid_neither_overflows_nor_loses_digits(x):
    got = cr.sigmoid(cr.tensor(x, dtype=cr.float64)).item()
    expected = 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))
    assert got == pytest.approx(expected, rel=1e-14, abs=0)


def test_small_numbers_keep_their_digits():
    x = cr.tensor(1e-12, dtype=cr.float64)
    assert cr.expm1(x).item() == pytest.approx(1e-12, rel=1e-12)
    assert cr.log1p(x).item() == pytest.approx(1e-12, rel=1e-12)
