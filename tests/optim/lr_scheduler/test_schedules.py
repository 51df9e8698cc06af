"""What holds of every schedule; their values are compared in `test_trajectories.py`."""

import json

import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, StateDictError
from chainrule.optim import SGD, Adagrad, Adam
from chainrule.optim import lr_scheduler as lrs

MAKES = {
    "StepLR": lambda o: lrs.StepLR(o, 2, gamma=0.5),
    "MultiStepLR": lambda o: lrs.MultiStepLR(o, [1, 4], gamma=0.5),
    "ExponentialLR": lambda o: lrs.ExponentialLR(o, 0.5),
    "LambdaLR": lambda o: lrs.LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
    "LinearLR": lrs.LinearLR,
    "PolynomialLR": lambda o: lrs.PolynomialLR(o, 8),
    "CosineAnnealingLR": lambda o: lrs.CosineAnnealingLR(o, 8),
    "CosineAnnealingWarmRestarts": lambda o: lrs.CosineAnnealingWarmRestarts(o, 2, 2),
    "OneCycleLR": lambda o: lrs.OneCycleLR(o, 1.0, total_steps=9),
    "SequentialLR": lambda o: lrs.SequentialLR(o, [lrs.LinearLR(o), lrs.ExponentialLR(o, 0.5)], [3]),
}


def new_optimizer():
    return SGD([cr.zeros(2, requires_grad=True)], lr=0.8, momentum=0.9)


def following(schedule, steps):
    seen = []
    for _ in range(steps):
        schedule.step()
        group = schedule.optimizer.param_groups[0]
        seen.append((group["lr"], group["momentum"]))
    return seen


@pytest.mark.parametrize("name", MAKES)
def test_every_schedule_is_tried(name):
    assert set(MAKES) | {"LRScheduler", "ReduceLROnPlateau"} == set(lrs.__all__)


@pytest.mark.parametrize("name", MAKES)
def test_a_saved_schedule_goes_on(name):
    optimizer = new_optimizer()
    schedule = MAKES[name](optimizer)
    following(schedule, 4)
    saved, settings = json.loads(json.dumps(schedule.state_dict())), optimizer.state_dict()
    other = new_optimizer()
    again = MAKES[name](other)
    other.load_state_dict(settings)
    again.load_state_dict(saved)
    assert following(again, 5) == following(schedule, 5)


@pytest.mark.parametrize("name", MAKES)
def test_learning_rates_are_exactly_what_the_formula_says(name):
    schedule = MAKES[name](new_optimizer())
    for epoch in range(8):
        assert schedule.get_last_lr() == schedule.lrs(epoch)
        schedule.step()


def test_a_change_by_hand_is_kept_in_proportion():
    optimizer = new_optimizer()
    schedule = lrs.ExponentialLR(optimizer, 0.5)
    optimizer.lr = 0.2
    schedule.step()
    assert optimizer.lr == 0.1


def test_a_learning_rate_of_0_is_left_again():
    optimizer = new_optimizer()
    schedule = lrs.LambdaLR(optimizer, lambda epoch: epoch / 4)
    assert optimizer.lr == 0
    schedule.step()
    assert optimizer.lr == pytest.approx(0.2)


def test_a_schedule_of_ones_own():
    class Inverse(lrs.LRScheduler):
        def lrs(self, epoch):
            return [base / (1 + epoch) for base in self.base_lrs]

    schedule = Inverse(new_optimizer())
    assert [lr for lr, _ in following(schedule, 3)] == [0.4, 0.8 / 3, 0.2]


def test_one_cycle_needs_a_momentum():
    with pytest.raises(ArgumentError, match="Adagrad has no momentum"):
        lrs.OneCycleLR(Adagrad([cr.zeros(2, requires_grad=True)]), 1.0, 10)


def test_one_cycle_switches_a_momentum_on():
    w = cr.zeros(2, requires_grad=True)
    optimizer = SGD([w], lr=0.1)
    lrs.OneCycleLR(optimizer, 1.0, 10)
    w.sum().backward()
    optimizer.step()
    assert sorted(optimizer.state[w]) == ["momentum_buffer"]


def test_one_cycle_ends():
    optimizer = Adam([cr.zeros(2, requires_grad=True)])
    schedule = lrs.OneCycleLR(optimizer, 1.0, total_steps=3)
    for _ in range(3):
        schedule.step()
    last = optimizer.lr
    assert 0 <= last < 0.04
    with pytest.raises(ArgumentError, match=r"(?s)the cycle is over.*at most 3 steps.*step 4"):
        schedule.step()
    assert (optimizer.lr, schedule.last_epoch) == (last, 3)


def test_one_cycle_may_begin_at_its_height():
    schedule = lrs.OneCycleLR(new_optimizer(), 1.0, total_steps=10, pct_start=0.1)
    assert schedule.get_last_lr() == [1.0]


def test_one_cycle_within_a_sequence_moves_the_momentum_too():
    optimizer = new_optimizer()
    parts = [lrs.LinearLR(optimizer, total_iters=2), lrs.OneCycleLR(optimizer, 1.0, total_steps=10)]
    schedule = lrs.SequentialLR(optimizer, parts, milestones=[2])
    momenta = [momentum for _, momentum in following(schedule, 6)]
    assert momenta[1] == 0.95
    assert momenta[-1] < 0.9


