"""The weights of PyTorch's models, in ours: the same names, and the same answers."""

from functools import partial

import numpy as np
import pytest

import chainrule as cr
from chainrule import models, nn
from chainrule.core.abstract import shapes_only
from chainrule.errors import DTypeError, StateDictError
from chainrule.interop import load_pytorch
from chainrule.models.mobilenet import SMALL

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from tests.interop import torchvision_models as theirs  # noqa: E402  (it needs PyTorch)

# Their model, ours, and how many parameters torchvision's documentation says.
WHOLE = {
    "resnet18": (partial(theirs.ResNet, theirs.BasicBlock, (2, 2, 2, 2)), models.resnet18, 11_689_512),
    "resnet34": (partial(theirs.ResNet, theirs.BasicBlock, (3, 4, 6, 3)), models.resnet34, 21_797_672),
    "resnet50": (partial(theirs.ResNet, theirs.Bottleneck, (3, 4, 6, 3)), models.resnet50, 25_557_032),
    "vgg11_bn": (partial(theirs.VGG, theirs.VGG11), models.vgg11_bn, 132_868_840),
    "vgg16_bn": (partial(theirs.VGG, theirs.VGG16), models.vgg16_bn, 138_365_992),
    "mobilenet_v3_small": (theirs.MobileNetV3, models.mobilenet_v3_small, 2_542_856),
}


@pytest.mark.parametrize("name", WHOLE)
def test_names_shapes_and_sizes_are_torchvisions(name):
    build_theirs, build_ours, parameters = WHOLE[name]
    with torch.device("meta"):
        expected = {key: tuple(value.shape) for key, value in build_theirs().state_dict().items()}
    with shapes_only():
        ours = build_ours()
        shapes = {key: value.shape for key, value in ours.state_dict().items()}
    assert {key: (s[0], s[-1], *s[1:-1]) if len(s) == 4 else s for key, s in shapes.items()} == expected
    assert sum(p.numel() for p in ours.parameters()) == parameters


WIDTHS = (4, 8, 12, 16)
LARGE, COLOURS = (72, 80, 3), (2, 72, 80, 3)
# The same, but narrow: what is computed is the same at every width. And pictures that are no squares.
NARROW = {
    "resnet18": (
        lambda: theirs.ResNet(theirs.BasicBlock, (2, 2, 2, 2), WIDTHS, 5),
        lambda: models.ResNet(LARGE, 5, (2, 2, 2, 2), WIDTHS),
    ),
    "resnet34": (
        lambda: theirs.ResNet(theirs.BasicBlock, (3, 4, 6, 3), WIDTHS, 5),
        lambda: models.ResNet(LARGE, 5, (3, 4, 6, 3), WIDTHS),
    ),
    "resnet50": (
        lambda: theirs.ResNet(theirs.Bottleneck, (3, 4, 6, 3), WIDTHS, 5),
        lambda: models.ResNet(LARGE, 5, (3, 4, 6, 3), WIDTHS, models.Bottleneck),
    ),
    "vgg11_bn": (
        lambda: theirs.VGG((4, "M", 8, "M", 6, 6, "M", 8, 8, "M", 8, 8, "M"), 20, 5),
        lambda: models.VGG(LARGE, 5, ((4,), (8,), (6, 6), (8, 8), (8, 8)), hidden=(20, 20), grid=7),
    ),
    "mobilenet_v3_small": (
        lambda: theirs.MobileNetV3(last=20, classes=5),
        lambda: models.MobileNetV3(LARGE, 5, hidden=20),
    ),
}


def learned(build):
    """Their model with random weights, in which no number is what it is at first: BatchNorm's are not 0 and 1."""
    torch.manual_seed(0)
    model = build().eval()
    for name, value in model.state_dict().items():
        if name.endswith("running_var") or (value.ndim == 1 and name.endswith("weight")):
            value.uniform_(0.5, 1.5)
        elif value.ndim == 1:
            value.normal_(0, 0.2)
    return model


def answers(model, x):
    with torch.no_grad():
        return model(torch.tensor(x).movedim(-1, 1)).numpy()


