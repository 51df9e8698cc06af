"""Outputs, gradients and what layers remember, against PyTorch's layers built with the same arguments."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.models import BasicBlock
from tests import oracle
from tests.oracle.cases_nn_layers import BATCH_NORMS, LAYERS

SUFFIXES = ("", "-float32")
NOT_WEIGHTS = ("x", "z", "index")


def build(layer, example):
    """Our layer with the case's arguments and weights."""
    weights = {name: array for name, array in example.inputs.items() if name not in NOT_WEIGHTS}
    dtype = next(iter(example.inputs.values())).dtype
    module = getattr(nn, layer.kind)(**layer.args).to(dtype)
    module.load_state_dict(weights, strict=False)
    assert {name: p.shape for name, p in module.named_parameters()} == layer.weights
    return module


def tensors(example):
    return {name: cr.tensor(array, requires_grad=array.dtype.kind == "f") for name, array in example.inputs.items()}


def differentiate(outputs):
    """Backward from the sum that the oracle differentiates."""
    sum((y * cr.tensor(oracle.cotangent(y.shape, y.dtype))).sum() for y in outputs).backward()


@pytest.mark.parametrize("name", [name + suffix for name in LAYERS for suffix in SUFFIXES])
def test_values_and_gradients(name):
    example = oracle.example("nn_layers", name)
    module = build(LAYERS[name.removesuffix("-float32")], example)
    x = cr.tensor(example.inputs["x"], requires_grad=True)
    out = module(x)
    differentiate([out])
    gradients = {f"grad_{key}": parameter.grad for key, parameter in module.named_parameters()}
    assert example.expected.keys() == {"out", "grad_x", *gradients}
    example.check(out=out, grad_x=x.grad, **gradients)


@pytest.mark.parametrize("name", [name + suffix for name in BATCH_NORMS for suffix in SUFFIXES])
def test_batch_norm_in_training_and_evaluation(name):
    example = oracle.example("nn_layers", name)
    module = build(BATCH_NORMS[name.removesuffix("-float32")], example)
    x, z = (cr.tensor(example.inputs[key], requires_grad=True) for key in "xz")
    outputs = {"first": module(x), "second": module(z), "evaluated": module.eval()(x)}
    differentiate(outputs.values())
    gradients = {f"grad_{key}": parameter.grad for key, parameter in module.named_parameters()}
    buffers = dict(module.named_buffers())
    assert example.expected.keys() == {*outputs, *gradients, *buffers, "grad_x", "grad_z"}
    example.check(**outputs, **gradients, **buffers, grad_x=x.grad, grad_z=z.grad)


@pytest.mark.parametrize("padding_idx", [None, 2, -1])
def test_embedding(padding_idx):
    example = oracle.example("nn_layers", f"embedding-{padding_idx}")
    module = nn.Embedding(7, 3, padding_idx=padding_idx, dtype="float64")
    module.load_state_dict({"weight": example.inputs["weight"]})
    out = module(cr.tensor(example.inputs["index"]))
    differentiate([out])
    example.check(out=out, grad_weight=module.weight.grad)


def test_residual_block():
    example = oracle.example("nn_layers", "residual-block")
    given = example.inputs
    module = BasicBlock(3, 4, stride=2).double()
    names = {
        "conv1": "conv1.weight",
        "bn1_weight": "bn1.weight",
        "bn1_bias": "bn1.bias",
        "conv2": "conv2.weight",
        "bn2_weight": "bn2.weight",
        "bn2_bias": "bn2.bias",
        "shortcut": "downsample.0.weight",
        "bn3_weight": "downsample.1.weight",
        "bn3_bias": "downsample.1.bias",
    }
    report = module.load_state_dict({ours: given[theirs] for theirs, ours in names.items()}, strict=False)
    assert not report.unexpected_keys
    x = cr.tensor(given["x"], requires_grad=True)
    out = module(x)
    differentiate([out])
    weights = dict(module.named_parameters())
    gradients = {f"grad_{theirs}": weights[ours].grad for theirs, ours in names.items()}
    example.check(out=out, grad_x=x.grad, **gradients)


@pytest.mark.parametrize(
    "name",
    [
        "linear",
        "conv1d-all",
        "conv2d-all",
        "conv_transpose1d",
        "conv_transpose2d-all",
        "layer_norm",
        "rms_norm",
        "group_norm",
    ],
)
def test_layers_may_be_differentiated_twice(name):
    example = oracle.example("nn_layers", name)
    module = build(LAYERS[name], example).requires_grad_(False)
    assert cr.gradcheck(lambda x: module(x) ** 2, cr.tensor(example.inputs["x"][:1]), order=2)


def test_batch_norm_may_be_differentiated_twice():
    example = oracle.example("nn_layers", "batch_norm1d")
    module = build(BATCH_NORMS["batch_norm1d"], example).requires_grad_(False)
    assert cr.gradcheck(lambda x: module(x) ** 2, cr.tensor(example.inputs["x"]), order=2)


def test_the_weights_of_a_converted_convolution_give_the_same_picture():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    theirs = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
    ours = nn.Conv2d(3, 8, 3, stride=2, padding=1)
    weight = theirs.weight.detach().numpy().transpose(0, 2, 3, 1)
    ours.load_state_dict({"weight": weight, "bias": theirs.bias.detach().numpy()})
    picture = np.random.default_rng(0).random((2, 9, 7, 3), np.float32)
    expected = theirs(torch.tensor(picture).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).detach().numpy()
    np.testing.assert_allclose(ours(cr.tensor(picture)).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
