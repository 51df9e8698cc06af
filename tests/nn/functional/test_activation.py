"""What PyTorch cannot tell: second derivatives, tails, NaN, the step."""

import math

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn.functional as F
from chainrule.errors import ArgumentError

# Smooth everywhere, also at 0, where the two sides of softplus meet.
SMOOTH = {
    "gelu": F.gelu,
    "gelu-tanh": lambda x: F.gelu(x, "tanh"),
    "silu": F.silu,
    "softplus": F.softplus,
    "softplus-beta": lambda x: F.softplus(x, beta=3.0),
    "logsigmoid": F.logsigmoid,
    "softmax": lambda x: F.softmax(x, dim=0),
    "log_softmax": lambda x: F.log_softmax(x, dim=0),
}
# Smooth but for the kinks, at 0 and at 1.
BENT = {
    "elu": F.elu,
    "selu": F.selu,
    "leaky_relu": F.leaky_relu,
    "hardtanh": F.hardtanh,
}


@pytest.mark.parametrize("name", [*SMOOTH, *BENT])
def test_first_and_second_derivatives(name):
    points = [-3.0, -0.7, 0.4, 2.0] + ([0.0] if name in SMOOTH else [])
    assert cr.gradcheck((SMOOTH | BENT)[name], cr.tensor(points, dtype=cr.float64), order=2)


def tail(exact):
    """What each function is, far below 0, in exact arithmetic."""
    return np.array([exact(x) for x in (-6.0, -12.0, -25.0)])


@pytest.mark.parametrize(
    ("function", "exact", "digits"),
    [
        (F.softplus, lambda x: math.log1p(math.exp(x)), 4),
        (lambda x: -F.logsigmoid(-x), lambda x: math.log1p(math.exp(x)), 4),
        (F.silu, lambda x: x / (1 + math.exp(-x)), 4),
        (cr.erfc, math.erfc, 4),
        (lambda x: cr.erfc(-x), lambda x: math.erfc(-x), 4),
        # The square of x / sqrt(2), rounded, stands in an exponent: x * x units in the last place.
        (F.gelu, lambda x: x * math.erfc(-x / math.sqrt(2)) / 2, 625),
    ],
)
@pytest.mark.parametrize("dtype", [cr.float64, cr.float32])
def test_tails_keep_their_digits(function, exact, digits, dtype):
    """`digits`: how many units in the last place it may be off."""
    got = function(cr.tensor([-6.0, -12.0, -25.0], dtype=dtype)).numpy()
    # Below the smallest number of single precision there are no digits to keep.
    precision = np.finfo(dtype)
    np.testing.assert_allclose(got, tail(exact), rtol=digits * float(precision.eps), atol=float(precision.tiny))


EVERYWHERE = [*SMOOTH.values(), *BENT.values(), F.relu, F.sigmoid, F.tanh, F.step]


@pytest.mark.parametrize("function", EVERYWHERE)
@pytest.mark.parametrize("dtype", [cr.float32, cr.float64])
def test_finite_however_large_the_input(function, dtype):
    x = cr.tensor([-1e4, -88.8, -1.0, 0.0, 1.0, 88.8, 1e4], dtype=dtype, requires_grad=True)
    y = function(x)
    y.backward(cr.ones(7, dtype=dtype))
    assert y.dtype == x.grad.dtype == dtype
    assert np.isfinite(y.detach().numpy()).all()
    assert np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize("function", EVERYWHERE)
def test_nan_stays_nan(function):
    assert bool(cr.isnan(function(cr.tensor([math.nan]))).all())


@pytest.mark.parametrize(
    ("function", "limits"),
    [
        (F.relu, (0.0, math.inf)),
        (F.leaky_relu, (-math.inf, math.inf)),
        (F.elu, (-1.0, math.inf)),
        (F.softplus, (0.0, math.inf)),
        (F.logsigmoid, (-math.inf, 0.0)),
        (F.hardtanh, (-1.0, 1.0)),
        (F.sigmoid, (0.0, 1.0)),
        (F.tanh, (-1.0, 1.0)),
        (F.step, (0.0, 1.0)),
    ],
)
def test_infinities_are_limits(function, limits):
    x = cr.tensor([-math.inf, math.inf], requires_grad=True)
    y = function(x)
    y.backward(cr.ones(2))
    assert tuple(y.tolist()) == limits
    assert np.isfinite(x.grad.numpy()).all()


def test_softplus_without_threshold_is_exact():
    x = cr.tensor([21.0, 30.0], dtype=cr.float64)
    expected = [21.0 + math.log1p(math.exp(-21)), 30.0 + math.log1p(math.exp(-30))]
    assert F.softplus(x, threshold=math.inf).tolist() == expected
    assert F.softplus(x).tolist() == [21.0, 30.0]


def test_step_has_the_derivative_0():
    x = cr.tensor([-1.0, 0.0, 1.0], requires_grad=True)
    y = F.step(x)
    y.sum().backward()
    assert y.tolist() == [0.0, 1.0, 1.0]
    assert x.grad.tolist() == [0.0, 0.0, 0.0]


def test_selu_keeps_mean_and_variance():
    cr.manual_seed(0)
    y = F.selu(cr.randn(400_000, dtype=cr.float64))
    assert abs(y.mean().item()) < 0.01
    assert abs(y.std().item() - 1) < 0.01


def test_integers_become_floats():
    assert F.gelu(cr.tensor([0, 1])).dtype == cr.float32


@pytest.mark.parametrize(
    "call",
    [
        lambda x: F.gelu(x, "tan"),
        lambda x: F.softplus(x, beta=0),
        lambda x: F.hardtanh(x, 1.0, -1.0),
    ],
)
def test_arguments_that_make_no_sense(call):
    with pytest.raises(ArgumentError):
        call(cr.zeros(2))
