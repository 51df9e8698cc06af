"""Kernels have names that tell whose they are and what they do; none has another's."""

import pytest

import chainrule as cr
from chainrule.compiler import compile_graph
from chainrule.compiler.text import text
from chainrule.graph import Note

F = cr.nn.functional


def step(model, make_optimizer=None):
    """A training step of a classifier, as its program."""
    parameters = list(model.parameters())
    optimizer = make_optimizer(parameters) if make_optimizer is not None else None

    def training_step(x, y):
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        if optimizer is not None:
            optimizer.step()
        return loss

    width = next(iter(parameters)).shape[-1]
    return compile_graph(cr.jit(training_step).lower(cr.zeros(8, width), cr.zeros(8, dtype="int64")).graph)


def mlp():
    return cr.nn.Sequential(
        {
            "encoder": cr.nn.Sequential(cr.nn.Linear(6, 5), cr.nn.ReLU(), cr.nn.Linear(5, 5), cr.nn.ReLU()),
            "output": cr.nn.Linear(5, 3),
        }
    )


def names(program):
    return [kernel.name for kernel in program.kernels]


def test_layers_phases_and_operations():
    found = names(step(mlp(), cr.optim.Adam))
    for name in (
        "encoder.0.forward.matmul+add+relu",
        "encoder.2.forward.matmul+add+relu",
        "output.forward.matmul+add",
        "output.backward.matmul+relu",
        "encoder.2.backward.matmul+relu",
        "encoder.0.backward.matmul",
        "encoder.0.bias.backward.sum+adam",
        "output.backward.matmul",
    ):
        assert name in found
    # What all weights share is the optimizer's.
    assert [name for name in found if name.startswith("Adam.update.")]


def test_without_an_update_a_gradient_is_its_layers():
    found = names(step(mlp()))
    assert "encoder.0.backward.matmul" in found
    assert not [name for name in found if "weight" in name]


@pytest.mark.parametrize("optimizer", [lambda p: cr.optim.SGD(p, lr=0.1, momentum=0.9), cr.optim.AdamW])
def test_no_two_kernels_have_one_name(optimizer):
    layer = cr.nn.Linear(4, 4)
    model = cr.nn.Sequential(layer, cr.nn.Tanh(), layer, cr.nn.Tanh(), layer, cr.nn.LayerNorm(4))
    found = names(step(model, optimizer))
    assert len(set(found)) == len(found)
    assert any(name.endswith(" (2)") for name in found)


def test_a_kernel_says_first_where_it_belongs():
    program = step(mlp(), cr.optim.Adam)
    kernel = next(kernel for kernel in program.kernels if kernel.name == "encoder.0.bias.backward.sum+adam")
    gradient, update = kernel.notes
    assert (gradient.layer, gradient.kind, gradient.phase) == ("encoder.0", "Linear", "backward")
    assert (update.layer, update.kind, update.phase) == ("encoder.0.bias", "Adam", "update")
    assert gradient.module == update.module == "encoder.0"


def test_operations_outside_of_layers():
    graph = cr.jit(lambda x: (x.exp() * 2).sum(1)).lower(cr.zeros(3, 4)).graph
    assert names(compile_graph(graph)) == ["forward.exp+mul+sum"]


def test_notes_as_text():
    assert str(Note("encoder.0", "Linear", "forward", "net.py:3")) == "Linear 'encoder.0', forward, net.py:3"
    assert str(Note(phase="update")) == "update"
    assert Note("w", "SGD", "update").module == ""


def test_the_text_of_a_kernel_names_what_it_looks_up():
    graph = cr.jit(lambda x, y: -x.gather(1, (y + 1)[:, None])).lower(cr.zeros(4, 7), cr.zeros(4, dtype="int64")).graph
    shown = text(compile_graph(graph))
    assert "t0 = add(y[i0], 1)" in shown
    assert "neg(x[7*i0 + t0])" in shown