@pytest.mark.parametrize("name", NARROW)
def test_the_logits_are_pytorchs(name):
    build_theirs, build_ours = NARROW[name]
    torchs, ours = learned(build_theirs).double(), build_ours().double().eval()
    assert load_pytorch(ours, torchs.state_dict()) == ([], [])
    x = np.random.default_rng(0).normal(size=COLOURS)
    expected = answers(torchs, x)
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(ours(cr.tensor(x)).detach().numpy(), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["resnet", "mobilenet"])
def test_the_gradients_in_training_are_pytorchs(name):
    if name == "resnet":
        torchs = learned(lambda: theirs.ResNet(theirs.Bottleneck, (1, 1, 1, 1), WIDTHS, 5)).double().train()
        build = partial(models.ResNet, LARGE, 5, (1, 1, 1, 1), WIDTHS, models.Bottleneck)
    else:
        torchs = learned(lambda: theirs.MobileNetV3(theirs.MOBILENET_V3_SMALL[:5], 20, 5)).double().train()
        torchs.classifier[2].p = 0.0
        build = partial(models.MobileNetV3, LARGE, 5, rows=SMALL[:5], hidden=20, dropout=0.0)
    ours, gradients = build().double(), build().double()
    load_pytorch(ours, torchs.state_dict())
    x = np.random.default_rng(0).normal(size=COLOURS)
    torchs(torch.tensor(x).movedim(-1, 1)).square().sum().backward()
    (ours(cr.tensor(x)) ** 2).sum().backward()
    expected = {key: weight.grad for key, weight in torchs.named_parameters()}
    assert not load_pytorch(gradients, expected, strict=False).unexpected_keys
    for key, weight in gradients.named_parameters():
        got = ours.get_submodule(key.rpartition(".")[0])._parameters[key.rpartition(".")[2]].grad
        np.testing.assert_allclose(got.numpy(), weight.detach().numpy(), rtol=1e-7, atol=1e-9, err_msg=key)


