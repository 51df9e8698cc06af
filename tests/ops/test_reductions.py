import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError, ShapeError

FUNCTIONS = {"sum": np.sum, "mean": np.mean, "amax": np.max, "amin": np.min, "any": np.any, "all": np.all}


@st.composite
def arrays_and_dims(draw):
    shape = draw(array_shapes(min_dims=1, max_dims=4, max_side=4))
    dims = draw(st.none() | st.lists(st.integers(-len(shape), len(shape) - 1), min_size=1, max_size=len(shape)))
    if dims is not None and len({d % len(shape) for d in dims}) < len(dims):
        dims = dims[:1]
    values = np.random.RandomState(draw(st.integers(0, 9))).randint(-2, 3, shape)
    return values.astype(np.float64), tuple(dims) if dims is not None else None


@given(arrays_and_dims(), st.sampled_from(sorted(FUNCTIONS)), st.booleans())
def test_values_are_numpys(case, name, keepdim):
    array, dims = case
    got = getattr(cr, name)(cr.tensor(array), dim=dims, keepdim=keepdim)
    np.testing.assert_allclose(got.numpy(), FUNCTIONS[name](array, axis=dims, keepdims=keepdim), strict=True)


@given(arrays_and_dims(), st.booleans(), st.integers(0, 1))
def test_variance_is_numpys(case, keepdim, correction):
    array, dims = case
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy warns where no degrees of freedom are left
        expected = np.var(array, axis=dims, keepdims=keepdim, ddof=correction)
    got = cr.var(cr.tensor(array), dims, correction=correction, keepdim=keepdim)
    np.testing.assert_allclose(got.numpy(), expected, atol=1e-12)


@given(arrays_and_dims())
def test_ties_share_the_gradient(case):
    array, dims = case
    x = cr.tensor(array, requires_grad=True)
    x.amax(dims).sum().backward()
    chosen = array == array.max(axis=dims, keepdims=True)
    np.testing.assert_allclose(x.grad.numpy(), chosen / chosen.sum(axis=dims, keepdims=True))


@pytest.mark.parametrize("shape", [(1_000_000,), (1_000_000, 3), (3, 1_000_000)], ids=str)
def test_a_million_single_precision_numbers_keep_their_digits(shape):
    array = np.random.RandomState(0).uniform(0, 1, shape).astype(np.float32)
    x, axis = cr.tensor(array), int(np.argmax(shape))
    exact = array.sum(axis=axis, dtype=np.float64)
    np.testing.assert_allclose(x.sum(axis).numpy(), exact, rtol=1e-7)
    np.testing.assert_allclose(x.mean(axis).numpy(), exact / 1_000_000, rtol=2e-7)
    np.testing.assert_allclose(x.std(axis).numpy(), array.std(axis=axis, dtype=np.float64), rtol=1e-6)
    np.testing.assert_allclose(x.cumsum(axis).narrow(axis, 999_999, 1).numpy().squeeze(), exact.squeeze(), rtol=1e-7)
    assert x.sum(axis).dtype == cr.float32


def test_no_elements():
    x = cr.zeros(0, 3)
    assert x.sum().item() == 0
    assert x.sum(0).tolist() == [0, 0, 0]
    assert x.prod(0).tolist() == [1, 1, 1]
    assert math.isnan(x.mean().item())
    assert not x.any().item()
    assert x.all().item()
    assert x.amax(1).shape == (0,)
    assert x.argmax(1).shape == (0,)
    for reduce in (x.amax, x.max, x.argmin, lambda: x.amax(0), lambda: x.max(0), lambda: x.argmax(0)):
        with pytest.raises(ShapeError, match="no elements"):
            reduce()


def test_a_single_number():
    x = cr.tensor(3.0)
    for reduce in (cr.sum, cr.mean, cr.amax, cr.prod, cr.max):
        assert reduce(x).item() == 3
    assert x.sum(0).item() == x.sum(-1).item() == x.prod(0).item() == 3
    assert x.max(0).values.item() == 3
    assert x.argmax().item() == x.argmax(0).item() == 0
    assert x.cumsum(0).item() == 3


def test_nan_wins_everywhere():
    x = cr.tensor([[1.0, math.nan], [2.0, 3.0]])
    assert np.isnan([x.max().item(), x.min().item(), x.amax(1)[0].item(), x.max(1).values[0].item()]).all()
    assert x.argmax(1).tolist() == [1, 1]
    assert x.argmin(1).tolist() == [1, 0]


def test_integers_and_bools():
    x = cr.tensor([[True, False], [True, True]])
    assert x.sum().item() == 3
    assert x.sum(0).dtype == cr.int64
    assert cr.tensor([200, 100], dtype=cr.uint8).sum().item() == 300
    assert cr.tensor([1, 2], dtype=cr.int32).cumsum(0).dtype == cr.int64
    assert cr.tensor([1, 2], dtype=cr.int32).max().dtype == cr.int32
    assert cr.mean(x, dtype=cr.float64).item() == 0.75
    assert cr.sum(x, 1, dtype=cr.float32).tolist() == [1, 2]
    for reduce in (cr.mean, cr.var, cr.std):
        with pytest.raises(DTypeError, match=r"x\.float\(\)"):
            reduce(cr.tensor([1, 2]))


def test_dims_that_are_not_there():
    x = cr.zeros(2, 3)
    for reduce in (cr.sum, cr.amax, cr.argmax, cr.cumsum, cr.softmax, cr.logsumexp, cr.max, cr.prod, cr.std, cr.sort):
        with pytest.raises(ShapeError, match="no dimension 2"):
            reduce(x, dim=2)
    with pytest.raises(ArgumentError, match="twice"):
        x.sum((0, -2))


def test_logsumexp_and_softmax_at_the_limits():
    inf = math.inf
    x = cr.tensor([[1000.0, 1000.0], [-1000.0, -inf], [-inf, -inf], [inf, 0.0]], dtype=cr.float64)
    np.testing.assert_allclose(x.logsumexp(1).numpy(), [1000 + math.log(2), -1000, -inf, inf])
    np.testing.assert_allclose(x[:2].softmax(1).numpy(), [[0.5, 0.5], [1, 0]])
    np.testing.assert_allclose(x[:2].log_softmax(1).numpy(), [[-math.log(2)] * 2, [0, -inf]])


def test_norms():
    x = cr.tensor([[3.0, 4.0], [0.0, 0.0]], dtype=cr.float64, requires_grad=True)
    x.norm(dim=1).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [[0.6, 0.8], [0, 0]])
    assert cr.norm(x, 0).item() == 2
    with pytest.raises(ArgumentError, match="nuc"):
        cr.norm(x, "nuc")


def test_results_of_max_have_names():
    found = cr.tensor([[1.0, 5.0], [7.0, 2.0]]).max(dim=1)
    values, indices = found
    assert values.tolist() == found.values.tolist() == [5, 7]
    assert indices.tolist() == found.indices.tolist() == [1, 0]
