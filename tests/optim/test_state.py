"""Saved states that fit, and those that do not."""

import json

import numpy as np
import pytest

import chainrule as cr
from chainrule import optim
from chainrule.errors import ArgumentError, StateDictError
from tests.optim.conftest import Problem


def test_a_state_is_as_pytorchs(problem):
    optimizer = optim.Adam([{"params": [problem.first]}, {"params": [problem.second], "lr": 0.5}], lr=0.1)
    problem.train(optimizer, 2)
    state = optimizer.state_dict()
    assert sorted(state) == ["param_groups", "state"]
    assert [group["params"] for group in state["param_groups"]] == [[0], [1]]
    assert [group["lr"] for group in state["param_groups"]] == [0.1, 0.5]
    assert {name: tensor.shape for name, tensor in state["state"][1].items()} == {
        "step": (),
        "exp_avg": (4, 2),
        "exp_avg_sq": (4, 2),
    }


def test_a_state_does_not_follow_later_steps(problem):
    optimizer = optim.Adam(problem.params)
    problem.train(optimizer)
    state = optimizer.state_dict()
    before = state["state"][0]["exp_avg"].numpy()
    problem.train(optimizer)
    optimizer.lr = 7
    np.testing.assert_array_equal(state["state"][0]["exp_avg"].numpy(), before)
    assert state["param_groups"][0]["lr"] == 0.001
    state["state"][0]["step"].fill_(100)
    assert optimizer.state[problem.first]["step"].item() == 2


def test_the_settings_survive_json(problem):
    optimizer = optim.Adam(problem.params, lr=0.1, betas=(0.5, 0.6))
    state = optimizer.state_dict()
    state["param_groups"] = json.loads(json.dumps(state["param_groups"]))
    again = optim.Adam(problem.params)
    again.load_state_dict(state)
    assert again.state_dict()["param_groups"] == optimizer.state_dict()["param_groups"]


def test_settings_decide_what_is_remembered(problem):
    saving, loading = optim.SGD(problem.params, momentum=0.9, dampening=0.1), optim.SGD(problem.params)
    problem.train(saving)
    loading.load_state_dict(saving.state_dict())
    assert sorted(loading.state[problem.first]) == ["momentum_buffer", "step"]
    loading.param_groups[0]["momentum"] = 0.0
    problem.train(loading)
    assert loading.state[problem.first] == {}


def broken(change):
    def state():
        problem = Problem()
        optimizer = optim.Adam(problem.params, lr=0.1)
        problem.train(optimizer)
        state = optimizer.state_dict()
        change(state)
        return state

    return state


WRONG = {
    "not a state": (lambda: [1, 2], "no state of an optimizer"),
    "no groups": (broken(lambda s: s.pop("param_groups")), "no state of an optimizer"),
    "more groups": (broken(lambda s: s["param_groups"].append(s["param_groups"][0])), "2 parameter groups"),
    "fewer parameters": (broken(lambda s: s["param_groups"][0]["params"].pop()), "1 parameters, this optimizer's 2"),
    "no learning rate": (broken(lambda s: s["param_groups"][0].pop("lr")), "group 0 has no lr"),
    "nothing of a parameter": (broken(lambda s: s["state"].pop(1)), "parameter 1 has no exp_avg; .* no step"),
    "a moment missing": (broken(lambda s: s["state"][0].pop("exp_avg")), "parameter 0 has no exp_avg"),
    "a moment too many": (broken(lambda s: s["state"][0].update(velocity=cr.zeros(3))), "has velocity, .* unexpected"),
    "another shape": (broken(lambda s: s["state"][0].update(exp_avg=cr.zeros(4, 3))), r"\(4, 3\), .* has \(3, 4\)"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_state_that_does_not_fit_changes_nothing(wrong, problem):
    optimizer = optim.Adam(problem.params, lr=0.3)
    make, message = WRONG[wrong]
    with pytest.raises(StateDictError, match=message):
        optimizer.load_state_dict(make())
    assert optimizer.lr == 0.3
    assert optimizer.state[problem.first]["step"].item() == 0


def test_settings_that_make_no_sense_are_not_loaded(problem):
    optimizer = optim.Adam(problem.params, lr=0.3)
    state = broken(lambda s: s["param_groups"][0].update(betas=(2, 3)))()
    with pytest.raises(ArgumentError, match="betas"):
        optimizer.load_state_dict(state)
    assert (optimizer.lr, optimizer.state[problem.first]["step"].item()) == (0.3, 0)


def test_another_optimizers_state(problem):
    with pytest.raises(StateDictError, match=r"SGD: .*group 0 has no dampening"):
        optim.SGD(problem.params).load_state_dict(optim.Adam(problem.params).state_dict())
