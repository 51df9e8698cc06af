"""The multilayer perceptron: fully connected layers with activations between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from chainrule import nn
from chainrule.errors import UnknownNameError

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "leaky_relu": nn.LeakyReLU,
    "relu": nn.ReLU,
    "selu": nn.SELU,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}


class MLP(nn.Sequential):
    """Layers of units, each connected with all of the layer before; rows of any shape are flattened first.

    D. Rumelhart, G. Hinton, R. Williams, "Learning representations by back-propagating errors" (Nature, 1986): with one
    hidden layer it learns XOR, which no perceptron can.

    Args:
        inputs: How many numbers a row has, (H * W * C for pictures).
        hidden: How many units each hidden layer has: a number for each, none for a linear model.
        outputs: How many numbers come out: logits, for the losses that take them.
        activation: "relu", "tanh", "sigmoid", "selu", "gelu", ... . The weights are initialised for it (He, Xavier or
            LeCun: see `nn.init.auto_`).
        dropout: The probability of dropping a hidden unit in training ("selu": by `AlphaDropout`).
        batch_norm: Whether to normalise each hidden layer before its activation.

    Shape:
        (N, ...) with `inputs` numbers a row, to (N, outputs).

    Raises:
        UnknownNameError: For an unknown activation; the nearest is suggested.
        ArgumentError: For sizes below 1, or a `dropout` that is no probability.

    >>> MLP(784, [128, 64], 10)(cr.zeros(32, 28, 28, 1)).shape
    (32, 10)
    """

    def __init__(
        self,
        inputs: int,
        hidden: int | Sequence[int],
        outputs: int,
        activation: str = "relu",
        dropout: float = 0.0,
        batch_norm: bool = False,
    ) -> None:
        if activation not in ACTIVATIONS:
            raise UnknownNameError("activation", activation, ACTIVATIONS)
        layers: dict[str, nn.Module] = {"flatten": nn.Flatten()}
        widths = [inputs, *([hidden] if isinstance(hidden, int) else hidden)]
        for i, (width, units) in enumerate(pairwise(widths), start=1):
            layers[f"hidden{i}"] = nn.Linear(width, units)
            if batch_norm:
                layers[f"norm{i}"] = nn.BatchNorm1d(units)
            layers[f"{activation}{i}"] = ACTIVATIONS[activation]()
            if dropout:
                layers[f"dropout{i}"] = (nn.AlphaDropout if activation == "selu" else nn.Dropout)(dropout)
        layers["output"] = nn.Linear(widths[-1], outputs)
        super().__init__(layers, init="auto")
