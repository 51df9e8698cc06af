"""Reading and writing by every kind of index, against NumPy."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

import chainrule as cr
from chainrule.errors import DTypeError, IndexingError, ShapeError


def numbered(shape):
    return np.arange(np.prod(shape, dtype=int), dtype=np.float64).reshape(shape)


@st.composite
def indices(draw, shape):
    """Any mixture of integers, slices (negative steps too), None, Ellipsis, integer arrays and bool masks."""
    items, dim = [], 0
    common = draw(st.sampled_from([(), (1,), (3,), (2, 3)]))
    while dim < len(shape) and draw(st.integers(0, 5)):
        length = shape[dim]
        kinds = ["slice", "slice", "none"] + (["int", "array"] if length else [])
        kinds += ["mask"] * (dim + 1 <= len(shape))
        kind = draw(st.sampled_from(kinds))
        if kind == "none":
            items.append(None)
            continue
        if kind == "int":
            items.append(draw(st.integers(-length, length - 1)))
        elif kind == "slice":
            bound = st.none() | st.integers(-length - 2, length + 2)
            items.append(slice(draw(bound), draw(bound), draw(st.none() | st.sampled_from([-3, -2, -1, 1, 2, 3]))))
        elif kind == "array":
            size = int(np.prod(common))
            values = draw(st.lists(st.integers(-length, length - 1), min_size=size, max_size=size))
            items.append(np.array(values, np.int64).reshape(common))
        else:
            depth = draw(st.integers(1, len(shape) - dim))
            size = int(np.prod(shape[dim : dim + depth]))
            values = draw(st.lists(st.booleans(), min_size=size, max_size=size))
            items.append(np.array(values, bool).reshape(shape[dim : dim + depth]))
            dim += depth - 1
        dim += 1
    # An Ellipsis that stands for nothing still parts arrays in NumPy, not in PyTorch.
    if dim < len(shape) and draw(st.booleans()):
        items.insert(draw(st.integers(0, len(items))), Ellipsis)
    return tuple(items) if len(items) != 1 or draw(st.booleans()) else items[0]


@st.composite
def arrays_and_indices(draw):
    shape = draw(array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    array, index = numbered(shape), draw(indices(shape))
    try:
        array[index]
    except IndexError:
        assume(False)  # arrays that do not broadcast
    return array, index


def ours(index):
    """The index with tensors in place of arrays."""
    if isinstance(index, tuple):
        return tuple(ours(item) for item in index)
    return cr.tensor(index) if isinstance(index, np.ndarray) else index


@given(arrays_and_indices())
def test_reading_is_numpys(case):
    array, index = case
    for form in (index, ours(index)):
        got = cr.tensor(array)[form]
        np.testing.assert_array_equal(got.numpy(), array[index], strict=True)


@given(arrays_and_indices())
def test_the_gradient_of_reading_adds_up_where_it_was_read(case):
    array, index = case
    x = cr.tensor(array, requires_grad=True)
    part = x[index]
    weights = np.cos(np.arange(part.numel())).reshape(part.shape)
    (part * cr.tensor(weights)).sum().backward()
    expected = np.zeros_like(array)
    np.add.at(expected, index, weights)
    np.testing.assert_allclose(x.grad.numpy(), expected, atol=1e-12)


@given(arrays_and_indices(), st.booleans())
def test_writing_is_numpys(case, whole):
    array, index = case
    shape = array[index].shape
    value = -1 - np.arange(np.prod(shape, dtype=int), dtype=np.float64).reshape(shape) if whole else np.float64(-1.0)
    expected = array.copy()
    expected[index] = value
    x = cr.tensor(array)
    changed = x.at[index].set(cr.tensor(value))
    np.testing.assert_array_equal(changed.numpy(), expected, strict=True)
    np.testing.assert_array_equal(x.numpy(), array)
    x[ours(index)] = value if whole else -1
    np.testing.assert_array_equal(x.numpy(), expected, strict=True)


@given(arrays_and_indices())
def test_adding_there_adds_up(case):
    array, index = case
    expected = array.copy()
    np.add.at(expected, index, 2.0)
    np.testing.assert_array_equal(cr.tensor(array).at[index].add(2).numpy(), expected)


@given(arrays_and_indices())
def test_the_gradients_of_writing(case):
    array, index = case
    x = cr.tensor(array, requires_grad=True)
    value = cr.tensor(np.ones(array[index].shape), requires_grad=True)
    weights = 1 + np.cos(numbered(array.shape))
    (x.at[index].set(value) * cr.tensor(weights)).sum().backward()
    # Each place that still has the old value passes its weight to x, each other to the value that was written last.
    writers = np.full(array.shape, -1)
    writers[index] = np.arange(value.numel()).reshape(value.shape)
    np.testing.assert_allclose(x.grad.numpy(), np.where(writers < 0, weights, 0))
    expected = np.zeros(value.numel())
    expected[writers[writers >= 0]] = weights[writers >= 0]
    np.testing.assert_allclose(value.grad.numpy().reshape(-1), expected)


def test_lists_tuples_and_ranges_are_arrays():
    x = cr.arange(12).reshape(3, 4)
    assert x[[0, 2], [1, 3]].tolist() == [1, 11]
    assert x[range(2)].tolist() == x[:2].tolist()
    assert x[(0, 2), 1].tolist() == [1, 9]
    assert x[:, (0, 3)].tolist() == [[0, 3], [4, 7], [8, 11]]
    assert x[[]].shape == (0, 4)
    assert x[[True, False, True]].tolist() == x[::2].tolist()
    assert x[cr.tensor(1)].tolist() == [4, 5, 6, 7]
    assert x[: cr.tensor(2), np.int64(0)].tolist() == [0, 4]


def test_in_a_loop_rows_come_one_by_one():
    x = cr.arange(6).reshape(3, 2)
    assert [row.tolist() for row in x] == [[0, 1], [2, 3], [4, 5]]
    assert len(x) == 3
    first, *rest = x
    assert first.tolist() == [0, 1]
    assert len(rest) == 2


X = cr.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (3, r"-3 to 2 in dimension 0"),
        ((0, -5), r"-4 to 3 in dimension 1"),
        ((0, 0, 0), "more dimensions"),
        ((..., 0, ...), "at most one Ellipsis"),
        ([0, 3], r"expected: +0 to 2"),
        ([[0, -4]], r"out of range"),
        (cr.tensor([0.5]), "long"),
        (np.array(1.5), "long"),
        ("a", "str does not index"),
        (1.0, "float does not index"),
        (True, "mask"),
        (cr.tensor([True, False]), r"3 in dimension 0[\s\S]*got: +2"),
        ((0, [True]), r"4 in dimension 1[\s\S]*got: +1"),
        (np.ones((3, 3), bool), "4 in dimension 1"),
        (([0, 1], [0, 1, 2]), "do not broadcast"),
        (slice(None, None, 0), "step"),
        (slice(0.5, None), "whole numbers"),
    ],
)
def test_what_does_not_index(index, text):
    for use in (lambda: X[index], lambda: X.at[index].set(0.0)):
        with pytest.raises(IndexingError, match=text):
            use()
    assert X.tolist() == cr.arange(12.0).reshape(3, 4).tolist()


def test_what_cannot_be_written():
    with pytest.raises(ShapeError, match=r"\(3,\) stretches to[\s\S]*\(4,\)"):
        X.at[0].set(cr.ones(3))
    with pytest.raises(DTypeError):
        X.at[0].set("text")


def test_gather_scatter_and_their_kin_name_what_does_not_fit():
    index = cr.tensor([[0, 1]])
    with pytest.raises(ShapeError, match=r"within \(3, 4\)"):
        X.gather(0, cr.tensor([0, 1]))
    with pytest.raises(ShapeError):
        X.gather(1, cr.zeros(4, 1, dtype=cr.int64))
    with pytest.raises(IndexingError, match="0 to 3"):
        X.gather(1, cr.tensor([[4]]))
    with pytest.raises(DTypeError, match="integers"):
        X.gather(1, cr.ones(1, 1))
    with pytest.raises(ShapeError, match="fewer"):
        X.scatter_add(1, index, cr.ones(1, 1))
    with pytest.raises(IndexingError):
        X.scatter(1, cr.tensor([[-1]]), 1.0)
    with pytest.raises(IndexingError):
        cr.one_hot(cr.tensor([3]), 3)
    with pytest.raises(IndexingError):
        cr.one_hot(cr.tensor([-1]))
    with pytest.raises(DTypeError):
        cr.one_hot(cr.ones(2))


def test_one_hot_of_many_classes_needs_no_square_matrix():
    assert cr.one_hot(cr.tensor([99_999]), 100_000).argmax().item() == 99_999


def test_writing_twice_keeps_the_last():
    assert cr.zeros(3).at[[0, 0, 2]].set(cr.tensor([1.0, 2.0, 3.0])).tolist() == [2, 0, 3]
    assert cr.scatter(cr.zeros(1, 3), 1, cr.tensor([[1, 1]]), cr.tensor([[5.0, 6.0]])).tolist() == [[0, 6, 0]]
