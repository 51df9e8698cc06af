"""What the graph knows of where its values come from."""

import pytest

import chainrule as cr
from chainrule.errors import ArgumentError
from chainrule.graph import Apply, Constant, Input
from tests.jit.steps import versions


class Net(cr.nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = cr.nn.Sequential(cr.nn.Linear(3, 4), cr.nn.Tanh())
        self.head = cr.nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.encoder(x) * 3)


def lowered():
    model = Net()
    optimizer = cr.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    w = cr.ones(2)

    @cr.jit
    def step(batch):
        optimizer.zero_grad()
        loss = (model(batch["x"]) * w).mean() + cr.rand(())
        loss.backward()
        optimizer.step()
        return loss

    return step, step.lower({"x": cr.ones(5, 3)}).graph, model


def test_lowering_runs_and_changes_nothing():
    step, graph, model = lowered()
    assert model.head.weight.grad is None
    assert versions(step) == 0
    assert len(graph.results) == 1
    step({"x": cr.ones(5, 3)})
    assert versions(step) == 1


def test_names_of_inputs():
    _, graph, _ = lowered()
    names = [each.name for each in graph.inputs]
    assert names[0] == "batch['x']"
    assert {"encoder.0.weight", "head.bias", "head.weight.momentum_buffer", "head.bias.grad", "SGD.lr", "w"} < {*names}
    assert "random state" in names
    assert len(set(names)) == len(names)
    written = {graph.inputs[index].name for index, _ in graph.writes}
    assert "head.weight.momentum_buffer" in written
    assert not {"SGD.lr", "w", names[0]} & written


def test_layers_phases_and_lines():
    _, graph, _ = lowered()
    notes = {(v.note.layer, v.note.kind, v.note.phase) for v in graph.order() if isinstance(v, Apply)}
    for layer, kind in (("encoder.0", "Linear"), ("encoder.1", "Tanh"), ("head", "Linear"), ("", "Net")):
        assert {(layer, kind, "forward"), (layer, kind, "backward")} <= notes
    assert ("head.weight", "SGD", "update") in notes
    forward = [v.note.line for v in graph.order() if isinstance(v, Apply) and v.note.layer == "" and v.note.kind]
    line = Net.forward.__code__.co_firstlineno + 1
    assert set(forward) == {f"test_graph.py:{line}"}


def test_numbers_are_constants_and_tensors_are_not():
    w = cr.tensor([2.0])
    graph = cr.jit(lambda x: x * 3 + w).lower(cr.tensor([1.0])).graph
    leaves = [v for v in graph.order() if not isinstance(v, Apply)]
    assert [type(v) for v in leaves].count(Constant) == 1
    assert [v.name for v in leaves if isinstance(v, Input)] == ["x", "w"]


def test_what_is_not_used_is_no_input():
    graph = cr.jit(lambda x, y: x * 2).lower(cr.ones(2), cr.ones(3)).graph
    assert [each.name for each in graph.inputs] == ["x"]


def test_the_arguments_are_checked_as_python_does():
    with pytest.raises(TypeError):
        cr.jit(lambda x: x)()
    with pytest.raises(ArgumentError):
        cr.jit(lambda x: x)(bytearray())
