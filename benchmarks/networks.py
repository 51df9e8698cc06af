"""The networks that are trained."""

from __future__ import annotations

from itertools import pairwise

from benchmarks.layers import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Layers,
    MaxPool,
    Relu,
    Residual,
)


def mlp(*units: int) -> Layers:
    """Dense layers with ReLU between them."""
    layers = [layer for inputs, outputs in pairwise(units) for layer in (Dense(inputs, outputs), Relu())]
    return tuple(layers[:-1])


def hidden(inputs: int, units: int, dropout: float = 0.0) -> Layers:
    """A layer of the autoencoder: normalised, and partly dropped where `dropout` says so."""
    layers = (Dense(inputs, units), BatchNorm(units), Relu())
    return (*layers, Dropout(dropout)) if dropout else layers


def normed(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> Layers:
    """A convolution whose picture is `stride` times smaller, normalised; the normalisation makes a bias useless."""
    conv = Conv(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False)
    return conv, BatchNorm(outputs, of_pictures=True)


def basic_block(inputs: int, outputs: int, stride: int) -> Layers:
    """A block of ResNet-18."""
    body = (*normed(inputs, outputs, 3, stride), Relu(), *normed(outputs, outputs, 3))
    same = stride == 1 and inputs == outputs
    return Residual(body, () if same else normed(inputs, outputs, 1, stride)), Relu()


def separable(inputs: int, outputs: int, stride: int) -> Layers:
    """A convolution of each channel by itself, then one of all channels of a pixel."""
    return *normed(inputs, inputs, 3, stride, groups=inputs), Relu(), *normed(inputs, outputs, 1), Relu()


def vgg_stage(inputs: int, outputs: int) -> Layers:
    """Two convolutions, then half the picture."""
    return *normed(inputs, outputs, 3), Relu(), *normed(outputs, outputs, 3), Relu(), MaxPool(2)


AUTOENCODER = (*hidden(784, 256, 0.2), *hidden(256, 32), *hidden(32, 256, 0.2), Dense(256, 784))
LENET = (
    *(Conv(1, 6, 5, padding=2), Relu(), MaxPool(2), Conv(6, 16, 5), Relu(), MaxPool(2)),
    *(Flatten(), *mlp(400, 120, 84, 10)),
)
CNN = (Conv(1, 32, 3), Relu(), MaxPool(2), Conv(32, 64, 3), Relu(), MaxPool(2), Flatten(), Dense(1600, 10))
VGG = (*vgg_stage(3, 32), *vgg_stage(32, 64), *vgg_stage(64, 128), Flatten(), Dense(2048, 10))
RESNET18 = (
    *(*normed(3, 64, 3), Relu()),
    *(*basic_block(64, 64, 1), *basic_block(64, 64, 1)),
    *(*basic_block(64, 128, 2), *basic_block(128, 128, 1)),
    *(*basic_block(128, 256, 2), *basic_block(256, 256, 1)),
    *(*basic_block(256, 512, 2), *basic_block(512, 512, 1)),
    *(GlobalPool(), Dense(512, 10)),
)
SEPARABLE = (
    *(*normed(3, 32, 3), Relu()),
    *(*separable(32, 64, 1), *separable(64, 128, 2), *separable(128, 128, 1)),
    *(*separable(128, 256, 2), *separable(256, 256, 1)),
    *(GlobalPool(), Dense(256, 10)),
)
