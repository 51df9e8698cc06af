"""Whole runs of training: the loss of every step, and a bias after the last one.

The same code runs on both libraries; only pictures are turned for PyTorch, which has channels second.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from tests.oracle.case import Cases, integers, normal

cases = Cases("torch")

EPOCHS = 10


def add(name: str, model: Callable, loss: Callable, optimizer: Callable, x: Any, y: Any) -> None:
    """A case.

    Args:
        name: Its name.
        model: Makes the model from the library.
        loss: Of the library's functions, the output and the target.
        optimizer: Makes it from the library's `optim` and the parameters.
        x: The batches, one after another.
        y: Their targets.
    """

    def train(torch, x, y, dtype="float64", compile=lambda step: step):
        usual = torch.get_default_dtype()
        torch.set_default_dtype(getattr(torch, dtype))
        try:
            network = model(torch)
        finally:
            torch.set_default_dtype(usual)
        start(torch, network)
        steps = optimizer(torch.optim, list(network.parameters()))

        def step(x, y):
            steps.zero_grad()
            found = loss(torch.nn.functional, network(x), y)
            found.backward()
            steps.step()
            return found

        compiled = compile(step)
        batches = [(channels(torch, x[i].detach()), y[i].detach()) for i in range(len(x))]
        losses = [compiled(*batch).detach() for _ in range(EPOCHS) for batch in batches]
        return {"losses": torch.stack(losses), "bias": list(network.parameters())[-1].detach()}

    cases.add(name, train, x=x, y=y)


def start(torch: Any, network: Any) -> None:
    """Give every matrix of weights its first values, the same for both libraries; biases start at 0."""
    for number, parameter in enumerate(network.parameters()):
        shape = tuple(parameter.shape)
        with torch.no_grad():
            if parameter.ndim > 1:
                shape = shape if parameter.ndim < 4 or not turned(torch) else (shape[0], *shape[2:], shape[1])
                values = normal(*shape)(np.random.RandomState(number)) / np.sqrt(np.prod(shape[1:]))
                parameter.copy_(channels(torch, torch.tensor(values)))
            elif not (parameter == 1).all():
                parameter.zero_()


def turned(torch: Any) -> bool:
    """Whether the library has channels second, not last."""
    return torch.__name__ == "torch"


def channels(torch: Any, tensor: Any) -> Any:
    """Pictures with channels last, as the library has them."""
    return tensor.movedim(-1, 1) if tensor.ndim == 4 and turned(torch) else tensor


def perceptron(*units: int, activation: str) -> Callable:
    """Layers with an activation between them."""

    def make(torch):
        layers = []
        for inputs, outputs in pairwise(units):
            layers += [torch.nn.Linear(inputs, outputs), getattr(torch.nn, activation)()]
        return torch.nn.Sequential(*layers[:-1])

    return make


def autoencoder(torch):
    """Normalised, with dropout that drops nothing. No bias before BatchNorm: its gradient is rounding alone."""
    nn = torch.nn
    hidden = [
        [nn.Linear(a, b, bias=False), nn.BatchNorm1d(b), nn.ReLU(), nn.Dropout(0.0)] for a, b in [(14, 8), (8, 3)]
    ]
    return nn.Sequential(*hidden[0], *hidden[1], nn.Linear(3, 14))


def words(torch):
    """An embedding, normalised."""
    nn = torch.nn
    return nn.Sequential(
        nn.Embedding(11, 6), nn.LayerNorm(6), nn.Flatten(), nn.Linear(30, 7), nn.Tanh(), nn.Linear(7, 4)
    )


def pictures(torch):
    """A small convolutional network."""
    nn = torch.nn
    layers = [nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, stride=2), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(6, 3))


def cross_entropy(functional, output, target):
    return functional.cross_entropy(output, target)


def squares(functional, output, target):
    return functional.mse_loss(output, target)


CLASSES = {"loss": cross_entropy, "x": normal(6, 16, 12), "y": integers(6, 16, high=4)}

add(
    "perceptron, Adam",
    perceptron(12, 20, 9, 4, activation="ReLU"),
    optimizer=lambda optim, parameters: optim.Adam(parameters, lr=0.01),
    **CLASSES,
)
add(
    "perceptron, SGD with momentum",
    perceptron(12, 20, 4, activation="Tanh"),
    optimizer=lambda optim, parameters: optim.SGD(parameters, lr=0.1, momentum=0.9, weight_decay=1e-3),
    **CLASSES,
)
add(
    "perceptron, AdamW",
    perceptron(12, 20, 9, 1, activation="GELU"),
    squares,
    optimizer=lambda optim, parameters: optim.AdamW(parameters, lr=0.01, weight_decay=0.1),
    x=normal(6, 16, 12),
    y=normal(6, 16, 1),
)
add(
    "autoencoder, Adam",
    autoencoder,
    squares,
    lambda optim, parameters: optim.Adam(parameters, lr=0.01),
    x=normal(6, 16, 14),
    y=normal(6, 16, 14),
)
add(
    "words, Adam",
    words,
    cross_entropy,
    lambda optim, parameters: optim.Adam(parameters, lr=0.01),
    x=integers(6, 16, 5, high=11),
    y=integers(6, 16, high=4),
)
add(
    "pictures, SGD with Nesterov's momentum",
    pictures,
    cross_entropy,
    lambda optim, parameters: optim.SGD(parameters, lr=0.05, momentum=0.9, nesterov=True),
    x=normal(6, 8, 9, 9, 2),
    y=integers(6, 8, high=3),
)
