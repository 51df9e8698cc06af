import math

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError, NonFiniteError


def quadratic(curvature):
    """A bowl: gradient descent explodes above a learning rate of 2 / curvature."""
    w = cr.tensor([3.0, -2.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)

    def train_step():
        optimizer.zero_grad()
        loss = curvature / 2 * (w**2).sum()
        loss.backward()
        optimizer.step()
        return loss

    return w, optimizer, train_step


@pytest.mark.parametrize("curvature", [0.1, 1.0, 100.0])
def test_the_suggestion_learns_and_does_not_explode(curvature):
    _, optimizer, train_step = quadratic(curvature)
    found = optim.lr_range_test(optimizer, train_step, min_lr=1e-6, max_lr=1e3, num_steps=200)
    assert 0.02 / curvature < found.suggestion < 2 / curvature


def test_learning_rates_rise_evenly_on_a_logarithmic_scale():
    _, optimizer, train_step = quadratic(0.01)
    found = optim.lr_range_test(optimizer, train_step, min_lr=1e-4, max_lr=1.0, num_steps=5)
    np.testing.assert_allclose(found.lrs, [1e-4, 1e-3, 1e-2, 1e-1, 1.0], rtol=1e-12)
    assert len(found.losses) == len(found.smoothed) == 5
    assert found.smoothed[0] == pytest.approx(found.losses[0])


def test_it_ends_where_training_explodes():
    _, optimizer, train_step = quadratic(10.0)
    found = optim.lr_range_test(optimizer, train_step, min_lr=1e-3, max_lr=1e6, num_steps=100)
    assert len(found.lrs) < 90
    assert all(math.isfinite(loss) for loss in found.smoothed)


def test_everything_is_as_before():
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    x = cr.randn(16, 4)

    def train_step():
        optimizer.zero_grad()
        loss = (model(x) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    def snapshot():
        state = optimizer.state_dict()
        tensors = [*model.state_dict().values(), *[t for entry in state["state"].values() for t in entry.values()]]
        return [tensor.numpy() for tensor in tensors], state["param_groups"]

    train_step()
    before = snapshot()
    optim.lr_range_test(optimizer, train_step, num_steps=20)
    after = snapshot()
    for a, b in zip(before[0], after[0], strict=True):
        np.testing.assert_array_equal(a, b)
    assert before[1] == after[1]


def test_random_numbers_go_on_as_if_there_had_been_no_test():
    _, optimizer, train_step = quadratic(1.0)
    cr.manual_seed(1)
    expected = cr.rand(3).tolist()
    cr.manual_seed(1)

    def noisy():
        cr.rand(5)
        return train_step()

    optim.lr_range_test(optimizer, noisy, num_steps=3)
    assert cr.rand(3).tolist() == expected


def test_everything_is_as_before_after_an_error_too():
    w, optimizer, _ = quadratic(1.0)

    def fail():
        w.data = 0.0
        raise RuntimeError("in the step")

    with pytest.raises(RuntimeError, match="in the step"):
        optim.lr_range_test(optimizer, fail)
    assert w.tolist() == [3.0, -2.0]
    assert optimizer.lr == 0.1


def test_mistakes():
    w, optimizer, train_step = quadratic(1.0)
    with pytest.raises(NonFiniteError, match="before anything was learned"):
        optim.lr_range_test(optimizer, lambda: float("nan"))
    with pytest.raises(ArgumentError, match="train_step returns"):
        optim.lr_range_test(optimizer, lambda: None)
    for wrong in ({"min_lr": 1.0, "max_lr": 0.1}, {"min_lr": 0.0}, {"num_steps": 1}, {"smoothing": 1.0}):
        with pytest.raises(ArgumentError):
            optim.lr_range_test(optimizer, train_step, **wrong)
    assert w.tolist() == [3.0, -2.0]
