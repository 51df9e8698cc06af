import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.core.abstract import shapes_only
from chainrule.errors import ArgumentError, NonFiniteError
from chainrule.optim import clip_grad_norm_, clip_grad_value_


def with_gradient(*values):
    w = cr.zeros(len(values), dtype=cr.float64, requires_grad=True)
    w.grad = cr.tensor(np.array(values))
    return w


numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5)


@given(first=numbers, second=numbers, limit=st.floats(1e-3, 1e3))
def test_a_clipped_norm_is_within_the_limit_and_in_the_same_direction(first, second, limit):
    params = [with_gradient(*first), with_gradient(*second)]
    before = np.concatenate([first, second])
    total = clip_grad_norm_(params, limit)
    after = np.concatenate([param.grad.numpy() for param in params])
    assert np.linalg.norm(after) <= limit * (1 + 1e-12)
    np.testing.assert_allclose(total.item(), np.linalg.norm(before), rtol=1e-12)
    np.testing.assert_allclose(after * max(total.item() + 1e-6, limit), before * limit, rtol=1e-9, atol=1e-9)


@given(values=numbers, limit=st.floats(0, 1e3))
def test_clipped_values_are_within_the_limit(values, limit):
    param = with_gradient(*values)
    clip_grad_value_(param, limit)
    np.testing.assert_array_equal(param.grad.numpy(), np.clip(values, -limit, limit))


def test_parameters_that_share_a_gradient_are_clipped_once():
    x, y = cr.zeros(2, requires_grad=True), cr.zeros(2, requires_grad=True)
    (3 * (x + y)).sum().backward()
    clip_grad_norm_([x, y], 3.0)
    np.testing.assert_allclose(x.grad.numpy(), 1.5, rtol=1e-6)
    np.testing.assert_allclose(y.grad.numpy(), 1.5, rtol=1e-6)


def test_dtypes_may_be_mixed():
    single, double = cr.zeros(1, requires_grad=True), with_gradient(4.0)
    single.grad = cr.tensor([3.0])
    assert clip_grad_norm_([single, double], 1.0).item() == pytest.approx(5.0)
    assert (single.grad.dtype, double.grad.dtype) == (cr.float32, cr.float64)


def test_parameters_without_gradients_do_not_count():
    unused, used = cr.zeros(2, requires_grad=True), with_gradient(3.0, 4.0)
    assert clip_grad_norm_(iter([unused, used]), 1.0).item() == 5.0
    assert unused.grad is None
    assert clip_grad_norm_([unused], 1.0).item() == 0.0
    clip_grad_value_([unused], 1.0)


def test_a_norm_that_is_not_finite_is_an_error_on_demand():
    param = with_gradient(1.0, np.inf)
    with pytest.raises(NonFiniteError, match="inf"):
        clip_grad_norm_(param, 1.0, error_if_nonfinite=True)
    assert param.grad.tolist() == [1.0, np.inf]
    clip_grad_norm_(param, 1.0)
    np.testing.assert_array_equal(param.grad.numpy(), [0.0, np.nan])


def test_it_runs_without_values():
    param = with_gradient(3.0, 4.0)
    with shapes_only():
        assert clip_grad_norm_([param], 1.0).shape == ()
        clip_grad_value_([param], 1.0)
    assert param.grad.tolist() == [3.0, 4.0]


@pytest.mark.parametrize("limit", [-1.0, "1", None, float("nan")])
def test_limits_that_make_no_sense(limit):
    with pytest.raises(ArgumentError, match="max_norm"):
        clip_grad_norm_([with_gradient(1.0)], limit)
    with pytest.raises(ArgumentError, match="clip_value"):
        clip_grad_value_([with_gradient(1.0)], limit)


def test_what_is_no_parameter():
    with pytest.raises(ArgumentError, match="no tensor"):
        clip_grad_norm_([1.0], 1.0)
    with pytest.raises(ArgumentError, match="norm_type"):
        clip_grad_norm_([with_gradient(1.0)], 1.0, norm_type=-2)
