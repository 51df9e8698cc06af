"""What every module does: registering, modes, state, dtypes, copies, printing."""

import copy

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, DeviceError, DTypeError, ShapeError, StateDictError


class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.scale = nn.Parameter(cr.ones(3))
        self.register_buffer("seen", cr.zeros(dtype=cr.int64))
        self.register_buffer("last", cr.zeros(3), persistent=False)

    def forward(self, x):
        return self.linear(x) * self.scale


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(Inner(), nn.ReLU(), Inner())
        self.head = nn.Linear(3, 1, bias=False)

    def forward(self, x):
        return self.head(self.encoder(x))


NAMES = [
    "encoder.0.scale",
    "encoder.0.linear.weight",
    "encoder.0.linear.bias",
    "encoder.2.scale",
    "encoder.2.linear.weight",
    "encoder.2.linear.bias",
    "head.weight",
]


def test_weights_buffers_and_modules_have_dotted_names():
    model = Outer()
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert len(list(model.parameters())) == len(NAMES)
    assert [name for name, _ in model.named_buffers()] == [
        "encoder.0.seen",
        "encoder.0.last",
        "encoder.2.seen",
        "encoder.2.last",
    ]
    assert [name for name, _ in model.named_children()] == ["encoder", "head"]
    assert [name for name, _ in model.named_modules()][:3] == ["", "encoder", "encoder.0"]
    assert model.get_submodule("encoder.2.linear") is model.encoder[2].linear
    with pytest.raises(ArgumentError, match=r"encoder\.7"):
        model.get_submodule("encoder.7")


def test_what_is_assigned_to_an_attribute_is_registered_by_its_kind():
    module = nn.Module()
    module.x = nn.Parameter(cr.zeros(2))
    module.x = nn.Linear(2, 2)
    assert not dict(module.named_parameters(recurse=False))
    assert isinstance(module.x, nn.Linear)
    module.x = 5
    assert not list(module.children())
    module.register_buffer("mean", cr.zeros(2))
    module.mean = cr.ones(2)
    assert dict(module.named_buffers())["mean"].tolist() == [1.0, 1.0]
    del module.mean
    with pytest.raises(AttributeError, match="mean"):
        _ = module.mean


def test_a_weight_cannot_be_replaced_by_a_plain_tensor():
    # It would no longer be trained, without a word.
    layer = nn.Linear(2, 2)
    with pytest.raises(DTypeError, match=r"Linear\.weight.*\n.*\n.*\n.*Parameter"):
        layer.weight = cr.zeros(2, 2)
    layer.weight = nn.Parameter(cr.zeros(2, 2))
    assert dict(layer.named_parameters())["weight"].tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_a_subclass_that_forgets_super_init_works():
    class Forgetful(nn.Module):
        def __init__(self):
            self.linear = nn.Linear(2, 2)

    assert len(list(Forgetful().parameters())) == 2


@pytest.mark.parametrize("name", ["", "a.b"])
def test_names_with_dots_or_nothing_are_refused(name):
    module = nn.Module()
    for register in (module.register_buffer, module.register_parameter, module.add_module):
        with pytest.raises(ArgumentError, match="name"):
            register(name, nn.Identity() if register == module.add_module else None)


def test_modes_and_freezing_reach_all_within():
    model = Outer()
    assert all(not module.training for module in model.eval().modules())
    assert all(module.training for module in model.train().modules())
    assert not any(p.requires_grad for p in model.requires_grad_(False).parameters())
    assert all(p.requires_grad for p in model.requires_grad_().parameters())


def test_zero_grad():
    model = nn.Linear(2, 1)
    model(cr.ones(1, 2)).sum().backward()
    model.zero_grad(set_to_none=False)
    assert model.weight.grad.tolist() == [[0.0, 0.0]]
    model.zero_grad()
    assert model.weight.grad is None


def test_apply_visits_inner_modules_first():
    seen = []
    Outer().apply(lambda module: seen.append(type(module).__name__))
    assert seen[0] == "Linear"
    assert seen[-1] == "Outer"
    assert len(seen) == 8


def test_dtypes_change_in_place_and_integers_stay():
    model = Outer()
    weight = model.head.weight
    assert model.double() is model
    assert weight.dtype == cr.float64
    assert weight.requires_grad
    assert model.encoder[0].seen.dtype == cr.int64
    assert model(cr.zeros(2, 3, dtype=cr.float64)).dtype == cr.float64
    assert model.float().to("cpu").head.weight.dtype == cr.float32
    with pytest.raises(DTypeError, match="int64"):
        model.to(cr.int64)
    with pytest.raises(DeviceError):
        model.to("cuda")


