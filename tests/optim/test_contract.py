"""What holds of every optimizer."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.core.abstract import shapes_only
from tests.optim.conftest import Problem


def everything(problem, optimizer):
    """All that a step may change, as plain values."""
    state = optimizer.state_dict()
    tensors = [tensor.numpy() for entries in state["state"].values() for tensor in entries.values()]
    return [*problem.values(), *tensors], state["param_groups"]


def assert_same(left, right):
    for a, b in zip(left[0], right[0], strict=True):
        np.testing.assert_array_equal(a, b, strict=True)
    assert left[1] == right[1]


def test_it_learns(make, problem):
    optimizer, before = make(problem.params, lr=0.01), problem.loss().item()
    problem.train(optimizer, 20)
    assert problem.loss().item() < before


def test_a_step_without_values_changes_nothing(make, problem):
    optimizer = make(problem.params, lr=0.1, l1=0.1, weight_decay=0.1)
    problem.train(optimizer, 2)
    before = everything(problem, optimizer)
    gradients = [param.grad for param in problem.params]
    with shapes_only():
        problem.train(optimizer, 2)
    assert_same(before, everything(problem, optimizer))
    assert [id(param.grad) for param in problem.params] == [id(gradient) for gradient in gradients]


def test_the_first_step_may_be_without_values(make, problem):
    optimizer = make(problem.params, lr=0.1)
    before = everything(problem, optimizer)
    with shapes_only():
        problem.train(optimizer)
    assert_same(before, everything(problem, optimizer))


def program(problem, optimizer):
    """The operations of a step, with every number in it that is no state: what a compiler would take for constants."""
    state = [tensor for entries in optimizer.state.values() for tensor in entries.values()]
    settings = [held for group in optimizer.param_groups for held in group._held.values()]
    numbers = [item for held in settings for item in (held if isinstance(held, tuple) else [held])]
    known = {id(item.node) for item in [*problem.params, *state, *numbers] if isinstance(item, cr.Tensor)}
    known |= {id(param.grad.node) for param in problem.params}
    lines = []

    def note(primitive, inputs, params, out):
        constants = [
            node.value.tolist()
            for node in inputs
            if node.value is not None and node.shape == () and id(node) not in known
        ]
        lines.append((primitive.name, str(params), out, constants))

    with shapes_only(note):
        optimizer.step()
    return lines


def test_every_step_is_the_same_program(make, problem):
    optimizer = make(problem.params, lr=0.1, l1=0.1, weight_decay=0.1)
    problem.train(optimizer)
    first = program(problem, optimizer)
    problem.train(optimizer, 3)
    for group in optimizer.param_groups:
        group["lr"] *= 0.5
        if "betas" in group:
            group["betas"] = (0.5, 0.6)
        if group.get("momentum"):
            group["momentum"] = 0.5
    assert program(problem, optimizer) == first


def test_a_saved_state_goes_on_bit_for_bit(make):
    problem, other = Problem(), Problem()
    optimizer = make(problem.params, lr=0.1, weight_decay=0.1)
    problem.train(optimizer, 3)
    saved, weights = optimizer.state_dict(), problem.values()
    problem.train(optimizer, 3)
    for param, weight in zip(other.params, weights, strict=True):
        param.data = weight
    again = make(other.params)
    again.load_state_dict(saved)
    other.train(again, 3)
    assert_same(everything(problem, optimizer), everything(other, again))


def test_no_learning_rate_no_change(make, problem):
    optimizer, before = make(problem.params, lr=0.0, weight_decay=0.1), problem.values()
    problem.train(optimizer, 3)
    for a, b in zip(before, problem.values(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_float32_stays_float32(make):
    problem = Problem(cr.float32)
    optimizer = make(problem.params, lr=0.1, l1=0.1, weight_decay=0.1)
    problem.train(optimizer, 2)
    assert {param.dtype for param in problem.params} == {cr.float32}
    assert {tensor.dtype for entries in optimizer.state.values() for tensor in entries.values()} <= {cr.float32}


def test_what_is_remembered_follows_the_dtype_of_the_weights(make):
    model = nn.Linear(3, 2, bias=False)
    optimizer = make(model.parameters(), lr=0.1)
    for dtype in (cr.float32, cr.float64, cr.float32):
        optimizer.zero_grad()
        model.to(dtype)(cr.ones(4, 3, dtype=dtype)).sum().backward()
        optimizer.step()
        assert {tensor.dtype for entries in optimizer.state.values() for tensor in entries.values()} <= {dtype}


def test_float32_follows_float64(make):
    single, double = Problem(cr.float32), Problem()
    for problem in (single, double):
        problem.train(make(problem.params, lr=0.01), 3)
    for a, b in zip(single.values(), double.values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_parameters_without_a_gradient_stay_as_they_are(make, problem):
    optimizer = make(problem.params, lr=0.1, weight_decay=0.1, l1=0.1)
    problem.train(optimizer)
    weights = problem.second.detach().numpy()
    state = {name: tensor.numpy() for name, tensor in optimizer.state[problem.second].items()}
    optimizer.zero_grad()
    problem.loss().backward()
    problem.second.grad = None
    optimizer.step()
    np.testing.assert_array_equal(problem.second.detach().numpy(), weights)
    assert all((optimizer.state[problem.second][name].numpy() == value).all() for name, value in state.items())


def test_the_tensors_behind_a_step_stay_the_same_ones(make, problem):
    optimizer = make(problem.params, lr=0.1)

    def identities():
        state = [id(tensor) for entries in optimizer.state.values() for tensor in entries.values()]
        return state + [id(group._held["lr"]) for group in optimizer.param_groups]

    before = identities()
    problem.train(optimizer, 2)
    optimizer.lr = 0.01
    optimizer.load_state_dict(optimizer.state_dict())
    assert identities() == before


@pytest.mark.parametrize("name", optim.optimizer_names())
def test_a_step_of_a_frozen_value_is_not_remembered(name, problem):
    optimizer = optim.get(name, problem.params)
    problem.train(optimizer)
    for tensor in [*problem.params, *[t for entries in optimizer.state.values() for t in entries.values()]]:
        assert tensor.is_leaf
    assert all(param.requires_grad for param in problem.params)
