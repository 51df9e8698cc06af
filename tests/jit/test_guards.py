"""Python values that steer a trace: where one has changed, the function is traced again, and it is told why."""

import warnings

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import RetraceWarning
from tests.jit.steps import close, versions

FACTOR = 2


@pytest.fixture
def told(monkeypatch, capsys):
    """What CHAINRULE_LOG=retrace prints."""
    monkeypatch.setenv("CHAINRULE_LOG", "retrace")
    return lambda: capsys.readouterr().err


def test_shapes_dtypes_and_gradients(told):
    @cr.jit
    def step(x):
        return x * 2

    step(cr.ones(64, 30))
    assert told() == ""
    step(cr.ones(32, 30))
    assert told() == "step: retraced because argument 'x' has shape (32, 30), was (64, 30)\n"
    step(cr.ones(32, 30).double())
    assert told() == "step: retraced because argument 'x' has dtype float64, was float32\n"
    step(cr.ones(32, 30, requires_grad=True))
    assert "argument 'x'" in told()
    step(3)
    assert told() == "step: retraced because argument 'x' is a int, was a tensor\n"
    step(4)
    assert told() == "step: retraced because argument 'x' is 4, was 3\n"
    step(cr.ones(64, 30))
    assert told() == ""
    with cr.no_grad():
        step(cr.ones(64, 30))
    assert told() == "step: retraced because derivatives are not remembered, were\n"


def test_the_default_dtype(told):
    @cr.jit
    def f(x):
        return x + cr.zeros(2)

    assert f(1.0).dtype == np.float32
    cr.set_default_dtype("float64")
    try:
        assert f(1.0).dtype == np.float64
    finally:
        cr.set_default_dtype("float32")
    assert "default dtype" in told()


def test_training_and_evaluation(told):
    model = cr.nn.Sequential(cr.nn.Linear(3, 3), cr.nn.Dropout(0.5))
    f = cr.jit(lambda x: model(x))
    x = cr.ones(4, 3)
    for _ in range(2):
        model.train()
        f(x)
        model.eval()
        close(f(x).detach().numpy(), model(x).detach().numpy())
    assert told() == "<lambda>: retraced because 'training' of Sequential is False, was True\n"
    assert versions(f) == 2


def test_attributes_of_layers_that_only_the_function_names(told):
    layer = cr.nn.Linear(2, 2)
    layer.factor, layer.shifts = 2.0, [1.0]

    def scaled(model):
        return model.factor + sum(model.shifts)

    f = cr.jit(lambda x: x * scaled(layer))
    assert f(cr.tensor(1.0)).item() == 3
    layer.factor = 3.0
    assert f(cr.tensor(1.0)).item() == 4
    assert "'factor' of Linear is 3.0, was 2.0" in told()
    layer.shifts.append(5.0)
    assert f(cr.tensor(1.0)).item() == 9
    assert told().count("retraced") == 1
    layer.other = 1.0
    f(cr.tensor(1.0))
    assert told() == ""


def test_attributes_of_layers(told):
    class Scaled(cr.nn.Module):
        def __init__(self):
            super().__init__()
            self.factor = 2.0
            self.sizes = [1, 2]
            self.note = "not used by forward"

        def forward(self, x):
            return x * self.factor * sum(self.sizes)

    model = cr.nn.Sequential(Scaled())
    f = cr.jit(lambda x: model(x))
    x = cr.tensor(1.0)
    assert f(x).item() == 6
    model[0].note = "changed"
    assert f(x).item() == 6
    assert told() == ""
    model[0].factor = 3.0
    assert f(x).item() == 9
    assert told() == "<lambda>: retraced because 'factor' of Scaled '0' is 3.0, was 2.0\n"
    model[0].sizes = [1, 3]
    assert f(x).item() == 12
    model[0].sizes.append(1)
    assert f(x).item() == 15
    model[0].register_forward_hook(lambda module, args, out: out + 1)
    assert f(x).item() == 16


