"""Layers, built with the same arguments on both sides; `LAYERS` says with which.

PyTorch's pictures and sequences have their channels second, so the cases permute on the way in and out: inputs,
weights and outputs are laid out as ours.
"""

from typing import Any, NamedTuple

import numpy as np

from tests.oracle.case import Cases, integers, normal, uniform

cases = Cases("torch")


class Layer(NamedTuple):
    """A layer: its class and arguments, the shape of its input, and the shapes of its weights, laid out as ours."""

    kind: str
    args: dict[str, Any]
    input: tuple[int, ...]
    weights: dict[str, tuple[int, ...]]


def affine(n: int) -> dict[str, tuple[int, ...]]:
    return {"weight": (n,), "bias": (n,)}


def window(out: int, *rest: int, bias: int | None = None) -> dict[str, tuple[int, ...]]:
    return {"weight": (out, *rest), "bias": (out if bias is None else bias,)}


CHANNELS = {"in_channels": 4, "out_channels": 6}

LAYERS = {
    "linear": Layer("Linear", {"in_features": 5, "out_features": 3}, (4, 5), window(3, 5)),
    "linear-3d": Layer("Linear", {"in_features": 5, "out_features": 3, "bias": False}, (2, 4, 5), {"weight": (3, 5)}),
    "conv1d": Layer("Conv1d", {**CHANNELS, "kernel_size": 3}, (2, 9, 4), window(6, 3, 4)),
    "conv1d-all": Layer(
        "Conv1d",
        {**CHANNELS, "kernel_size": 3, "stride": 2, "padding": 3, "dilation": 2, "groups": 2},
        (2, 9, 4),
        window(6, 3, 2),
    ),
    "conv1d-same": Layer(
        "Conv1d", {**CHANNELS, "kernel_size": 4, "padding": "same", "dilation": 2}, (2, 9, 4), window(6, 4, 4)
    ),
    "conv2d": Layer("Conv2d", {**CHANNELS, "kernel_size": 3}, (2, 6, 5, 4), window(6, 3, 3, 4)),
    "conv2d-all": Layer(
        "Conv2d",
        {**CHANNELS, "kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2},
        (2, 6, 5, 4),
        window(6, 3, 2, 2),
    ),
    "conv2d-depthwise": Layer(
        "Conv2d",
        {"in_channels": 4, "out_channels": 4, "kernel_size": 3, "padding": "same", "groups": 4, "bias": False},
        (2, 6, 5, 4),
        {"weight": (4, 3, 3, 1)},
    ),
    "conv_transpose1d": Layer(
        "ConvTranspose1d",
        {**CHANNELS, "kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1, "groups": 2, "dilation": 2},
        (2, 5, 4),
        window(4, 3, 3, bias=6),
    ),
    "conv_transpose2d": Layer(
        "ConvTranspose2d", {**CHANNELS, "kernel_size": 2, "stride": 2}, (2, 3, 4, 4), window(4, 2, 2, 6, bias=6)
    ),
    "conv_transpose2d-all": Layer(
        "ConvTranspose2d",
        {
            **CHANNELS,
            "kernel_size": (3, 2),
            "stride": (2, 3),
            "padding": (1, 0),
            "output_padding": (1, 2),
            "groups": 2,
            "dilation": (1, 2),
        },
        (2, 3, 4, 4),
        window(4, 3, 2, 3, bias=6),
    ),
    "max_pool1d": Layer("MaxPool1d", {"kernel_size": 3, "stride": 2, "padding": 1}, (2, 8, 3), {}),
    "max_pool2d": Layer("MaxPool2d", {"kernel_size": 2}, (2, 6, 5, 3), {}),
    "max_pool2d-all": Layer(
        "MaxPool2d",
        {"kernel_size": (3, 2), "stride": (2, 1), "padding": 1, "dilation": (1, 2), "ceil_mode": True},
        (2, 6, 5, 3),
        {},
    ),
    "avg_pool1d": Layer("AvgPool1d", {"kernel_size": 3, "stride": 2, "padding": 1}, (2, 8, 3), {}),
    "avg_pool2d-all": Layer(
        "AvgPool2d",
        {"kernel_size": (3, 2), "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False},
        (2, 6, 5, 3),
        {},
    ),
    "adaptive_avg_pool1d": Layer("AdaptiveAvgPool1d", {"output_size": 3}, (2, 8, 3), {}),
    "adaptive_avg_pool2d": Layer("AdaptiveAvgPool2d", {"output_size": (3, 2)}, (2, 7, 5, 3), {}),
    "adaptive_max_pool1d": Layer("AdaptiveMaxPool1d", {"output_size": 3}, (2, 8, 3), {}),
    "adaptive_max_pool2d": Layer("AdaptiveMaxPool2d", {"output_size": (3, 2)}, (2, 7, 5, 3), {}),
    "layer_norm": Layer("LayerNorm", {"normalized_shape": 6}, (3, 4, 6), affine(6)),
    "layer_norm-2d": Layer(
        "LayerNorm", {"normalized_shape": (4, 6), "eps": 0.01, "bias": False}, (3, 4, 6), {"weight": (4, 6)}
    ),
    "rms_norm": Layer("RMSNorm", {"normalized_shape": 6}, (3, 4, 6), {"weight": (6,)}),
    "rms_norm-eps": Layer("RMSNorm", {"normalized_shape": (4, 6), "eps": 0.1}, (3, 4, 6), {"weight": (4, 6)}),
    "group_norm": Layer("GroupNorm", {"num_groups": 3, "num_channels": 6}, (2, 4, 3, 6), affine(6)),
    "group_norm-rows": Layer("GroupNorm", {"num_groups": 2, "num_channels": 6, "affine": False}, (4, 6), {}),
}


def channels_second(x: Any) -> Any:
    return x.movedim(-1, 1) if x.ndim > 2 else x


def channels_last(x: Any) -> Any:
    return x.movedim(1, -1) if x.ndim > 2 else x


# Those whose last dimensions are the same on both sides.
AS_THEY_ARE = ("Linear", "LayerNorm", "RMSNorm")


def call(torch: Any, layer: Layer, x: Any, **weights: Any) -> Any:
    module = getattr(torch.nn, layer.kind)(**layer.args)
    if layer.kind in AS_THEY_ARE:
        return torch.func.functional_call(module, weights, x)
    turned = {name: channels_second(weight) for name, weight in weights.items()}
    return channels_last(torch.func.functional_call(module, turned, channels_second(x)))


DTYPES = {"": np.float64, "-float32": np.float32}

for name, layer in LAYERS.items():
    for suffix, dtype in DTYPES.items():
        drawn = {key: normal(*shape, dtype=dtype) for key, shape in layer.weights.items()}
        cases.add(
            name + suffix,
            lambda torch, x, layer=layer, **weights: call(torch, layer, x, **weights),
            x=normal(*layer.input, dtype=dtype),
            **drawn,
        )


BATCH_NORMS = {
    "batch_norm1d": Layer("BatchNorm1d", {"num_features": 4}, (5, 4), affine(4)),
    "batch_norm1d-sequence": Layer(
        "BatchNorm1d", {"num_features": 4, "momentum": 0.3, "eps": 0.01, "affine": False}, (3, 5, 4), {}
    ),
    "batch_norm2d": Layer("BatchNorm2d", {"num_features": 4}, (2, 3, 3, 4), affine(4)),
    "batch_norm2d-cumulative": Layer("BatchNorm2d", {"num_features": 4, "momentum": None}, (2, 3, 3, 4), affine(4)),
    "batch_norm2d-stateless": Layer(
        "BatchNorm2d", {"num_features": 4, "track_running_stats": False}, (2, 3, 3, 4), affine(4)
    ),
}


def train_then_evaluate(torch: Any, layer: Layer, x: Any, z: Any, **weights: Any) -> dict[str, Any]:
    """Two batches in training, one in evaluation, and what the layer remembers."""
    module = getattr(torch.nn, layer.kind)(**layer.args).to(x.dtype)

    def through(x: Any) -> Any:
        return channels_last(torch.func.functional_call(module, weights, channels_second(x)))

    outputs = {"first": through(x), "second": through(z)}
    module.eval()
    outputs["evaluated"] = through(x)
    return outputs | {key: buffer.clone() for key, buffer in module.named_buffers()}


for name, layer in BATCH_NORMS.items():
    for suffix, dtype in DTYPES.items():
        drawn = {key: uniform(*shape, low=0.5, high=2.0, dtype=dtype) for key, shape in layer.weights.items()}
        cases.add(
            name + suffix,
            lambda torch, x, z, layer=layer, **weights: train_then_evaluate(torch, layer, x, z, **weights),
            x=normal(*layer.input, dtype=dtype),
            z=uniform(*layer.input, low=-3.0, high=1.0, dtype=dtype),
            **drawn,
        )


def embed(torch: Any, index: Any, weight: Any, padding_idx: int | None) -> Any:
    return torch.func.functional_call(torch.nn.Embedding(7, 3, padding_idx=padding_idx), {"weight": weight}, index)


for padding_idx in (None, 2, -1):
    cases.add(
        f"embedding-{padding_idx}",
        lambda torch, index, weight, padding_idx=padding_idx: embed(torch, index, weight, padding_idx),
        index=integers(4, 5, high=7),
        weight=normal(7, 3),
    )


def block(torch: Any, x: Any, **weights: Any) -> Any:
    """A block of a ResNet that halves the picture, in training: convolutions, normalisations, shortcut."""

    def conv(x: Any, name: str, **frame: int) -> Any:
        return torch.nn.functional.conv2d(x, channels_second(weights[name]), **frame)

    def norm(x: Any, name: str) -> Any:
        return torch.nn.functional.batch_norm(
            x, None, None, weights[f"{name}_weight"], weights[f"{name}_bias"], training=True
        )

    x = channels_second(x)
    y = torch.relu(norm(conv(x, "conv1", stride=2, padding=1), "bn1"))
    y = norm(conv(y, "conv2", padding=1), "bn2")
    return channels_last(torch.relu(y + norm(conv(x, "shortcut", stride=2), "bn3")))


cases.add(
    "residual-block",
    block,
    x=normal(2, 6, 6, 3),
    conv1=normal(4, 3, 3, 3),
    bn1_weight=normal(4),
    bn1_bias=normal(4),
    conv2=normal(4, 3, 3, 4),
    bn2_weight=normal(4),
    bn2_bias=normal(4),
    shortcut=normal(4, 1, 1, 3),
    bn3_weight=normal(4),
    bn3_bias=normal(4),
)
