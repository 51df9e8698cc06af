import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule import optim
from chainrule.core.abstract import shapes_only
from chainrule.errors import ArgumentError, GradientError


def data(rows):
    draw = np.random.RandomState(rows)
    return cr.tensor(draw.standard_normal((rows, 3))), cr.tensor(draw.standard_normal(rows))


def mean_loss(w, x, y, weight=None):
    losses = ((x @ w).tanh() - y) ** 2
    return losses.mean() if weight is None else (losses * weight).sum() / weight.sum()


def whole_batch(x, y, weight=None):
    w = cr.ones(3, dtype=cr.float64, requires_grad=True)
    mean_loss(w, x, y, weight).backward()
    return w.grad.numpy()


@given(rows=st.integers(1, 12), size=st.integers(1, 5))
def test_micro_batches_have_the_whole_batchs_gradient(rows, size):
    x, y = data(rows)
    w = cr.ones(3, dtype=cr.float64, requires_grad=True)
    accumulator = optim.GradientAccumulator([w])
    for start in range(0, rows, size):
        part = x[start : start + size]
        accumulator.backward(mean_loss(w, part, y[start : start + size]), len(part))
    accumulator.average()
    np.testing.assert_allclose(w.grad.numpy(), whole_batch(x, y), rtol=1e-12, atol=1e-15)


def test_every_window_stands_for_itself_and_the_last_may_be_partial():
    x, y = data(11)
    w = cr.ones(3, dtype=cr.float64, requires_grad=True)
    accumulator, seen = optim.GradientAccumulator([w]), []
    starts = range(0, 11, 2)  # six micro-batches, the last of one row; windows of four: the last of two
    for number, start in enumerate(starts, 1):
        part = x[start : start + 2]
        accumulator.backward(mean_loss(w, part, y[start : start + 2]), len(part))
        if number % 4 == 0 or number == len(starts):
            accumulator.average()
            seen.append(w.grad.numpy())
            w.grad = None
    np.testing.assert_allclose(seen[0], whole_batch(x[:8], y[:8]), rtol=1e-12)
    np.testing.assert_allclose(seen[1], whole_batch(x[8:], y[8:]), rtol=1e-12)


def test_weighted_rows_count_by_their_weights():
    x, y = data(7)
    weight = cr.tensor(np.arange(1.0, 8.0))
    w = cr.ones(3, dtype=cr.float64, requires_grad=True)
    accumulator = optim.GradientAccumulator([w])
    for part in (slice(0, 3), slice(3, 7)):
        accumulator.backward(mean_loss(w, x[part], y[part], weight[part]), weight[part].sum())
    accumulator.average()
    np.testing.assert_allclose(w.grad.numpy(), whole_batch(x, y, weight), rtol=1e-12)


def test_it_runs_without_values():
    x, y = data(4)
    w = cr.ones(3, dtype=cr.float64, requires_grad=True)
    accumulator = optim.GradientAccumulator([w])
    with shapes_only():
        accumulator.backward(mean_loss(w, x, y), 4)
        accumulator.average()
        assert w.grad.shape == (3,)
    assert w.grad is None
    accumulator.backward(mean_loss(w, x, y), 4)
    accumulator.average()
    np.testing.assert_allclose(w.grad.numpy(), whole_batch(x, y), rtol=1e-12)


def test_mistakes():
    w = cr.ones(3, dtype=cr.float64, requires_grad=True)
    accumulator = optim.GradientAccumulator([w])
    with pytest.raises(GradientError, match="no gradients"):
        accumulator.average()
    for weight in (-1, "4", cr.ones(3)):
        with pytest.raises(ArgumentError, match="weight"):
            accumulator.backward(w.sum(), weight)
    assert w.grad is None
    with pytest.raises(ArgumentError, match="no tensor"):
        optim.GradientAccumulator([1.0])