def test_globals_closures_and_objects(told):
    global FACTOR
    offset = 1
    settings = {"power": 1}

    class Config:
        shift = 0

        def __init__(self):
            self.shift = 10
            self.unused = 1

    config = Config()

    def inner(x):
        return x ** settings["power"] + config.shift

    @cr.jit
    def f(x):
        return inner(x * FACTOR) + offset

    x = cr.tensor(3.0)
    assert f(x).item() == 17
    config.unused = 2
    assert f(x).item() == 17
    assert told() == ""
    FACTOR = 3
    assert f(x).item() == 20
    assert told() == "f: retraced because global 'FACTOR' is 3, was 2\n"
    FACTOR = 2
    assert f(x).item() == 17
    assert told() == ""
    offset = 2
    assert f(x).item() == 18
    assert told() == "f: retraced because variable 'offset' is 2, was 1\n"
    settings["power"] = 2
    assert f(x).item() == 48
    assert told() == "f: retraced because settings['power'] is 2, was 1\n"
    config.shift = 20
    assert f(x).item() == 58
    assert told() == "f: retraced because config.shift is 20, was 10\n"
    config = Config()
    config.shift = 20
    assert f(x).item() == 58


def test_a_tensor_that_is_another_one():
    w = cr.tensor(1.0)

    @cr.jit
    def f():
        return w + 0

    assert f().item() == 1
    w = cr.tensor(2.0)
    assert f().item() == 2
    weights = [cr.tensor(1.0), cr.tensor(2.0)]
    g = cr.jit(lambda: weights[0] + weights[1])
    assert g().item() == 3
    weights[0] = cr.tensor(5.0)
    assert g().item() == 7


def test_settings_of_an_optimizer(told):
    w = cr.tensor([1.0], requires_grad=True)
    optimizer = cr.optim.SGD([w], lr=0.5, momentum=0.5)

    @cr.jit
    def step():
        optimizer.zero_grad()
        (w * 2).sum().backward()
        optimizer.step()

    step()
    assert w.item() == 0
    optimizer.param_groups[0]["momentum"] = 0.25
    optimizer.lr = 0.25
    step()
    assert w.item() == -0.625
    assert told() == ""
    optimizer.param_groups[0]["nesterov"] = True
    step()
    assert told() == "step: retraced because \"param_groups[0]['nesterov']\" of SGD is True, was False\n"
    optimizer.param_groups[0]["nesterov"] = False
    optimizer.add_param_group({"params": cr.tensor([1.0], requires_grad=True)})
    step()
    assert "of SGD" in told()


def test_a_value_that_was_asked_for(told):
    switch = cr.tensor(1.0)

    @cr.jit
    def f(x):
        return x * 2 if switch.item() > 0 else x * 3

    x = cr.tensor(1.0)
    assert f(x).item() == 2
    switch.fill_(1.0)
    assert f(x).item() == 2
    assert told() == ""
    switch.fill_(-1.0)
    assert f(x).item() == 3
    assert told() == "f: retraced because a tensor whose value was asked for holds -1., held 1.\n"
    switch.fill_(1.0)
    assert f(x).item() == 2
    assert told() == ""
    assert versions(f) == 2


def test_a_value_that_was_asked_for_and_is_written():
    count = cr.tensor(0)

    @cr.jit
    def f(x):
        count.add_(1)
        return x * 2

    @cr.jit
    def g(x):
        return x if int(count) < 2 else -x

    x = cr.tensor(1.0)
    found = []
    for _ in range(4):
        f(x)
        found.append(g(x).item())
    assert found == [1, -1, -1, -1]


def test_an_index_is_no_value_that_is_asked_for():
    at, table = cr.tensor(0), cr.arange(5.0)

    @cr.jit
    def f():
        at.add_(1)
        return table[at]

    assert [f().item() for _ in range(3)] == [1, 2, 3]
    assert versions(f) == 1


def test_many_retraces_are_warned_of_once():
    @cr.jit
    def f(x, rate):
        return x * rate

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for i in range(14):
            f(cr.tensor(1.0), i / 10)
    assert [each.category for each in caught] == [RetraceWarning]
    assert "argument 'rate' keeps changing" in str(caught[0].message)
    assert caught[0].filename == __file__
