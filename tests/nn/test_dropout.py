import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError

KINDS = (nn.Dropout, nn.AlphaDropout)


@pytest.mark.parametrize("kind", KINDS)
def test_it_works_in_training_only(kind):
    x = cr.randn(20, 20)
    layer = kind(0.4)
    assert layer.eval()(x).tolist() == x.tolist()
    cr.manual_seed(0)
    first, second = layer.train()(x).tolist(), layer(x).tolist()
    assert first != second
    cr.manual_seed(0)
    assert layer(x).tolist() == first


@pytest.mark.parametrize("kind", KINDS)
def test_it_keeps_the_mean_and_alpha_dropout_the_variance(kind):
    cr.manual_seed(0)
    y = kind(0.3)(cr.randn(100_000))
    assert abs(y.mean().item()) < 0.02
    if kind is nn.AlphaDropout:
        assert y.var().item() == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_the_probability_may_be_a_tensor_that_a_schedule_changes(kind):
    p = cr.tensor(0.5)
    layer = kind(p)
    assert not list(layer.parameters())
    assert not layer.state_dict()
    with cr.no_grad():
        p.copy_(0.0)
    x = cr.randn(5)
    assert layer(x).tolist() == pytest.approx(x.tolist())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("p", [-0.1, 1.1, "half", True, float("nan")])
def test_what_is_no_probability(kind, p):
    with pytest.raises(ArgumentError, match=f"{kind.__name__}: p"):
        kind(p)
