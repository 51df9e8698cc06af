"""What holds of layers whatever their weights and inputs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule import nn

seeds = st.integers(0, 2**31)


def drawn(seed, *shape):
    return cr.randn(*shape, dtype=cr.float64, generator=cr.Generator(seed))


def assert_equal(a, b, tolerance=1e-10):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Linear(4, 3, bias=False),
        nn.Conv1d(4, 3, 2, stride=2, padding=1, bias=False),
        nn.AvgPool1d(2),
        nn.AdaptiveAvgPool1d(3),
    ],
)
@given(seed=seeds, a=st.floats(-3, 3), b=st.floats(-3, 3))
def test_they_are_linear(layer, seed, a, b):
    layer = layer.double()
    x, y = drawn(seed, 2, 6, 4), drawn(seed + 1, 2, 6, 4)
    assert_equal(layer(a * x + b * y), a * layer(x) + b * layer(y))


@given(seed=seeds, shift=st.integers(1, 4))
def test_a_convolution_of_a_shifted_picture_is_the_shifted_convolution(seed, shift):
    layer = nn.Conv2d(2, 3, 3).double()
    picture = drawn(seed, 1, 9, 9, 2)
    assert_equal(layer(picture[:, shift:, shift:]), layer(picture)[:, shift:, shift:])


@pytest.mark.parametrize(
    "layer",
    [nn.LayerNorm(6, eps=0.0), nn.GroupNorm(2, 6, eps=0.0), nn.BatchNorm1d(6, eps=0.0), nn.BatchNorm2d(6, eps=0.0)],
)
@given(seed=seeds, scale=st.floats(0.1, 10), shift=st.floats(-10, 10))
def test_norms_do_not_see_scale_and_shift(layer, seed, scale, shift):
    layer = layer.double()
    shape = (4, 3, 3, 6) if isinstance(layer, nn.BatchNorm2d) else (4, 6)
    x = drawn(seed, *shape)
    assert_equal(layer(x * scale + shift), layer(x), 1e-8)


@given(seed=seeds, scale=st.floats(0.1, 10))
def test_rms_norm_does_not_see_the_scale(seed, scale):
    layer = nn.RMSNorm(6, eps=0.0).double()
    x = drawn(seed, 4, 6)
    assert_equal(layer(x * scale), layer(x))
    assert_equal((layer(x) ** 2).mean(dim=-1), cr.ones(4, dtype=cr.float64))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Linear(4, 3), (5, 4)),
        (nn.Conv2d(2, 3, 3), (5, 4, 4, 2)),
        (nn.MaxPool2d(2), (5, 4, 4, 2)),
        (nn.LayerNorm(4), (5, 4)),
        (nn.GroupNorm(2, 4), (5, 3, 4)),
        (nn.BatchNorm1d(4).eval(), (5, 4)),
        (nn.Dropout().eval(), (5, 4)),
    ],
)
@given(seed=seeds)
def test_rows_do_not_see_each_other(layer, shape, seed):
    x = drawn(seed, *shape)
    rows = [layer.double()(x[i : i + 1]) for i in range(5)]
    assert_equal(layer(x), cr.concatenate(rows))


@given(seed=seeds)
def test_unflatten_undoes_flatten(seed):
    x = drawn(seed, 2, 3, 4, 5)
    assert nn.Unflatten(1, (3, 4, 5))(nn.Flatten()(x)).tolist() == x.tolist()


def test_the_mean_over_all_batches():
    layer = nn.BatchNorm1d(3, momentum=None).double()
    batches = [drawn(seed, 8, 3) for seed in range(5)]
    for batch in batches:
        layer(batch)
    assert_equal(layer.running_mean, cr.stack([batch.mean(dim=0) for batch in batches]).mean(dim=0))
    assert_equal(layer.running_var, cr.stack([batch.var(dim=0) for batch in batches]).mean(dim=0))
    assert layer.num_batches_tracked.item() == 5


def test_batch_norm_remembers_no_derivatives():
    layer = nn.BatchNorm1d(3)
    for _ in range(3):
        layer(cr.randn(4, 3, requires_grad=True)).sum().backward()
    assert not layer.running_mean.requires_grad
    assert layer.running_mean.is_leaf


def test_a_padding_vector_stays_0():
    layer = nn.Embedding(5, 3, padding_idx=0)
    assert layer.weight[0].tolist() == [0.0, 0.0, 0.0]
    layer(cr.tensor([[0, 1], [0, 0]])).sum().backward()
    assert layer.weight.grad.tolist() == [[0.0] * 3, [1.0] * 3, *[[0.0] * 3] * 3]


def test_an_empty_batch_goes_through():
    layers = [nn.Linear(4, 3), nn.LayerNorm(4), nn.GroupNorm(2, 4), nn.BatchNorm1d(4).eval()]
    assert all(layer(cr.zeros(0, 4)).shape[0] == 0 for layer in layers)
