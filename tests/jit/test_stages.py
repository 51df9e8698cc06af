"""What one can look at of a traced function: its stages as text, its cost, its memory."""

from itertools import pairwise

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UnknownNameError
from chainrule.jit.stages import STAGES

F = cr.nn.functional
BATCH, WIDTHS = 16, (12, 9, 7, 3)


@pytest.fixture(scope="module")
def model():
    cr.manual_seed(0)
    fc0, fc1, fc2 = [cr.nn.Linear(*pair) for pair in pairwise(WIDTHS)]
    return cr.nn.Sequential({"fc0": fc0, "act0": cr.nn.ReLU(), "fc1": fc1, "act1": cr.nn.ReLU(), "fc2": fc2})


@pytest.fixture(scope="module")
def forward(model):
    return cr.jit(lambda x: model(x)).lower(cr.zeros(BATCH, WIDTHS[0]))


@pytest.fixture(scope="module")
def training(model):
    optimizer = cr.optim.Adam(model.parameters())

    def training_step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return cr.jit(training_step).lower(cr.zeros(BATCH, WIDTHS[0]), cr.zeros(BATCH, dtype="int64"))


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_names_the_layers(training, stage):
    text = training.text(stage)
    assert all(layer in text for layer in ("fc0", "fc1", "fc2"))


@pytest.mark.parametrize("stage", STAGES)
def test_one_layer_can_be_followed_through_every_stage(training, stage):
    text = training.text(stage, kernel="fc1.forward")
    assert "Linear 'fc1', forward, test_stages.py:" in text
    assert "ReLU 'act1', forward, test_stages.py:" in text
    assert "fc2.forward" not in text
    assert "backward" not in text


def test_the_graph_of_a_kernel_is_what_it_was_made_of(training):
    text = training.text("graph", kernel="fc1.bias")
    assert "Adam 'fc1.bias', update" in text
    assert "Linear 'fc1', backward" in text
    assert "fc0" not in text


def test_a_line_of_the_program_finds_its_kernels(training):
    line = training.program.kernels[0].notes[0].line
    assert training.text("kernels", kernel=line).startswith("kernel 0: fc0.forward")


@pytest.mark.parametrize("of", [{"stage": "machine"}, {"kernel": "fc9.forward"}])
def test_what_there_is_not(training, of):
    with pytest.raises(UnknownNameError, match="there is no"):
        training.text(**of)


def test_the_operations_of_a_network_by_formula(forward):
    pairs = list(pairwise(WIDTHS))
    products = sum(2 * BATCH * before * after for before, after in pairs)
    biases = sum(BATCH * after for _, after in pairs)
    relus = sum(2 * BATCH * after for _, after in pairs[:-1])  # a comparison and a choice
    assert forward.cost().flops == products + biases + relus


def test_costs_add_up(training):
    cost = training.cost()
    assert cost.flops == sum(kernel.flops for kernel in cost.kernels)
    assert cost.bytes == sum(kernel.read + kernel.written for kernel in cost.kernels)
    assert sum(layer.flops for layer in cost.layers.values()) == cost.flops
    assert {"fc0", "fc1", "fc2"} <= cost.layers.keys()
    # Forward, for the weight, and for the input: three products a layer, two for the first.
    forward, backward = (
        sum(kernel.flops for kernel in cost.layers["fc1"].kernels if kernel.phase == phase)
        for phase in ("forward", "backward")
    )
    assert backward > 2 * forward - 1000


def test_a_kernel_moves_what_it_reads_and_writes(forward):
    first = forward.cost().kernels[0]
    into, out = WIDTHS[:2]
    assert first.read == 4 * (BATCH * into + out * into + out)
    assert first.written == 4 * BATCH * out


def test_memory_adds_up(model, training):
    memory = training.memory()
    weights = sum(parameter.numel() for parameter in model.parameters())
    # Weights, gradients and two moments; a count of steps a parameter; the settings: lr, two betas, eps.
    assert memory.state == 4 * (4 * weights + len(list(model.parameters()))) + 4 * 8
    assert memory.arguments == 4 * BATCH * WIDTHS[0] + 8 * BATCH
    assert memory.results == 4
    places = ("arguments", "state", "constants", "results", "arena")
    assert memory.total == sum(getattr(memory, place) for place in places)


def test_buffers_that_live_at_the_same_time_do_not_overlap(training):
    memory = training.memory()
    arena = [use for use in memory.buffers if use.place == "arena"]
    assert len(arena) > 4
    for one in arena:
        assert 0 <= one.offset <= one.offset + one.bytes <= memory.arena
        for other in arena:
            together = one.first <= other.last and other.first <= one.last
            apart = one.offset + one.bytes <= other.offset or other.offset + other.bytes <= one.offset
            assert one is other or apart or not together


def test_it_prints_as_tables(training):
    assert str(training).startswith("training_step: ")
    head, *rows, total = str(training.cost()).splitlines()
    assert head.split() == ["kernel", "layer", "phase", "FLOPs", "bytes", "read", "written"]
    assert len(rows) == len(training.program.kernels)
    assert total.startswith("in all ")
    assert "its buffers apart" in str(training.memory())


def test_looking_changes_nothing(model):
    before = {name: value.numpy() for name, value in model.state_dict().items()}
    optimizer = cr.optim.SGD(model.parameters(), lr=1.0)

    def step(x):
        model(x).sum().backward()
        optimizer.step()

    lowered = cr.jit(step).lower(np.ones((2, WIDTHS[0]), np.float32))
    assert lowered.text("kernels")
    assert all(parameter.grad is None for parameter in model.parameters())
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name])


@pytest.mark.parametrize("stage", STAGES[1:])
def test_a_function_that_computes_nothing(stage):
    lowered = cr.jit(lambda x: x).lower(cr.ones(3))
    assert lowered.text(stage) == ""
    assert lowered.cost().flops == lowered.memory().total == 0