class TestState:
    def test_round_trip(self):
        source, target = Outer(), Outer()
        assert source.state_dict().keys() == {*NAMES, "encoder.0.seen", "encoder.2.seen"}
        report = target.load_state_dict(source.state_dict())
        assert report == ([], [])
        x = cr.randn(4, 3)
        assert target(x).tolist() == source(x).tolist()

    def test_it_does_not_follow_later_changes(self):
        model = nn.Linear(2, 2)
        before = model.state_dict()
        kept = before["weight"].tolist()
        nn.init.zeros_(model.weight)
        assert before["weight"].tolist() == kept
        model.load_state_dict(before)
        nn.init.zeros_(model.weight)
        assert before["weight"].tolist() == kept

    def test_loading_keeps_the_tensors_that_an_optimizer_holds(self):
        model = nn.Linear(2, 2)
        held = model.weight
        model.load_state_dict({"weight": np.ones((2, 2)), "bias": np.ones(2)})
        assert model.weight is held
        assert held.tolist() == [[1.0, 1.0], [1.0, 1.0]]
        assert held.dtype == cr.float32
        assert held.requires_grad

    def test_every_problem_is_named_at_once_and_nothing_is_changed(self):
        model = Outer()
        before = {name: tensor.tolist() for name, tensor in model.state_dict().items()}
        state = model.state_dict()
        state["encoder.0.linear.weights"] = state.pop("encoder.0.linear.weight") + 1
        state["head.weight"] = cr.zeros(1, 4)
        state["encoder.0.scale"] = state["encoder.0.scale"] + 1
        with pytest.raises(StateDictError) as raised:
            model.load_state_dict(state)
        text = str(raised.value)
        assert "head.weight has shape (1, 4), this model's has (1, 3)" in text
        assert "encoder.0.linear.weight is missing" in text
        assert "encoder.0.linear.weights is unexpected (this model has encoder.0.linear.weight)" in text
        assert {name: tensor.tolist() for name, tensor in model.state_dict().items()} == before

    def test_not_strict_passes_over_names_but_never_over_shapes(self):
        model = nn.Linear(2, 2)
        report = model.load_state_dict({"bias": cr.ones(2), "other": cr.ones(1)}, strict=False)
        assert report.missing_keys == ["weight"]
        assert report.unexpected_keys == ["other"]
        assert model.bias.tolist() == [1.0, 1.0]
        with pytest.raises(StateDictError, match=r"\(3,\)"):
            model.load_state_dict({"bias": cr.ones(3)}, strict=False)

    def test_what_is_no_state(self):
        model = nn.Linear(2, 2)
        with pytest.raises(StateDictError, match=r"(?s)Linear: .*got: +list"):
            model.load_state_dict([1, 2])
        with pytest.raises(DTypeError, match="entry 'bias'"):
            model.load_state_dict({"weight": np.ones((2, 2)), "bias": ["a", "b"]})

    def test_shared_weights_are_one_parameter_under_both_names(self):
        model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
        model[1].weight = model[0].weight
        assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
        assert list(model.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]
        model(cr.ones(1, 2)).sum().backward()
        both = model[0].weight.grad
        assert model[1].weight.grad is both
        model.load_state_dict(model.state_dict())


def test_a_deep_copy_shares_nothing():
    model = Outer()
    model(cr.ones(2, 3)).sum().backward()
    twin = copy.deepcopy(model)
    assert [name for name, _ in twin.named_parameters()] == NAMES
    x = cr.randn(2, 3)
    assert twin(x).tolist() == model(x).tolist()
    before = model(x).tolist()
    for parameter in twin.parameters():
        assert parameter.requires_grad
        nn.init.zeros_(parameter)
    twin.head.weight.grad.zero_()
    assert model(x).tolist() == before
    assert model.head.weight.grad.abs().sum() > 0
    tied = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    tied[1].weight = tied[0].weight
    copied = copy.deepcopy(tied)
    assert copied[1].weight is copied[0].weight


def test_errors_name_the_layer_within_the_model():
    model = Outer()
    with pytest.raises(ShapeError, match=r"^Linear 'encoder\.0\.linear': "):
        model(cr.zeros(2, 4))
    with pytest.raises(ShapeError, match=r"^Linear: "):
        model.head(cr.zeros(2, 4))


def test_a_module_without_forward_says_so():
    class Empty(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match="Empty has no forward"):
        Empty()(1)


def test_it_prints_as_a_tree():
    assert repr(nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU()))) == (
        "Sequential(\n"
        "  (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (1): Sequential(\n"
        "    (0): ReLU()\n"
        "  )\n"
        ")"
    )
