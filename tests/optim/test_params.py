"""What an optimizer takes as parameters and settings, and what it says of anything else."""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError, GradientError, UnknownNameError


def leaf(*shape):
    return cr.zeros(*shape, requires_grad=True)


def test_lists_generators_names_and_groups():
    w, b = leaf(2, 3), leaf(3)
    assert optim.SGD(p for p in (w, b)).param_groups[0]["params"] == [w, b]
    named = optim.SGD([("w", w), ("b", b)]).param_groups[0]
    assert named["params"] == [w, b]
    assert named["param_names"] == ["w", "b"]
    groups = optim.SGD([{"params": w}, {"params": iter([b]), "lr": 0.5, "name": "bias"}], lr=0.1).param_groups
    assert [(group["params"], group["lr"]) for group in groups] == [([w], 0.1), ([b], 0.5)]
    assert groups[1]["name"] == "bias"


def test_a_models_parameters():
    model = nn.Linear(3, 2)
    optimizer = optim.SGD(model.named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    with pytest.raises(ArgumentError, match=r"model.parameters\(\)"):
        optim.SGD(model)


w = leaf(2)
WRONG = {
    "nothing": [],
    "empty groups": [{"params": []}],
    "a tensor": w,
    "a set": {w},
    "a dict": {"w": w},
    "a number": 3,
    "a string": "weights",
    "numbers": [1.0, 2.0],
    "an array": [np.zeros(2)],
    "computed": [w * 2],
    "integers": [cr.tensor([1, 2])],
    "twice": [w, w],
    "twice in groups": [{"params": [w]}, {"params": [w]}],
    "a group without parameters": [{"lr": 0.1}],
    "a tensor among groups": [{"params": [leaf(1)]}, w],
    "some named": [("w", w), leaf(1)],
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_list_of_parameters(wrong):
    with pytest.raises(ArgumentError) as error:
        optim.SGD(WRONG[wrong])
    assert error.value.where == "params"


def test_a_used_up_generator():
    parameters = iter([leaf(2)])
    list(parameters)
    with pytest.raises(ArgumentError, match="used up"):
        optim.SGD(parameters)


@pytest.mark.parametrize(
    ("make", "settings", "where"),
    [
        (optim.SGD, {"lr": -0.1}, "lr"),
        (optim.SGD, {"lr": "0.1"}, "lr"),
        (optim.SGD, {"lr": None}, "lr"),
        (optim.SGD, {"lr": True}, "lr"),
        (optim.SGD, {"lr": math.nan}, "lr"),
        (optim.SGD, {"lr": math.inf}, "lr"),
        (optim.SGD, {"momentum": -0.9}, "momentum"),
        (optim.SGD, {"dampening": "none"}, "dampening"),
        (optim.SGD, {"weight_decay": -1}, "weight_decay"),
        (optim.SGD, {"l1": -1}, "l1"),
        (optim.SGD, {"maximize": 1}, "maximize"),
        (optim.SGD, {"nesterov": True}, "nesterov"),
        (optim.SGD, {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "nesterov"),
        (optim.Adagrad, {"lr_decay": -1}, "lr_decay"),
        (optim.Adagrad, {"initial_accumulator_value": -1}, "initial_accumulator_value"),
        (optim.Adagrad, {"eps": -1e-10}, "eps"),
        (optim.RMSprop, {"alpha": 1.0}, "alpha"),
        (optim.RMSprop, {"centered": "yes"}, "centered"),
        (optim.Adam, {"betas": (0.9, 1.0)}, "betas[1]"),
        (optim.Adam, {"betas": (-0.1, 0.9)}, "betas[0]"),
        (optim.Adam, {"betas": 0.9}, "betas"),
        (optim.Adam, {"betas": (0.9,)}, "betas"),
        (optim.Adam, {"amsgrad": None}, "amsgrad"),
        (optim.AdamW, {"weight_decay": -0.1}, "weight_decay"),
        (optim.NAdam, {"momentum_decay": -1}, "momentum_decay"),
        (optim.NAdam, {"decoupled_weight_decay": 1}, "decoupled_weight_decay"),
        (optim.Lion, {"betas": (0.9, 2)}, "betas[1]"),
        (optim.Muon, {"ns_steps": 0}, "ns_steps"),
        (optim.Muon, {"ns_steps": 2.5}, "ns_steps"),
        (optim.Muon, {"ns_coefficients": (1, 2)}, "ns_coefficients"),
        (optim.Muon, {"adjust_lr_fn": "none"}, "adjust_lr_fn"),
    ],
)
def test_settings_that_make_no_sense_are_named(make, settings, where):
    for params in ([leaf(2, 2)], [{"params": [leaf(2, 2)], **settings}]):
        with pytest.raises(ArgumentError) as error:
            make(params, **(settings if isinstance(params[0], cr.Tensor) else {}))
        assert error.value.where == where


def test_a_setting_that_there_is_not():
    with pytest.raises(UnknownNameError, match=r"(?s)no setting of SGD called 'momentun'.*did you mean 'momentum'"):
        optim.SGD([{"params": [leaf(2)], "momentun": 0.9}])


def test_settings_read_and_write_as_what_they_are():
    optimizer = optim.Adam([leaf(2)], lr=1, betas=[0.8, 0.9])
    group = optimizer.param_groups[0]
    assert (group["lr"], group["betas"], group["amsgrad"]) == (1.0, (0.8, 0.9), False)
    group["lr"] = 0.01
    assert (group["lr"], optimizer.lr, optimizer.learning_rate) == (0.01, 0.01, 0.01)
    group["lr"] = np.float32(0.5)
    group["betas"] = (0.1, *group["betas"][1:])
    assert (group["lr"], group["betas"]) == (0.5, (0.1, 0.9))
    optimizer.lr = cr.tensor(0.25)
    assert dict(group)["lr"] == 0.25
    assert "lr=0.25" in repr(optimizer)


def test_a_setting_cannot_be_changed_to_nonsense():
    optimizer = optim.SGD([leaf(2)], lr=0.1)
    with pytest.raises(ArgumentError, match="lr"):
        optimizer.param_groups[0]["lr"] = -1
    with pytest.raises(ArgumentError, match="lr"):
        optimizer.lr = "fast"
    assert optimizer.lr == 0.1
    with pytest.raises(KeyError):
        optimizer.param_groups[0]["rate"]


def test_groups_have_their_own_learning_rates():
    a, b = leaf(1), leaf(1)
    optimizer = optim.SGD([{"params": [a], "lr": 1.0}, {"params": [b]}], lr=0.5)
    a.grad = b.grad = cr.ones(1)
    optimizer.step()
    assert (a.item(), b.item()) == (-1.0, -0.5)
    optimizer.lr = 0.25
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]


def test_a_step_without_any_gradient_is_an_error():
    optimizer = optim.SGD([leaf(2)], lr=0.1)
    with pytest.raises(GradientError, match=r"(?s)nothing to learn from.*backward\(\) before step\(\)"):
        optimizer.step()


def test_gradients_are_forgotten_or_set_to_0():
    w, unused = leaf(2), leaf(2)
    optimizer = optim.SGD([w, unused])
    w.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert w.grad.tolist() == [0, 0]
    assert unused.grad is None
    optimizer.zero_grad()
    assert w.grad is None


def test_a_closure_computes_the_loss_in_the_step():
    w = cr.tensor([2.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss

    with cr.no_grad():
        loss = optimizer.step(closure)
    assert (loss.item(), w.item()) == (4.0, 1.0)


def test_a_group_is_added_whole_or_not_at_all():
    w, b = leaf(2, 2), leaf(2)
    optimizer = optim.Muon([w])
    with pytest.raises(ArgumentError, match="matrices"):
        optimizer.add_param_group({"params": [b]})
    with pytest.raises(ArgumentError, match="a dict"):
        optimizer.add_param_group({"lr": 0.1})
    with pytest.raises(ArgumentError, match="lr"):
        optimizer.add_param_group({"params": [leaf(2, 2)], "lr": -1})
    assert len(optimizer.param_groups) == len(optimizer.state) == 1


def test_an_exactly_constant_gradient_does_not_break_centered_rmsprop():
    w = cr.tensor([1.0, -1.0, 3.0], requires_grad=True)
    optimizer = optim.RMSprop([w], centered=True, alpha=0.5, lr=1e-12)
    for _ in range(200):
        w.grad = cr.tensor([0.1, 0.7, 1 / 3])
        optimizer.step()
    assert cr.isfinite(w).all()
