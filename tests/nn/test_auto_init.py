import pytest

import chainrule as cr
from chainrule import nn
from chainrule.nn import init
from chainrule.nn.auto_init import RULES


def chosen(*modules):
    return [choice.init for choice in init.choose(nn.Sequential(*modules))]


@pytest.mark.parametrize("activation", RULES)
def test_every_activation_of_the_rules_exists(activation):
    assert chosen(nn.Linear(2, 2), getattr(nn, activation)()) == [RULES[activation]]


def test_he_for_relu_xavier_for_sigmoid_and_tanh_lecun_for_selu():
    assert chosen(nn.Linear(2, 2), nn.ReLU()) == ["he_normal"]
    assert chosen(nn.Linear(2, 2), nn.Sigmoid()) == ["xavier_uniform"]
    assert chosen(nn.Linear(2, 2), nn.Tanh()) == ["xavier_uniform"]
    assert chosen(nn.Linear(2, 2), nn.SELU()) == ["lecun_normal"]
    assert chosen(nn.Linear(2, 2)) == ["xavier_uniform"]


def test_what_stands_between_layer_and_activation_is_passed_over():
    assert chosen(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(4, 4),
        nn.Linear(4, 1),
    ) == ["he_normal", "xavier_uniform", "xavier_uniform"]
    assert chosen(nn.Sequential(nn.Linear(2, 2)), nn.Sequential(nn.Dropout(), nn.SELU())) == ["lecun_normal"]


def test_it_draws_the_weights_and_says_what_it_chose():
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(400, 300), nn.ReLU(), nn.Linear(300, 10))
    found = init.auto_(model)
    assert str(found) == ("he_normal where ReLU follows: 0\nxavier_uniform where no activation follows: 2")
    assert model[0].init == "he_normal"
    assert model[0].weight.std().item() == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert model[2].weight.abs().max().item() <= (6 / 310) ** 0.5
    assert not model[0].bias.detach().numpy().any()


def test_choosing_changes_nothing():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    before = model[0].weight.tolist()
    init.choose(model)
    assert model[0].weight.tolist() == before
    assert model[0].init is None


@pytest.mark.parametrize(("activation", "depth"), [(nn.ReLU, 20), (nn.Tanh, 20), (nn.SELU, 20)])
def test_the_signal_neither_dies_nor_explodes(activation, depth):
    cr.manual_seed(0)
    layers = [module for _ in range(depth) for module in (nn.Linear(256, 256), activation())]
    x = cr.randn(64, 256)
    with cr.no_grad():
        deep = nn.Sequential(*layers, init="auto")(x)
    assert 0.05 < deep.square().mean().sqrt().item() < 5
