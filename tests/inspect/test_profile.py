"""A profile measures a step kernel by kernel, and leaves everything as it was. Times themselves are not tested."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, ClassIndexError
from chainrule.jit.streams import Stream
from chainrule.ops.random import default_generator


def trained(dropout=0.0):
    """A model, its optimizer, and a step of training."""
    cr.manual_seed(0)
    model = cr.nn.Sequential(
        {
            "fc1": cr.nn.Linear(6, 5),
            "norm": cr.nn.BatchNorm1d(5),
            "drop": cr.nn.Dropout(dropout),
            "fc2": cr.nn.Linear(5, 3),
        }
    )
    optimizer, loss_function = cr.optim.Adam(model.parameters(), lr=0.1), cr.nn.CrossEntropyLoss()

    def step(x, y):
        optimizer.zero_grad()
        loss = loss_function(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, optimizer, step


X, Y = np.random.default_rng(0).standard_normal((8, 6)).astype(np.float32), np.arange(8) % 3


def state(model, optimizer):
    moments = [tensor.numpy() for remembered in optimizer.state.values() for tensor in remembered.values()]
    gradients = [p.grad.numpy() if p.grad is not None else None for p in model.parameters()]
    return (
        [value.numpy() for value in model.state_dict().values()],
        moments,
        gradients,
        default_generator().state.numpy(),
    )


@pytest.fixture(scope="module")
def found():
    return cr.profile(trained()[2], X, Y, repeat=3)


def test_every_kernel_and_layer_is_there(found):
    assert found.name == "step"
    names = [kernel.name for kernel in found.kernels]
    assert any(name.startswith("fc2.bias.backward.") and name.endswith("+adam") for name in names)
    assert {"fc1", "norm", "fc2"} <= {layer.layer for layer in found.layers}
    assert {kernel.phase for kernel in found.kernels} == {"forward", "backward", "update"}


def test_it_adds_up(found):
    assert sum(layer.flops for layer in found.layers) == found.flops == sum(kernel.flops for kernel in found.kernels)
    total = sum(kernel.seconds for kernel in found.kernels)
    assert sum(layer.seconds for layer in found.layers) == pytest.approx(total)
    assert all(kernel.seconds >= 0 for kernel in found.kernels)
    assert found.step > 0
    seconds = [layer.seconds for layer in found.layers]
    assert seconds == sorted(seconds, reverse=True)
    for layer in found.layers:
        phases = [layer.within(phase) for phase in ("forward", "backward", "update")]
        assert sum(phases) == pytest.approx(layer.seconds)


def test_shares_are_of_the_limit(found):
    kernel = max(found.kernels, key=lambda kernel: kernel.flops)
    assert kernel.share == pytest.approx(kernel.flops / kernel.seconds / found.limit)
    assert found.share == pytest.approx(found.flops / found.step / found.limit)


def test_it_prints_as_tables(found):
    overview, layers, kernels = str(found).split("\n\n")
    assert overview.startswith("step: ")
    assert "of the limit of" in overview
    assert len(layers.splitlines()) == len(found.layers) + 2
    assert len(kernels.splitlines()) == len(found.kernels) + 1


@pytest.mark.parametrize("compiled", [False, True])
def test_everything_is_as_it_was(compiled):
    model, optimizer, step = trained(dropout=0.5)
    step = cr.jit(step) if compiled else step
    step(cr.tensor(X), cr.tensor(Y))  # there are gradients and moments to be changed
    x = cr.tensor(X)
    before = state(model, optimizer)
    cr.profile(step, x, Y, repeat=4)
    np.testing.assert_equal(state(model, optimizer), before)
    np.testing.assert_array_equal(x.numpy(), X)
    # And training goes on as if nobody had looked.
    after = step(x, cr.tensor(Y)).item()
    cr.manual_seed(0)
    _, _, same = trained(dropout=0.5)
    same(x, cr.tensor(Y))
    assert same(x, cr.tensor(Y)).item() == pytest.approx(after, rel=1e-5)


def test_a_turn_of_a_stream():
    total = cr.tensor(0.0)
    found = cr.profile(lambda x: total.add_(x.sum()), Stream(np.ones((3, 4), np.float32)), repeat=5)
    assert found.flops == 5
    assert total.item() == 0


def test_bad_data_are_the_users_error():
    _, _, step = trained()
    with pytest.raises(ClassIndexError, match="there is no class 7"):
        cr.profile(step, X, np.full(8, 7), repeat=1)


@pytest.mark.parametrize("repeat", [0, -1, 1.5])
def test_a_number_of_steps_that_is_none(repeat):
    with pytest.raises(ArgumentError, match="repeat"):
        cr.profile(trained()[2], X, Y, repeat=repeat)


def test_a_step_that_computes_nothing():
    with pytest.raises(ArgumentError, match="computes nothing"):
        cr.profile(lambda x: x, cr.tensor(X))
