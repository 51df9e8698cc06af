import numpy as np
import pytest

import chainrule as cr
from chainrule import optim
from chainrule.errors import ArgumentError, GradientError
from tests.optim.conftest import Problem


@pytest.fixture
def both(problem):
    return optim.MultiOptimizer(
        optim.Muon([problem.first], lr=0.1), optim.SGD([problem.second], lr=0.01, momentum=0.9, nesterov=True)
    )


def test_each_parameter_is_updated_by_its_own(problem, both):
    apart = Problem()
    muon = optim.Muon([apart.first], lr=0.1)
    sgd = optim.SGD([apart.second], lr=0.01, momentum=0.9, nesterov=True)
    problem.train(both, 3)
    for _ in range(3):
        muon.zero_grad()
        sgd.zero_grad()
        apart.loss().backward()
        muon.step()
        sgd.step()
    for a, b in zip(problem.values(), apart.values(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_is_saved_and_scheduled_as_one(problem, both):
    schedule = optim.lr_scheduler.ExponentialLR(both, gamma=0.5)
    problem.train(both, 2)
    saved, weights = both.state_dict(), problem.values()
    schedule.step()
    assert [group["lr"] for group in both.param_groups] == [0.05, 0.005]
    problem.train(both)
    after = problem.values()
    for param, weight in zip(problem.params, weights, strict=True):
        param.data = weight
    both.load_state_dict(saved)
    assert [group["lr"] for group in both.param_groups] == [0.1, 0.01]
    both.param_groups[0]["lr"], both.param_groups[1]["lr"] = 0.05, 0.005
    problem.train(both)
    for a, b in zip(problem.values(), after, strict=True):
        np.testing.assert_array_equal(a, b)


def test_one_of_them_may_have_no_gradients(problem, both):
    (problem.first**2).sum().backward()
    both.step()
    both.zero_grad()
    with pytest.raises(GradientError):
        both.step()


def test_what_cannot_be_put_together(problem):
    w = cr.zeros(2, requires_grad=True)
    with pytest.raises(ArgumentError, match="1 parameters given twice"):
        optim.MultiOptimizer(optim.SGD([w]), optim.Adam([w]))
    with pytest.raises(ArgumentError, match="at least one"):
        optim.MultiOptimizer()
    with pytest.raises(ArgumentError, match="no optimizer"):
        optim.MultiOptimizer([optim.SGD([w])])
    with pytest.raises(ArgumentError, match="whose parameters"):
        optim.MultiOptimizer(optim.SGD([w])).add_param_group({"params": [cr.zeros(2, requires_grad=True)]})
