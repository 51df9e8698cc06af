"""The modules over the functions: arguments, and what is printed."""

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn.functional as F
from chainrule import nn
from chainrule.core.abstract import shapes_only
from chainrule.errors import ArgumentError

X = cr.tensor([[-3.0, -0.5, 0.0, 0.5], [30.0, 2.0, 1.0, -1.0]])

MODULES = [
    (nn.Identity(3, unused=True), lambda x: x, "Identity()"),
    (nn.Step(), F.step, "Step()"),
    (nn.Sigmoid(), F.sigmoid, "Sigmoid()"),
    (nn.LogSigmoid(), F.logsigmoid, "LogSigmoid()"),
    (nn.Tanh(), F.tanh, "Tanh()"),
    (nn.Hardtanh(0, 6), lambda x: F.hardtanh(x, 0, 6), "Hardtanh(min_val=0, max_val=6)"),
    (nn.Hardsigmoid(inplace=True), F.hardsigmoid, "Hardsigmoid()"),
    (nn.Hardswish(inplace=True), F.hardswish, "Hardswish()"),
    (nn.ReLU(inplace=True), F.relu, "ReLU()"),
    (nn.LeakyReLU(0.2, inplace=True), lambda x: F.leaky_relu(x, 0.2), "LeakyReLU(negative_slope=0.2)"),
    (nn.ELU(0.5), lambda x: F.elu(x, 0.5), "ELU(alpha=0.5)"),
    (nn.SELU(True), F.selu, "SELU()"),
    (nn.GELU(), F.gelu, "GELU(approximate='none')"),
    (nn.GELU("tanh"), lambda x: F.gelu(x, "tanh"), "GELU(approximate='tanh')"),
    (nn.SiLU(inplace=True), F.silu, "SiLU()"),
    (nn.Softplus(2.0, 10.0), lambda x: F.softplus(x, 2.0, 10.0), "Softplus(beta=2.0, threshold=10.0)"),
    (nn.Softmax(), lambda x: F.softmax(x, dim=-1), "Softmax(dim=-1)"),
    (nn.Softmax(dim=0), lambda x: F.softmax(x, dim=0), "Softmax(dim=0)"),
    (nn.LogSoftmax(dim=1), lambda x: F.log_softmax(x, dim=1), "LogSoftmax(dim=1)"),
]


@pytest.mark.parametrize(("module", "function", "text"), MODULES, ids=[text for _, _, text in MODULES])
def test_a_module_is_its_function(module, function, text):
    before = X.numpy()
    np.testing.assert_array_equal(module(X).numpy(), function(X).numpy())
    np.testing.assert_array_equal(X.numpy(), before, "no activation writes over its input")
    assert repr(module) == text
    assert not module.state_dict()
    with shapes_only():
        assert module(X * 1).shape == X.shape


@pytest.mark.parametrize("make", [lambda: nn.GELU("tan"), lambda: nn.Softplus(beta=0)])
def test_arguments_are_checked_when_the_layer_is_built(make):
    with pytest.raises(ArgumentError):
        make()
