import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import chainrule as cr
from chainrule.errors import ArgumentError, ShapeError

numbers = st.sampled_from([0.0, -1.0, 1.0, 2.5, math.inf, -math.inf, math.nan])


@given(arrays(np.float64, array_shapes(max_dims=3, max_side=5), elements=numbers), st.data())
def test_sorted_values_are_numpys_and_stand_where_the_order_says(array, data):
    dim = data.draw(st.integers(0, array.ndim - 1))
    x = cr.tensor(array)
    values, order = cr.sort(x, dim)
    np.testing.assert_array_equal(values.numpy(), np.sort(array, axis=dim))
    np.testing.assert_array_equal(np.take_along_axis(array, order.numpy(), dim), values.numpy())
    np.testing.assert_array_equal(order.numpy(), np.argsort(array, axis=dim, kind="stable"))


@given(arrays(np.int64, st.integers(1, 12), elements=st.integers(0, 3)))
def test_equal_ones_keep_their_order_in_both_directions(array):
    for descending in (False, True):
        order = cr.argsort(cr.tensor(array), descending=descending).numpy()
        expected = sorted(range(len(array)), key=lambda i: -array[i] if descending else array[i])
        assert order.tolist() == expected


@given(arrays(np.float64, st.integers(1, 12), elements=st.integers(-9, 9)), st.data())
def test_topk_is_the_beginning_of_the_sorted(array, data):
    k, largest = data.draw(st.integers(0, len(array))), data.draw(st.booleans())
    values, indices = cr.topk(cr.tensor(array), k, largest=largest)
    np.testing.assert_array_equal(values.numpy(), np.sort(array)[::-1][:k] if largest else np.sort(array)[:k])
    np.testing.assert_array_equal(array[indices.numpy()], values.numpy())


def test_nan_counts_as_the_largest():
    x = cr.tensor([1.0, math.nan, -math.inf, math.inf])
    assert x.argsort().tolist() == [2, 0, 3, 1]
    assert x.argsort(descending=True).tolist() == [1, 3, 0, 2]
    assert x.topk(1).indices.tolist() == [1]


def test_gradients_go_where_the_values_came_from():
    x = cr.tensor([3.0, 1.0, 2.0], requires_grad=True)
    (x.sort().values * cr.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [100, 1, 10]
    x.grad = None
    x.topk(2).values.sum().backward()
    assert x.grad.tolist() == [1, 0, 1]


def test_a_single_number_and_nothing():
    assert cr.sort(cr.tensor(2.0)).values.item() == 2
    assert cr.topk(cr.tensor(2.0), 1).indices.item() == 0
    assert cr.sort(cr.zeros(0, 3), 0).indices.shape == (0, 3)


def test_what_does_not_fit():
    with pytest.raises(ArgumentError, match="k within"):
        cr.ones(3).topk(4)
    with pytest.raises(ShapeError):
        cr.ones(3).sort(1)
