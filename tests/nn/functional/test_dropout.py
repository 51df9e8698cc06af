import numpy as np
import pytest

import chainrule as cr
import chainrule.nn.functional as F
from chainrule.core.abstract import shapes_only
from chainrule.errors import ArgumentError, ShapeError

BOTH = pytest.mark.parametrize("function", [F.dropout, F.alpha_dropout])


@pytest.fixture(autouse=True)
def _seed():
    cr.manual_seed(3)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("as_given", [float, lambda p: cr.tensor(p, dtype=cr.float64)], ids=["number", "tensor"])
def test_dropped_as_often_as_asked_and_scaled(p, as_given):
    y = F.dropout(cr.ones(200_000, dtype=cr.float64), as_given(p)).numpy()
    assert set(np.unique(y)) == {0.0, 1 / (1 - p)}
    # Five standard deviations.
    assert abs((y == 0).mean() - p) < 5 * np.sqrt(p * (1 - p) / y.size)


def test_the_gradient_is_the_mask():
    x = cr.tensor(np.linspace(1, 2, 50), requires_grad=True)
    y = F.dropout(x, 0.4)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), y.detach().numpy() / x.detach().numpy(), rtol=1e-14)


@pytest.mark.parametrize("p", [0.1, 0.5])
@pytest.mark.parametrize("as_given", [float, cr.tensor], ids=["number", "tensor"])
def test_alpha_dropout_keeps_mean_and_variance(p, as_given):
    y = F.alpha_dropout(cr.randn(400_000, dtype=cr.float64), as_given(p), training=True)
    assert abs(y.mean().item()) < 0.01
    assert abs(y.std().item() - 1) < 0.01


def test_alpha_dropout_drops_to_one_value():
    x = cr.randn(10_000)
    values, counts = np.unique(F.alpha_dropout(x, 0.2, training=True).numpy(), return_counts=True)
    assert abs(counts.max() - 2000) < 200
    assert values[counts.argmax()] < 0


@BOTH
@pytest.mark.parametrize("p", [1, 1.0, np.float64(1), cr.tensor(1.0)])
def test_all_dropped(function, p):
    x = cr.tensor([1.0, -2.0], requires_grad=True)
    y = function(x, p, training=True)
    y.sum().backward()
    assert y.tolist() == x.grad.tolist() == [0.0, 0.0]


@BOTH
@pytest.mark.parametrize("p", [0, 0.0, cr.tensor(0.0)])
def test_none_dropped(function, p):
    x = cr.tensor([1.0, -2.0])
    np.testing.assert_allclose(function(x, p, training=True).numpy(), x.numpy(), rtol=1e-6)


@BOTH
def test_nothing_happens_in_evaluation(function):
    x = cr.tensor([1.0, -2.0])
    before = cr.rand(1)
    cr.manual_seed(3)
    assert function(x, 0.5, training=False) is x
    assert bool(cr.rand(1) == before), "evaluation must not use up random numbers"


@BOTH
def test_the_seed_decides(function):
    x = cr.ones(100)
    cr.manual_seed(1)
    first = function(x, 0.5, training=True)
    second = function(x, 0.5, training=True)
    cr.manual_seed(1)
    np.testing.assert_array_equal(function(x, 0.5, training=True).numpy(), first.numpy())
    assert not np.array_equal(first.numpy(), second.numpy())


@BOTH
@pytest.mark.parametrize("p", [-0.1, 1.5, cr.tensor(2.0)])
def test_no_probability(function, p):
    with pytest.raises(ArgumentError, match=r"p is a probability"):
        function(cr.ones(2), p)


@BOTH
def test_p_is_one_number(function):
    with pytest.raises(ShapeError, match="single number"):
        function(cr.ones(2), cr.tensor([0.1, 0.2]))


@BOTH
@pytest.mark.parametrize("dtype", [cr.float32, cr.float64])
def test_shapes_without_values(function, dtype):
    p = cr.tensor(0.5)
    with shapes_only():
        y = function(cr.ones(2, 3, dtype=dtype), p * 1, training=True)
        assert (y.shape, y.dtype) == ((2, 3), dtype)
