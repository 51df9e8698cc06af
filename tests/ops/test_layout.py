import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError, ShapeError

shapes = array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4)


def numbered(shape):
    return np.arange(np.prod(shape, dtype=int)).reshape(shape)


def same(got, expected):
    np.testing.assert_array_equal(got.numpy(), expected, strict=True)


@given(shapes, st.data())
def test_orders_of_dimensions(shape, data):
    x = numbered(shape)
    order = data.draw(st.permutations(range(len(shape))))
    same(cr.tensor(x).permute(order), x.transpose(order))
    same(cr.permute(cr.tensor(x), dims=order), x.transpose(order))
    a, b = data.draw(st.integers(-len(shape), len(shape) - 1)), data.draw(st.integers(0, len(shape) - 1))
    same(cr.tensor(x).transpose(a, b), np.swapaxes(x, a, b))
    same(cr.tensor(x).movedim(a, b), np.moveaxis(x, a, b))
    same(cr.tensor(x).T, x.T)


@given(shapes, st.data())
def test_joined_and_cut(shape, data):
    x = numbered(shape)
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    t = cr.tensor(x)
    same(cr.cat([t, t, t], dim), np.concatenate([x, x, x], dim))
    same(cr.stack([t, t], dim), np.stack([x, x], dim % len(shape) if dim >= 0 else dim))
    size = data.draw(st.integers(1, 5))
    pieces = t.split(size, dim)
    assert all(piece.shape[dim] == size for piece in pieces[:-1])
    same(cr.cat(pieces, dim), x)
    chunks = data.draw(st.integers(1, 5))
    same(cr.cat(t.chunk(chunks, dim), dim), x)
    assert len(t.chunk(chunks, dim)) <= chunks
    if x.shape[dim]:
        same(cr.stack(t.unbind(dim), dim), x)


@given(shapes, st.data())
def test_turned_rolled_and_repeated(shape, data):
    x = numbered(shape)
    t = cr.tensor(x)
    dims = data.draw(st.lists(st.integers(0, len(shape) - 1), unique=True))
    same(t.flip(dims), np.flip(x, tuple(dims)))
    shift = data.draw(st.integers(-6, 6))
    same(t.roll(shift), np.roll(x, shift))
    same(t.roll([shift] * len(dims), dims), np.roll(x, [shift] * len(dims), dims) if dims else x)
    times = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
    same(t.tile(times), np.tile(x, times))


@given(shapes, st.data())
def test_padded(shape, data):
    x = numbered(shape)
    widths = data.draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=len(shape)))
    flat = [width for pair in widths for width in pair]
    full = [(0, 0)] * (len(shape) - len(widths)) + widths[::-1]
    same(cr.pad(cr.tensor(x), flat, value=7), np.pad(x, full, constant_values=7))
    for mode, theirs in (("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")):
        room = {"reflect": [n - 1 for n in shape], "circular": list(shape)}.get(mode, [9 * (n > 0) for n in shape])
        if all(max(pair) <= n for pair, n in zip(full, room, strict=True)):
            same(cr.pad(cr.tensor(x), flat, mode=mode), np.pad(x, full, mode=theirs))


@given(shapes, st.data())
def test_squeezed_and_unsqueezed(shape, data):
    x = numbered(shape)
    dim = data.draw(st.integers(-len(shape) - 1, len(shape)))
    same(cr.tensor(x).unsqueeze(dim), np.expand_dims(x, dim))
    same(cr.tensor(x).unsqueeze(dim).squeeze(dim), x)
    same(cr.tensor(x).squeeze(), x.squeeze())


def test_modes_of_padding_have_gradients():
    for mode in ("reflect", "replicate", "circular"):
        x = cr.arange(6.0, dtype=cr.float64).reshape(2, 3)
        assert cr.gradcheck(lambda x, mode=mode: cr.pad(x, (2, 1), mode=mode) ** 2, x, order=2)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x: x.reshape(4, 2), ShapeError, "6 elements"),
        (lambda x: x.reshape(-1, -1), ShapeError, "one dimension may be -1"),
        (lambda x: x.permute(0), ArgumentError, "every dimension once"),
        (lambda x: x.permute(0, 0), ArgumentError, "every dimension once"),
        (lambda x: x.transpose(0, 2), ShapeError, "no dimension 2"),
        (lambda x: x.movedim((0, 1), 0), ArgumentError, "one destination"),
        (lambda x: x.unsqueeze(4), ShapeError, "no dimension 4"),
        (lambda x: x.expand(3), ShapeError, "stretches to"),
        (lambda x: x.narrow(0, 1, 2), ShapeError, "beyond"),
        (lambda x: x.split([1, 2]), ShapeError, "a sum of 2"),
        (lambda x: x.split(0), ArgumentError, "above 0"),
        (lambda x: x.chunk(0), ArgumentError, "at least one"),
        (lambda x: x.sum().unbind(), ShapeError, "0-d"),
        (lambda x: x.roll((1, 2), 0), ArgumentError, "one shift a dimension"),
        (lambda x: x.flatten(1, 0), ArgumentError, "start before"),
        (lambda x: cr.pad(x, (1,)), ArgumentError, "two widths"),
        (lambda x: cr.pad(x, (-2, -2)), ShapeError, "cuts off"),
        (lambda x: cr.pad(x, (1, 1), mode="mirror"), ArgumentError, "mirror"),
        (lambda x: cr.pad(x, (3, 0), mode="reflect"), ShapeError, "widths from 0 to 2"),
        (lambda x: cr.pad(x.long(), (1, 1), value=0.5), ArgumentError, "whole number"),
        (lambda x: cr.cat([x, x.T]), ShapeError, r"shapes like \(2, 3\)"),
        (lambda x: cr.cat([x], 2), ShapeError, "no dimension 2"),
        (lambda x: cr.cat(x), DTypeError, "list"),
        (lambda x: cr.cat([]), ArgumentError, "at least one"),
        (lambda x: cr.stack([]), ArgumentError, "at least one"),
        (lambda x: cr.stack([x, x.T]), ShapeError, "one shape"),
        (lambda x: x.unsqueeze(0).t(), ShapeError, "two dimensions"),
        (lambda x: cr.tril(x[0]), ShapeError, "two dimensions"),
        (lambda x: x @ x, ShapeError, r"\(2, 3\) @ \(2, 3\)"),
        (lambda x: x @ x.sum(), ShapeError, "0-d"),
        (lambda x: cr.dot(x, x), ShapeError, "1-d"),
        (lambda x: cr.outer(x, x), ShapeError, "1-d"),
        (lambda x: cr.bmm(x, x), ShapeError, "3-d"),
        (lambda x: cr.mv(x, x), ShapeError, "2-d and a 1-d"),
        (lambda x: (x > 0) @ (x > 0).T, DTypeError, "bools"),
    ],
)
def test_what_does_not_fit(call, error, text):
    with pytest.raises(error, match=text):
        call(cr.arange(6.0).reshape(2, 3))


def test_collecting_may_begin_with_nothing():
    collected = cr.tensor([])
    for _ in range(2):
        collected = cr.cat([collected, cr.ones(2, 3)])
    assert collected.shape == (4, 3)
    assert cr.cat([cr.tensor([]), cr.tensor([])]).shape == (0,)
