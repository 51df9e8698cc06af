"""Elementwise operations on shapes that stretch, against NumPy, and the gradients of stretching."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import chainrule as cr
from chainrule.errors import ShapeError

pairs = mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3, min_side=0)
FUNCTIONS = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "lt": np.less,
    "ge": np.greater_equal,
    "atan2": np.arctan2,
}


def drawn(shape, seed):
    return np.random.RandomState(seed).uniform(0.5, 2, shape)


@given(pairs, st.sampled_from(sorted(FUNCTIONS)))
def test_values_are_numpys(shapes, name):
    a, b = (drawn(shape, seed) for seed, shape in enumerate(shapes.input_shapes))
    got = getattr(cr, name)(cr.tensor(a), cr.tensor(b))
    np.testing.assert_allclose(got.numpy(), FUNCTIONS[name](a, b), strict=True)


@given(pairs)
def test_a_gradient_is_summed_over_what_was_stretched(shapes):
    a, b = (drawn(shape, seed) for seed, shape in enumerate(shapes.input_shapes))
    x, y = cr.tensor(a, requires_grad=True), cr.tensor(b, requires_grad=True)
    weights = np.cos(np.arange(np.prod(shapes.result_shape, dtype=int))).reshape(shapes.result_shape)
    (x * y * cr.tensor(weights)).sum().backward()
    for variable, other in ((x, b), (y, a)):
        full = np.broadcast_to(weights * other, shapes.result_shape)
        added = full.ndim - len(variable.shape)
        summed = full.sum(axis=tuple(range(added)))
        stretched = tuple(i for i, n in enumerate(variable.shape) if n == 1 and summed.shape[i] != 1)
        np.testing.assert_allclose(variable.grad.numpy(), summed.sum(axis=stretched, keepdims=True), atol=1e-12)


@given(mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3))
def test_where_stretches_all_three(shapes):
    condition, a, b = (drawn(shape, seed) for seed, shape in enumerate(shapes.input_shapes))
    got = cr.where(cr.tensor(condition > 1), cr.tensor(a), cr.tensor(b))
    np.testing.assert_array_equal(got.numpy(), np.where(condition > 1, a, b), strict=True)


def test_numbers_go_with_any_shape():
    x = cr.tensor([[1.0, -2.0]], requires_grad=True)
    assert (2 - x).tolist() == [[1, 4]]
    assert cr.where(x > 0, 1.0, x).tolist() == [[1, -2]]
    assert cr.where(x > 0, 1, 0).tolist() == [[1, 0]]
    number = cr.tensor(3.0, requires_grad=True)
    (x * number).sum().backward()
    assert number.grad.item() == -1
    assert x.grad.tolist() == [[3, 3]]


def test_arrays_on_either_side():
    x = cr.tensor([1.0, 2.0], dtype=cr.float64)
    for product in (x * np.array([3.0, 4.0]), np.array([3.0, 4.0]) * x):
        assert isinstance(product, cr.Tensor)
        assert product.tolist() == [3, 8]
    assert (np.ones((2, 2)) @ x).tolist() == [3, 3]
    assert (np.float64(2) - x).tolist() == [1, 0]


def test_shapes_that_do_not_stretch():
    with pytest.raises(ShapeError, match=r"got: +\(2,\) and \(3,\)"):
        cr.ones(2) + cr.ones(3)
    with pytest.raises(ShapeError, match=r"\(2, 3\) stretches"):
        cr.ones(2, 3).expand(4, 3)
    with pytest.raises(ShapeError):
        cr.where(cr.tensor([True, False]), cr.ones(3), 0.0)
