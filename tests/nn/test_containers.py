import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, DTypeError, UnknownNameError


def test_sequential_by_position_name_and_slice():
    model = nn.Sequential({"first": nn.Linear(2, 3), "act": nn.ReLU(), "last": nn.Linear(3, 1)})
    assert len(model) == 3
    assert [name for name, _ in model.named_children()] == ["first", "act", "last"]
    assert model[0] is model.first
    assert model[-1] is model.last
    head = model[:2]
    assert isinstance(head, nn.Sequential)
    assert list(head) == [model.first, model.act]
    x = cr.randn(4, 2)
    assert model.last(head(x)).tolist() == model(x).tolist()
    model[-1] = nn.Linear(3, 5)
    assert model(x).shape == (4, 5)
    assert [name for name, _ in model.named_children()] == ["first", "act", "last"]
    assert model.append(nn.Sigmoid())[3] is list(model)[-1]


def test_a_list_where_modules_belong():
    with pytest.raises(DTypeError, match="star"):
        nn.Sequential([nn.Linear(2, 2)])
    with pytest.raises(DTypeError, match="module"):
        nn.Sequential(nn.Linear(2, 2), abs)


def test_module_list_and_dict_hold_weights_but_compute_nothing():
    layers = nn.ModuleList([nn.Linear(2, 2)]).append(nn.Linear(2, 2)).extend([nn.ReLU()])
    assert [name for name, _ in layers.named_parameters()] == ["0.weight", "0.bias", "1.weight", "1.bias"]
    layers[-1] = nn.Tanh()
    assert isinstance(layers[2], nn.Tanh)
    assert len(layers[:2]) == 2
    with pytest.raises(ArgumentError):
        layers[5] = nn.Tanh()
    heads = nn.ModuleDict({"a": nn.Linear(2, 1)})
    heads["b"] = nn.Linear(2, 3)
    assert list(heads) == ["a", "b"]
    assert "b" in heads
    assert len(list(heads.parameters())) == 4
    for container in (layers, heads):
        with pytest.raises(NotImplementedError, match="own forward"):
            container(cr.zeros(1, 2))


def test_sequential_can_initialise_its_layers():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Sequential(nn.Linear(8, 2)), init="lecun_normal")
    assert model[0].init == model[2][0].init == "lecun_normal"
    assert nn.Sequential(nn.Linear(4, 8), nn.ReLU(), init="auto")[0].init == "he_normal"
    kept = nn.Linear(4, 8)
    before = kept.weight.tolist()
    assert nn.Sequential(kept)[0].weight.tolist() == before
    with pytest.raises(UnknownNameError, match="did you mean 'he_normal'"):
        nn.Sequential(nn.Linear(4, 8), init="he_norml")
