import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import chainrule as cr
from chainrule.core.dtype import ALL
from chainrule.errors import ArgumentError, DTypeError, GradientError, ShapeError


@given(st.sampled_from(ALL).flatmap(lambda dtype: arrays(dtype, array_shapes(min_dims=0, min_side=0))))
def test_arrays_come_in_and_go_out_unchanged(array):
    for make in (cr.tensor, cr.from_numpy, cr.asarray, cr.from_dlpack):
        np.testing.assert_array_equal(make(array).numpy(), array, strict=True)
    x = cr.tensor(array)
    np.testing.assert_array_equal(np.asarray(x), array, strict=True)
    np.testing.assert_array_equal(np.from_dlpack(x), array, strict=True)
    assert x.tolist() == array.tolist() or np.isnan(array).any()


def test_memory_is_not_shared():
    array = np.ones(3)
    tensors = [make(array) for make in (cr.tensor, cr.from_numpy, cr.asarray, cr.from_dlpack)]
    array[:] = 5
    assert all(x.tolist() == [1, 1, 1] for x in tensors)
    x = cr.ones(3)
    x.numpy()[:] = 5
    np.from_dlpack(x)
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(x)[:] = 5
    assert x.tolist() == [1, 1, 1]


def test_dlpack_both_ways_with_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to exchange with")
    x = cr.arange(6.0).reshape(2, 3)
    theirs = torch.from_dlpack(x)
    assert theirs.tolist() == x.tolist()
    theirs.zero_()
    assert x.sum().item() == 15
    ours = cr.from_dlpack(torch.arange(6).reshape(2, 3).T)
    assert (ours.dtype, ours.tolist()) == (cr.int64, [[0, 3], [1, 4], [2, 5]])
    assert cr.tensor(torch.ones(2, dtype=torch.float64)).dtype == cr.float64


def test_dtypes_of_python_numbers():
    assert cr.tensor(1).dtype == cr.tensor([1, 2]).dtype == cr.int64
    assert cr.tensor(1.0).dtype == cr.tensor([1, 2.5]).dtype == cr.tensor([]).dtype == cr.float32
    assert cr.tensor([True, False]).dtype == cr.bool
    assert cr.tensor(np.float64(1)).dtype == cr.float64
    assert cr.Tensor([1, 2]).dtype == cr.float32
    assert cr.tensor([1.9, -1.9], dtype=cr.int32).tolist() == [1, -1]


def test_lists_may_hold_tensors_and_arrays():
    x = cr.tensor([cr.tensor([1.0, 2.0]), np.array([3.0, 4.0]), [5.0, cr.tensor(6.0)]])
    assert x.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert x.dtype == cr.float32


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        ([[1, 2], [3]], ShapeError, "ragged"),
        (["cat", "dog"], DTypeError, "class indices"),
        ([None, 1.0], DTypeError, "numbers or bools"),
        (1 + 2j, DTypeError, "complex"),
        (2**70, DTypeError, "numbers"),
        ({"a": 1}, DTypeError, "numbers"),
        (np.array(["2020-01-01"], "datetime64[D]"), DTypeError, "datetime"),
    ],
)
def test_what_is_no_tensor(data, error, text):
    with pytest.raises(error, match=text):
        cr.tensor(data)


@pytest.mark.parametrize(
    ("data", "dtype"),
    [([2**40], cr.int32), (-1, cr.uint8), ([0, 300], cr.uint8), (np.array([300]), cr.uint8), (math.nan, cr.int64)],
)
def test_numbers_that_do_not_fit_are_no_others(data, dtype):
    with pytest.raises(DTypeError, match=r"expected: +-?\d+ to \d+"):
        cr.tensor(data, dtype=dtype)


def test_numbers_that_are_too_large_are_infinite():
    assert cr.tensor([1e40, -1e40]).tolist() == [math.inf, -math.inf]


def test_filled():
    assert cr.zeros(2, 3).shape == cr.zeros((2, 3)).shape == cr.zeros([2, 3]).shape == cr.zeros(size=(2, 3)).shape
    assert cr.zeros(()).shape == cr.zeros(0, 2).reshape(0).sum().shape == ()
    assert cr.full((2,), True).dtype == cr.bool
    assert cr.full((2,), 0.1, dtype=cr.float64).tolist() == [0.1, 0.1]
    assert cr.full((2,), np.float64(0.1), dtype=cr.float64).tolist() == [0.1, 0.1]
    assert cr.ones(2, dtype=cr.uint8).dtype == cr.uint8
    assert cr.empty(2).tolist() == [0, 0]
    assert cr.eye(2, 3).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert cr.eye(0).shape == (0, 0)
    assert cr.zeros_like(cr.ones(2, dtype=cr.int32)).dtype == cr.int32
    assert cr.ones_like(cr.ones(2), requires_grad=True).requires_grad


@given(st.integers(-20, 20), st.integers(-20, 20), st.integers(-5, 5).filter(bool))
def test_arange_is_pythons_range(start, end, step):
    if (end - start) * step < 0:
        with pytest.raises(ArgumentError, match="step towards"):
            cr.arange(start, end, step)
    else:
        assert cr.arange(start, end, step).tolist() == list(range(start, end, step))


@given(st.floats(-10, 10), st.floats(-10, 10), st.integers(0, 20))
def test_linspace_begins_and_ends_where_it_says(start, end, steps):
    got = cr.linspace(start, end, steps, dtype=cr.float64).numpy()
    np.testing.assert_allclose(got, np.linspace(start, end, steps), atol=1e-12)


def test_ranges():
    assert cr.arange(0, 1, 0.25).tolist() == [0, 0.25, 0.5, 0.75]
    assert cr.arange(3.0).dtype == cr.arange(np.float32(3)).dtype == cr.float32
    assert cr.arange(3, dtype=cr.float64).dtype == cr.float64
    assert cr.arange(2**53, 2**53 + 3).tolist() == [2**53, 2**53 + 1, 2**53 + 2]
    with pytest.raises(ArgumentError):
        cr.arange(0, 1, 0)
    with pytest.raises(ArgumentError):
        cr.linspace(0, 1, -1)


def test_sizes_that_make_no_sense():
    for make in (cr.zeros, cr.ones, cr.rand, cr.randn, cr.empty):
        with pytest.raises(ShapeError, match="negative"):
            make(2, -1)
        with pytest.raises(ShapeError, match="whole"):
            make(2.5)


def test_requiring_a_gradient():
    assert cr.zeros(2, requires_grad=True).requires_grad
    assert cr.arange(2.0, requires_grad=True).is_leaf
    for make in (lambda: cr.arange(2, requires_grad=True), lambda: cr.full((2,), 1, requires_grad=True)):
        with pytest.raises(GradientError, match="floating"):
            make()


def test_clone_and_detach():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    y = x.clone()
    assert y.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [1, 1]
    assert not x.detach().requires_grad
    assert not x.data.requires_grad
    assert math.copysign(1, cr.tensor(-0.0, requires_grad=True).clone().item()) == -1
    assert cr.asarray(x) is x
    assert cr.asarray(x, cr.float64).dtype == cr.float64