@pytest.mark.parametrize(
    "make",
    [
        lambda o: lrs.StepLR(o, 0),
        lambda o: lrs.StepLR(o, 2.5),
        lambda o: lrs.StepLR(o, 2, gamma=-1),
        lambda o: lrs.MultiStepLR(o, [1, 2.5]),
        lambda o: lrs.ExponentialLR(o, "0.9"),
        lambda o: lrs.LambdaLR(o, 0.9),
        lambda o: lrs.LambdaLR(o, [lambda epoch: 1.0] * 2),
        lambda o: lrs.LambdaLR(o, lambda epoch: None),
        lambda o: lrs.LambdaLR(o, lambda epoch: -1.0),
        lambda o: lrs.LinearLR(o, start_factor=0.0),
        lambda o: lrs.LinearLR(o, end_factor=1.5),
        lambda o: lrs.LinearLR(o, total_iters=0),
        lambda o: lrs.PolynomialLR(o, power=-1),
        lambda o: lrs.CosineAnnealingLR(o, 0),
        lambda o: lrs.CosineAnnealingLR(o, 5, eta_min=-1),
        lambda o: lrs.CosineAnnealingWarmRestarts(o, 5, T_mult=0),
        lambda o: lrs.OneCycleLR(o, 1.0),
        lambda o: lrs.OneCycleLR(o, 1.0, epochs=3),
        lambda o: lrs.OneCycleLR(o, [1.0, 2.0], 10),
        lambda o: lrs.OneCycleLR(o, 1.0, 10, pct_start=1.5),
        lambda o: lrs.OneCycleLR(o, 1.0, 10, anneal_strategy="cosine"),
        lambda o: lrs.OneCycleLR(o, 1.0, 10, div_factor=0),
        lambda o: lrs.OneCycleLR(o, 1.0, 10, max_momentum=1.0),
        lambda o: lrs.SequentialLR(o, [], []),
        lambda o: lrs.SequentialLR(o, [lrs.LinearLR(o), lrs.ExponentialLR(o, 0.9)], []),
        lambda o: lrs.SequentialLR(o, [lrs.LinearLR(o)] * 3, [5, 2]),
        lambda o: lrs.SequentialLR(o, [lrs.LinearLR(o), lrs.LinearLR(new_optimizer())], [5]),
        lambda o: lrs.SequentialLR(o, [lrs.LinearLR(o), lrs.ReduceLROnPlateau(o)], [5]),
        lambda o: lrs.ReduceLROnPlateau(o, mode="lowest"),
        lambda o: lrs.ReduceLROnPlateau(o, factor=1.0),
        lambda o: lrs.ReduceLROnPlateau(o, patience=-1),
        lambda o: lrs.ReduceLROnPlateau(o, threshold_mode="relative"),
        lambda o: lrs.ReduceLROnPlateau(o, min_lr=[0.1, 0.2]),
        lambda o: lrs.ReduceLROnPlateau(o).step(None),
        lambda o: lrs.ExponentialLR(o, 0.9, last_epoch=3),
        lambda o: lrs.ExponentialLR(o.param_groups, 0.9),
        lambda o: lrs.OneCycleLR(o.param_groups, 1.0, 10),
        lambda o: lrs.ReduceLROnPlateau("adam"),
    ],
)
def test_arguments_that_make_no_sense(make):
    with pytest.raises(ArgumentError):
        make(new_optimizer())


def test_a_group_that_comes_late():
    optimizer = new_optimizer()
    schedule, plateau = lrs.ExponentialLR(optimizer, 0.9), lrs.ReduceLROnPlateau(optimizer, patience=0)
    plateau.step(1.0)
    optimizer.add_param_group({"params": [cr.zeros(1, requires_grad=True)]})
    with pytest.raises(ArgumentError, match="another parameter group"):
        schedule.step()
    with pytest.raises(ArgumentError, match="another parameter group"):
        plateau.step(1.0)


@pytest.mark.parametrize(
    "state",
    [{}, {"last_epoch": 3}, {"last_epoch": 3, "base_lrs": [0.1, 0.2]}, {"last_epoch": 3, "base_lrs": [0.1], "best": 1}],
)
def test_a_state_that_does_not_fit_changes_nothing(state):
    schedule = lrs.ExponentialLR(new_optimizer(), 0.9)
    with pytest.raises(StateDictError):
        schedule.load_state_dict(state)
    assert (schedule.last_epoch, schedule.base_lrs) == (0, [0.8])


def test_a_saved_plateau_goes_on():
    optimizer, other = new_optimizer(), new_optimizer()
    first, second = lrs.ReduceLROnPlateau(optimizer, patience=2), lrs.ReduceLROnPlateau(other, patience=2)
    for value in (1.0, 0.5, 0.6):
        first.step(value)
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    for schedule in (first, second):
        schedule.step(0.6)
        assert schedule.optimizer.lr == 0.8
        schedule.step(cr.tensor(0.6))
        assert schedule.optimizer.lr == pytest.approx(0.08)