class Tutorial(torch.nn.Module):
    """LeNet-5 under our names, as a tutorial writes it: what is flattened is no layer."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = torch.nn.Conv2d(6, 16, 5)
        self.fc1 = torch.nn.Linear(400, 120)
        self.fc2 = torch.nn.Linear(120, 84)
        self.output = torch.nn.Linear(84, 10)

    def forward(self, x):
        x = torch.nn.functional.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = torch.nn.functional.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        return self.output(torch.tanh(self.fc2(torch.tanh(self.fc1(x.flatten(1))))))


@pytest.mark.parametrize("kind", ["tensors", "arrays", "parameters", "file"])
def test_weights_come_in_many_forms(kind, tmp_path):
    theirs, ours = Tutorial(), models.LeNet5()
    state = theirs.state_dict()
    if kind == "arrays":
        state = {name: value.numpy() for name, value in state.items()}
    elif kind == "parameters":
        state = dict(theirs.named_parameters())
    elif kind == "file":
        cr.save(state, tmp_path / "lenet.safetensors")
        state = cr.load(tmp_path / "lenet.safetensors")
    load_pytorch(ours, state)
    x = np.random.default_rng(0).random((2, 28, 28, 1), np.float32)
    np.testing.assert_allclose(ours(cr.tensor(x)).detach().numpy(), answers(theirs, x), rtol=1e-4, atol=1e-6)


def test_layers_of_every_kind():
    def build(nn):
        return nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1, groups=1),
            nn.Conv2d(8, 8, 3, padding=1, groups=8),
            nn.ConvTranspose2d(8, 4, 2, stride=2),
            nn.GroupNorm(2, 4),
            nn.Flatten(),
            nn.Linear(4 * 8 * 6, 7),
            nn.Linear(7, 4),
        )

    torch.manual_seed(0)
    torchs, ours = build(torch.nn), build(nn)
    load_pytorch(ours, torchs.state_dict())
    x = np.random.default_rng(0).random((2, 4, 3, 3), np.float32)
    np.testing.assert_allclose(ours(cr.tensor(x)).detach().numpy(), answers(torchs, x), rtol=1e-4, atol=1e-6)
    sequences, theirs = nn.Conv1d(3, 5, 2), torch.nn.Conv1d(3, 5, 2)
    load_pytorch(sequences, theirs.state_dict())
    np.testing.assert_allclose(
        sequences(cr.tensor(x[0])).detach().numpy(), answers(theirs, x[0]).swapaxes(1, 2), rtol=1e-4, atol=1e-6
    )


def test_files_from_before_batches_were_counted():
    torchs = learned(lambda: torch.nn.BatchNorm2d(3))
    torchs.num_batches_tracked += 7
    counted, uncounted = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
    state = torchs.state_dict()
    load_pytorch(counted, state)
    assert counted.num_batches_tracked.item() == 7
    del state["num_batches_tracked"]
    load_pytorch(uncounted, state)
    assert uncounted.num_batches_tracked.item() == 0
    assert uncounted.running_var.tolist() == counted.running_var.tolist()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda state: state.pop("layer2.0.conv1.weight"), "layer2.0.conv1.weight is missing"),
        (lambda state: state.update({"layer9.weight": torch.ones(2)}), "layer9.weight is unexpected"),
        (lambda state: state.update({"fc.weight": torch.ones(3, 8)}), r"fc.weight has shape \(3, 8\).*\(5, 8\)"),
        (lambda state: state.update({"conv1.weight": torch.ones(4, 3, 3, 3)}), r"conv1.weight.*\(4, 7, 7, 3\)"),
        (lambda state: state.update({"conv1.weight": torch.ones(4)}), r"conv1.weight has shape \(4,\)"),
        (lambda state: state.update({"fc.bias": "text"}), "'fc.bias'"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_loaded(change, text):
    ours = models.ResNet(LARGE, 5, (1, 1), (4, 8))
    state = {
        name: torch.zeros(s.shape if s.ndim < 4 else s.movedim(-1, 1).shape) for name, s in ours.state_dict().items()
    }
    change(state)
    before = ours.fc.bias.tolist()
    with pytest.raises(cr.errors.ChainruleError, match=text):
        load_pytorch(ours, state)
    assert ours.fc.bias.tolist() == before


def test_what_is_no_state():
    with pytest.raises(StateDictError, match="str"):
        load_pytorch(models.LeNet5(), "lenet.pt")


def test_pytorchs_layouts_where_ours_are_expected_are_an_error_that_says_what_to_do():
    with pytest.raises(StateDictError, match="load_pytorch"):
        models.LeNet5().load_state_dict(Tutorial().state_dict())


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("through", ["tensors", "file", "load_state_dict"])
def test_half_precision_becomes_float32_exactly(dtype, through, tmp_path):
    torch.manual_seed(0)
    state = torch.nn.Linear(64, 9).to(getattr(torch, dtype)).state_dict()
    # The smallest and largest numbers too, and those that are none.
    limits = torch.finfo(getattr(torch, dtype))
    state["bias"][:5] = torch.tensor([limits.max, limits.tiny, limits.tiny / 4, -torch.inf, -0.0])
    expected = {name: value.float().numpy() for name, value in state.items()}
    ours = nn.Linear(64, 9)
    if through == "file":
        pytest.importorskip("safetensors.torch").save_file(state, tmp_path / "half.safetensors")
        state = cr.load(tmp_path / "half.safetensors")
        assert {value.dtype for value in state.values()} == {cr.float32}
    ours.load_state_dict(state) if through == "load_state_dict" else load_pytorch(ours, state)
    for name, value in ours.state_dict().items():
        assert value.numpy().tobytes() == expected[name].tobytes()


@pytest.mark.parametrize(
    "odd",
    [
        lambda weight: weight.to_sparse(),
        lambda weight: weight.to("meta"),
        lambda weight: weight.to(torch.float8_e4m3fn),
        lambda weight: weight.to(torch.complex64),
    ],
)
def test_tensors_that_are_no_arrays_are_named(odd):
    state = torch.nn.Linear(2, 1).state_dict()
    state["bias"] = odd(state["bias"])
    with pytest.raises(DTypeError, match="entry 'bias'"):
        load_pytorch(nn.Linear(2, 1), state)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "_orig_mod.module."])
def test_a_wrappers_prefix_is_taken_away(prefix):
    theirs, ours = Tutorial(), models.LeNet5()
    load_pytorch(ours, {prefix + name: value for name, value in theirs.state_dict().items()})
    np.testing.assert_array_equal(ours.fc2.weight.detach().numpy(), theirs.fc2.weight.detach().numpy())


def test_a_prefix_stays_where_it_is_the_models_own_or_not_on_all_names():
    wrapped = nn.Sequential({"module": nn.Linear(2, 1)})
    state = torch.nn.Linear(2, 1).state_dict()
    load_pytorch(wrapped, {f"module.{name}": value for name, value in state.items()})
    with pytest.raises(StateDictError, match=r"module.bias is unexpected \(this model has bias\)"):
        load_pytorch(nn.Linear(2, 1), {"weight": state["weight"], "module.bias": state["bias"]})


def test_names_of_another_model_are_counted_rather_than_listed():
    with pytest.raises(StateDictError) as raised:
        load_pytorch(models.LeNet5(), {f"encoder.{number}": np.zeros(1) for number in range(300)})
    text = str(raised.value)
    assert len(text) < 1000
    assert "5 more are missing; " in text
    assert "295 more are unexpected." in text
    assert "load_pytorch(..., strict=False)" in text


@pytest.mark.parametrize("key", ["state_dict", "model", "model_state_dict"])
def test_a_checkpoint_says_in_which_entry_the_weights_are(key):
    theirs = Tutorial()
    optimizer = torch.optim.Adam(theirs.parameters()).state_dict()
    checkpoint = {"epoch": 3, "loss": torch.tensor(0.5), "optimizer": optimizer, key: theirs.state_dict()}
    with pytest.raises(StateDictError, match=rf"(?s)wrapped.*'epoch', 'loss'.*state\['{key}'\]") as raised:
        load_pytorch(models.LeNet5(), checkpoint)
    assert len(str(raised.value)) < 300


def test_weights_that_are_nan_are_warned_of():
    state = torch.nn.Linear(2, 1).state_dict()
    state["weight"][0, 1] = torch.nan
    with pytest.warns(RuntimeWarning, match="'weight' hold NaN"):
        load_pytorch(nn.Linear(2, 1), state)
