"""Models by name, as the command takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from chainrule.core.shape import size
from chainrule.errors import UnknownNameError
from chainrule.models.airbench import Airbench
from chainrule.models.cnn import CNN
from chainrule.models.lenet import LeNet5
from chainrule.models.mlp import MLP
from chainrule.models.mobilenet import mobilenet_v3_small
from chainrule.models.resnet import ResNet, resnet18, resnet34, resnet50
from chainrule.models.vgg import VGG
from chainrule.nn import Module

MODELS: dict[str, Callable[[Sequence[int], int], Module]] = {
    "airbench": Airbench,
    "airbench-wide": partial(Airbench, widths=(96, 352, 352)),
    "cnn": CNN,
    "lenet": LeNet5,
    "linear": lambda input_shape, outputs: MLP(size(input_shape), [], outputs),
    "mlp": lambda input_shape, outputs: MLP(size(input_shape), [128, 64], outputs, dropout=0.1),
    "mobilenet": mobilenet_v3_small,
    "resnet": partial(ResNet, blocks=(2, 2, 2), widths=(16, 32, 64)),
    "resnet18": resnet18,
    "resnet34": resnet34,
    "resnet50": resnet50,
    "vgg": VGG,
}


def names() -> list[str]:
    """The names that `get` knows.

    >>> names()[:6]
    ['airbench', 'airbench-wide', 'cnn', 'lenet', 'linear', 'mlp']
    """
    return sorted(MODELS)


def get(name: str, input_shape: int | Sequence[int], outputs: int) -> Module:
    """A model of classes, freshly initialised.

    Args:
        name: "airbench" (that learns CIFAR-10 fastest), "airbench-wide" (with twice the work, for more time), "cnn"
            (two convolutions), "lenet" (LeNet-5), "linear" (no hidden layer, to compare with), "mlp" (hidden layers of
            128 and 64), "mobilenet" (MobileNetV3-Small), "resnet" (a small one: three stages of two blocks, 16 to 64
            channels), "resnet18", "resnet34", "resnet50", "vgg" (a small one: 32 to 128 channels).
        input_shape: The shape of one row, without the batch: (height, width, channels); for "linear" and "mlp" any, or
            a number.
        outputs: The number of classes.

    Raises:
        UnknownNameError: For another name; the nearest is suggested.
        ShapeError: If the model cannot take such rows.

    >>> get("mlp", (8, 8, 1), 10)(cr.zeros(2, 8, 8, 1)).shape
    (2, 10)
    """
    if name not in MODELS:
        raise UnknownNameError("model", name, MODELS)
    return MODELS[name]((input_shape,) if isinstance(input_shape, int) else tuple(input_shape), outputs)
