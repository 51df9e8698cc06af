import pytest

import chainrule as cr
from chainrule import optim
from chainrule.errors import ArgumentError, UnknownNameError


def parameters():
    return [cr.ones(2, 3, requires_grad=True), cr.zeros(3, requires_grad=True)]


@pytest.mark.parametrize("name", optim.optimizer_names())
def test_every_name_gives_an_optimizer_of_that_name(name):
    for spelled in (name, name.upper(), name.title()):
        made = optim.get(spelled, parameters())
        assert isinstance(made, optim.MultiOptimizer) or type(made).__name__.lower() == name
    assert {group["lr"] for group in optim.get(name, parameters(), lr=0.5).param_groups} == {0.5}


def test_the_learning_rates_are_keras_s():
    assert {name: optim.get(name, parameters()).lr for name in optim.optimizer_names()} == {
        **dict.fromkeys(optim.optimizer_names(), 0.001),
        "sgd": 0.01,
    }


def test_muon_by_name_leaves_what_is_no_matrix_to_adamw():
    weight, bias = parameters()
    made = optim.get("muon", [("weight", weight), ("bias", bias)])
    assert [(group["param_names"], group["adjust_lr_fn"]) for group in made.param_groups if "momentum" in group] == [
        (["weight"], "match_rms_adamw")
    ]
    assert [group["param_names"] for group in made.param_groups if "betas" in group] == [["bias"]]
    assert len(optim.get("muon", [weight, cr.zeros(4, 3, 3, 2, requires_grad=True)]).param_groups) == 1
    for group in optim.get("muon", [weight, bias], weight_decay=0.5, momentum=0.8).param_groups:
        assert (group["weight_decay"], group.get("momentum", 0.8)) == (0.5, 0.8)
    assert optim.get("muon", [{"params": weight}, {"params": bias}]).lr == 0.001
    groups = optim.get("muon", [{"params": [weight, bias], "lr": 0.5}]).param_groups
    assert [group["lr"] for group in groups] == [0.5, 0.5]


def test_unknown_names_are_errors_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"(?s)no optimizer called 'adamm'.*did you mean 'adam'"):
        optim.get("adamm", parameters())
    with pytest.raises(ArgumentError, match="string"):
        optim.get(optim.Adam, parameters())
    with pytest.raises(ArgumentError, match="lr"):
        optim.get("adam", parameters(), lr="fast")
    with pytest.raises(ArgumentError, match="no parameters"):
        optim.get("muon", [])


def test_settings_are_those_of_the_optimizer():
    weights = [cr.zeros(2, requires_grad=True)]
    assert optim.get("sgd", weights, momentum=0.9, nesterov=True).param_groups[0]["momentum"] == 0.9
    with pytest.raises(ArgumentError, match="'adam' has no momentum"):
        optim.get("adam", weights, momentum=0.9)
