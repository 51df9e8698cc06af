"""Penalties are terms of the loss; decoupled weight decay is none."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import optim
from tests.optim.conftest import OPTIMIZERS, Problem

COUPLED = ("SGD", "SGD-momentum", "Adagrad", "RMSprop", "Adam", "NAdam")
STRENGTH = 0.3


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_l1_is_a_term_of_the_loss(name):
    setting, term = Problem(), Problem()
    setting.train(OPTIMIZERS[name](setting.params, lr=0.01, l1=STRENGTH), 3)
    optimizer = OPTIMIZERS[name](term.params, lr=0.01)
    for _ in range(3):
        optimizer.zero_grad()
        (term.loss() + STRENGTH * sum(param.abs().sum() for param in term.params)).backward()
        optimizer.step()
    for a, b in zip(setting.values(), term.values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", COUPLED)
def test_coupled_weight_decay_is_a_term_of_the_loss(name):
    setting, term = Problem(), Problem()
    setting.train(OPTIMIZERS[name](setting.params, lr=0.01, weight_decay=STRENGTH), 3)
    optimizer = OPTIMIZERS[name](term.params, lr=0.01)
    for _ in range(3):
        optimizer.zero_grad()
        (term.loss() + STRENGTH / 2 * sum((param**2).sum() for param in term.params)).backward()
        optimizer.step()
    for a, b in zip(setting.values(), term.values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("make", [optim.AdamW, optim.Lion, optim.Muon])
def test_decoupled_weight_decay_shrinks_the_weights_by_itself(make):
    decayed, plain = Problem(), Problem()
    decayed.train(make(decayed.params, lr=0.1, weight_decay=0.5))
    plain.train(make(plain.params, lr=0.1, weight_decay=0.0))
    for before, a, b in zip(Problem().values(), decayed.values(), plain.values(), strict=True):
        np.testing.assert_allclose(a, b - 0.1 * 0.5 * before, rtol=1e-12, atol=1e-14)


def test_maximizing_is_minimizing_the_opposite(make):
    up, down = Problem(), Problem()
    up.train(make(up.params, lr=0.01, maximize=True), 3)
    optimizer = make(down.params, lr=0.01)
    for _ in range(3):
        optimizer.zero_grad()
        (-down.loss()).backward()
        optimizer.step()
    for a, b in zip(up.values(), down.values(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_weight_of_0_is_not_pulled_by_l1():
    w = cr.tensor([0.0, 1.0], requires_grad=True)
    w.grad = cr.zeros(2)
    optim.SGD([w], lr=1.0, l1=0.25).step()
    assert w.tolist() == [0.0, 0.75]
