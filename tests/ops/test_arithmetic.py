"""What the oracle's cases leave out: dtypes, zeros, special values, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError, GradientError

inf, nan = math.inf, math.nan
special = arrays(np.float64, 4, elements=st.floats(width=64))


@given(special, special)
def test_infinities_and_nan_mean_what_they_mean(a, b):
    x, y = cr.tensor(a), cr.tensor(b)
    with np.errstate(all="ignore"):
        for ours, theirs in (
            (x + y, a + b),
            (x - y, a - b),
            (x * y, a * b),
            (x / y, a / b),
            (x < y, a < b),
            (x == y, a == b),
            (cr.maximum(x, y), np.maximum(a, b)),
            (cr.minimum(x, y), np.minimum(a, b)),
            (x.isfinite(), np.isfinite(a)),
            (x.isinf(), np.isinf(a)),
            (x.sqrt(), np.sqrt(a)),
            (x.log(), np.log(a)),
        ):
            np.testing.assert_array_equal(ours.numpy(), theirs)


def test_nothing_warns():
    x = cr.tensor([0.0, -1.0, inf], requires_grad=True)
    (x.log() + x.sqrt() + 1 / x + x.exp() * 1e38).sum().backward()


@given(st.integers(-50, 50), st.integers(-9, 9).filter(bool))
def test_whole_division_is_pythons(a, b):
    x, y = cr.tensor(a), cr.tensor(b)
    assert ((x // y).item(), (x % y).item()) == (a // b, a % b)
    assert cr.div(x, y, rounding_mode="trunc").item() == int(a / b)
    assert (x / y).dtype == cr.float32


def test_integers_divided_by_zero_are_an_error():
    zero = cr.tensor([1, 0])
    for divide in (lambda: 5 // zero, lambda: 5 % zero, lambda: cr.div(5, zero, rounding_mode="trunc")):
        with pytest.raises(ArgumentError, match="by zero"):
            divide()
    assert (cr.tensor([1, -1, 0]) / 0).tolist()[:2] == [inf, -inf]


def test_powers():
    x = cr.tensor([2, 3])
    assert (x**2).tolist() == [4, 9]
    assert (x**2).dtype == cr.int64
    assert (2**x).tolist() == [4, 8]
    assert (x**0.5).dtype == cr.float32
    with pytest.raises(ArgumentError, match=r"exponent -1[\s\S]*x\.float\(\)"):
        _ = x**-1
    with pytest.raises(ArgumentError, match="exponent -2"):
        _ = x ** cr.tensor([1, -2])


def test_bools():
    a, b = cr.tensor([True, True, False]), cr.tensor([True, False, False])
    assert (a + b).tolist() == (a | b).tolist() == [True, True, False]
    assert (a * b).tolist() == (a & b).tolist() == [True, False, False]
    assert (~a).tolist() == [False, False, True]
    for refused in (lambda: a - b, lambda: -a, lambda: a // b, lambda: a % b):
        with pytest.raises(DTypeError):
            refused()
    with pytest.raises(DTypeError, match=r"\(x > 0\)"):
        _ = cr.ones(2) & cr.ones(2)


def test_the_derivative_at_corners():
    """Where there is none, PyTorch's: 0 for abs and relu, half each where two tie, 1 at both limits of clip."""
    cases = {
        (lambda x: x.abs(), 0.0): 0,
        (lambda x: x.relu(), 0.0): 0,
        (lambda x: x.clip(0, 1), 0.0): 1,
        (lambda x: x.clip(0, 1), 1.0): 1,
        (lambda x: cr.maximum(x, cr.tensor(2.0)), 2.0): 0.5,
        (lambda x: x**0, 0.0): 0,
        (lambda x: x**1, 0.0): 1,
        (lambda x: cr.atan2(x, x * 0), 0.0): 0,
        (lambda x: x.norm(), 0.0): 0,
    }
    for (function, at), expected in cases.items():
        assert cr.grad(function)(cr.tensor(at)).item() == expected


def test_the_derivative_of_a_power_by_its_exponent_at_zero():
    base, exponent = cr.tensor([0.0, 2.0], requires_grad=True), cr.tensor([2.0, 3.0], requires_grad=True)
    (base**exponent).sum().backward()
    np.testing.assert_allclose(base.grad.numpy(), [0, 12])
    np.testing.assert_allclose(exponent.grad.numpy(), [0, 8 * math.log(2)], rtol=1e-6)


def test_clip_needs_a_limit():
    with pytest.raises(ArgumentError, match="min, max or both"):
        cr.clip(cr.ones(2))
    assert cr.clip(cr.tensor([-5, 5]), 0, 3).tolist() == [0, 3]
    assert np.isnan(cr.clip(cr.tensor([nan]), 0, 1).item())


def test_what_is_no_operand():
    for use in (lambda: cr.ones(2) + "a", lambda: cr.ones(2) * [1, 2], lambda: cr.exp(None), lambda: cr.ones(2) < "b"):
        with pytest.raises(DTypeError, match="cannot compute with"):
            use()


def test_comparison_with_anything():
    x = cr.tensor([1.0, 2.0])
    assert (x == 1).tolist() == [True, False]
    assert (x != np.array([1.0, 3.0])).tolist() == [False, True]
    assert x != None  # noqa: E711  # this one is asked often
    assert x != "text"
    assert x in [x]
    assert 2.0 in x
    assert 3.0 not in x


def test_closeness():
    x = cr.tensor([1.0, nan, inf, 1e-9])
    assert cr.isclose(x, x).tolist() == [True, False, True, True]
    assert cr.isclose(x, x, equal_nan=True).all().item()
    assert not cr.allclose(cr.tensor([1.0]), cr.tensor([1.1]))
    assert cr.allclose(cr.tensor([1, 2]), cr.tensor([1, 2]))
    assert not cr.equal(cr.ones(2), cr.ones(3))


def test_truth():
    assert bool(cr.tensor([2.0]))
    assert not bool(cr.tensor(0))
    with pytest.raises(ValueError, match="any"):
        bool(cr.ones(2))


def test_float_of_something_tracked():
    x = cr.tensor(2.5, requires_grad=True)
    assert (float(x), int(x), x.item(), round(float(x * 2))) == (2.5, 2, 2.5, 5)
    with pytest.raises(GradientError, match="detach"):
        x.numpy()
