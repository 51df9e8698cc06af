import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, mutually_broadcastable_shapes

from chainrule.core import shape as shapes
from chainrule.errors import ArgumentError, ShapeError


@given(mutually_broadcastable_shapes(num_shapes=3, min_dims=0, min_side=0))
def test_broadcasting_is_numpys(found):
    assert shapes.broadcast(*found.input_shapes) == found.result_shape


@given(array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3), array_shapes(min_dims=0, max_dims=4, min_side=0))
def test_what_numpy_refuses_is_refused(a, b):
    try:
        expected = np.broadcast_shapes(a, b)
    except ValueError:
        with pytest.raises(ShapeError, match="do not broadcast"):
            shapes.broadcast(a, b)
    else:
        assert shapes.broadcast(a, b) == expected


@given(st.integers(-6, 6), st.integers(0, 4))
def test_axes_count_from_both_ends(dim, ndim):
    names = list(range(max(ndim, 1)))
    if -len(names) <= dim < len(names):
        assert shapes.axis(dim, ndim) == names[dim]
    else:
        with pytest.raises(ShapeError, match=f"no dimension {dim}"):
            shapes.axis(dim, ndim)


def test_dims():
    assert shapes.axes(None, 3) == shapes.axes((), 3) == (0, 1, 2)
    assert shapes.axes(-1, 3) == (2,)
    assert shapes.axes([2, 0], 3) == (0, 2)
    assert shapes.axes(np.int64(1), 3) == (1,)
    assert shapes.axes(0, 0) == shapes.axes(None, 0) == ()
    with pytest.raises(ArgumentError, match="named twice"):
        shapes.axes((1, -2), 3)
    with pytest.raises(ArgumentError, match="whole number"):
        shapes.axes(1.5, 3)


@given(array_shapes(min_dims=0, min_side=0, max_side=4), st.data())
def test_minus_one_is_worked_out_as_numpy_does(shape, data):
    total = shapes.size(shape)
    target = data.draw(st.lists(st.integers(-1, 6), max_size=4))
    try:
        expected = np.empty(total).reshape(target).shape
    except ValueError:
        with pytest.raises(ShapeError, match=f"{total} elements"):
            shapes.resolve(target, total)
    else:
        assert shapes.resolve(target, total) == expected


def test_sizes_are_given_in_several_ways():
    assert shapes.flatten_sizes((2, 3)) == shapes.flatten_sizes(((2, 3),)) == shapes.flatten_sizes((), (2, 3)) == (2, 3)
    assert shapes.flatten_sizes((np.int64(2),)) == (2,)
    assert shapes.flatten_sizes(((),)) == shapes.flatten_sizes(()) == ()
    with pytest.raises(ShapeError, match="whole numbers"):
        shapes.flatten_sizes((2.5,))
    with pytest.raises(ShapeError, match="negative"):
        shapes.lengths((2, -1))
