"""What every contestant trains: the network, its data, its first weights, and how many operations a step takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Loss = Literal["cross_entropy", "binary_cross_entropy", "mean_squared_error"]

LEARNING_RATE = 1e-3  # of Adam, for everyone


@dataclass(frozen=True)
class Dense:
    """A fully connected layer."""

    inputs: int
    outputs: int


@dataclass(frozen=True)
class Relu:
    """max(x, 0)."""


@dataclass(frozen=True)
class BatchNorm:
    """Batch normalisation with running means, and a scale and a shift that are learned."""

    units: int


@dataclass(frozen=True)
class Dropout:
    """Each number is dropped with probability `p`."""

    p: float


Layer = Dense | Relu | BatchNorm | Dropout


@dataclass(frozen=True)
class Workload:
    """One network, trained with one size of batch.

    Attributes:
        name: What the command line calls it.
        title: What tables and pictures call it.
        layers: The network.
        loss: What is minimised: from logits, where there are classes.
        targets: From inputs and a random generator to targets.
        batch: Rows a step.
        rows: Rows in all: a whole number of batches, which are gone over again and again.
        metrics: What `fit` measures beside the loss.
        contestants: Who takes part, by the name of its file; None for all.
    """

    name: str
    title: str
    layers: tuple[Layer, ...]
    loss: Loss
    targets: Callable[[Array, np.random.Generator], Array]
    batch: int
    rows: int
    metrics: tuple[str, ...] = ()
    contestants: tuple[str, ...] | None = None

    @property
    def dense(self) -> list[Dense]:
        """The layers that multiply matrices."""
        return [layer for layer in self.layers if isinstance(layer, Dense)]

    @property
    def inputs(self) -> int:
        """How many numbers a row has."""
        return self.dense[0].inputs

    @property
    def steps_per_epoch(self) -> int:
        """How many batches the data has."""
        return self.rows // self.batch

    @property
    def flops(self) -> int:
        """Floating-point operations of the matrix products in one step, a multiplication and an addition being two.

        Every layer has the product forward and the one for its weights' gradient; every layer but the first has one
        for its inputs' gradient too. The rest (activations, loss, Adam) is little beside them and is not counted.
        """
        products = [2 * self.batch * layer.inputs * layer.outputs for layer in self.dense]
        return 3 * sum(products) - products[0]

    @cached_property
    def data(self) -> tuple[Array, Array]:
        """Inputs (rows, inputs), float32, and targets: the same in every process."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal((self.rows, self.inputs), dtype=np.float32)
        return x, self.targets(x, rng)

    def batches(self) -> list[tuple[Array, Array]]:
        """The data in parts."""
        x, y = self.data
        return [(x[i : i + self.batch], y[i : i + self.batch]) for i in range(0, self.rows, self.batch)]

    def first_weights(self) -> list[tuple[Array, Array]]:
        """Weight (outputs, inputs) and bias of each dense layer: He's, so that deep networks have gradients."""
        rng = np.random.default_rng(1)
        return [
            (
                rng.uniform(-1, 1, (layer.outputs, layer.inputs)).astype(np.float32) * (6 / layer.inputs) ** 0.5,
                rng.uniform(-0.1, 0.1, layer.outputs).astype(np.float32),
            )
            for layer in self.dense
        ]

    def without_dropout(self) -> Workload:
        """The same, with nothing random in it, so that two contestants can agree."""
        return replace(self, layers=tuple(Dropout(0.0) if isinstance(x, Dropout) else x for x in self.layers))


def classes(count: int) -> Callable[[Array, np.random.Generator], Array]:
    """Targets (rows,): the class that a random linear map scores highest, with noise as in `noisy_side`."""

    def targets(x: Array, rng: np.random.Generator) -> Array:
        scores = x @ rng.standard_normal((x.shape[1], count), dtype=np.float32)
        return (scores + 5 * rng.standard_normal(scores.shape, dtype=np.float32)).argmax(1)

    return targets


def exclusive_or(x: Array, rng: np.random.Generator) -> Array:
    """Targets (rows, 1): whether the first two inputs have different signs."""
    return (x[:, :1] * x[:, 1:2] < 0).astype(np.float32)


def noisy_side(x: Array, rng: np.random.Generator) -> Array:
    """Targets (rows, 1): which side of a random plane, with noise, so that no weights are perfect."""
    distance = x @ rng.standard_normal((x.shape[1], 1), dtype=np.float32)
    return (distance + 5 * rng.standard_normal(distance.shape, dtype=np.float32) > 0).astype(np.float32)


def itself(x: Array, rng: np.random.Generator) -> Array:
    """Targets: the inputs, for autoencoders."""
    return x


def mlp(*units: int) -> tuple[Layer, ...]:
    """Dense layers with ReLU between them."""
    layers = [layer for inputs, outputs in pairwise(units) for layer in (Dense(inputs, outputs), Relu())]
    return tuple(layers[:-1])


def hidden(inputs: int, units: int, dropout: float = 0.0) -> tuple[Layer, ...]:
    """A layer of the autoencoder: normalised, and partly dropped where `dropout` says so."""
    layers = (Dense(inputs, units), BatchNorm(units), Relu())
    return (*layers, Dropout(dropout)) if dropout else layers


AUTOENCODER = (*hidden(784, 256, 0.2), *hidden(256, 32), *hidden(32, 256, 0.2), Dense(256, 784))

WORKLOADS = [
    Workload("mlp-small", "MLP 30-64-32-2, batch 32", mlp(30, 64, 32, 2), "cross_entropy", classes(2), 32, 8192),
    Workload("mlp", "MLP 784-128-64-10, batch 64", mlp(784, 128, 64, 10), "cross_entropy", classes(10), 64, 4096),
    Workload(
        "mlp-large",
        "MLP 784-1024-1024-10, batch 256",
        mlp(784, 1024, 1024, 10),
        "cross_entropy",
        classes(10),
        256,
        4096,
    ),
    Workload("xor", "MLP 8-16-1, XOR, batch 4", mlp(8, 16, 1), "binary_cross_entropy", exclusive_or, 4, 4096),
    Workload(
        "logistic", "logistic regression, 100, batch 256", mlp(100, 1), "binary_cross_entropy", noisy_side, 256, 8192
    ),
    Workload("autoencoder", "autoencoder 784-256-32, batch 128", AUTOENCODER, "mean_squared_error", itself, 128, 4096),
    Workload(
        "fit",
        "fit with accuracy, MLP 30-64-32-2, batch 32",
        mlp(30, 64, 32, 2),
        "cross_entropy",
        classes(2),
        32,
        8192,
        metrics=("accuracy",),
        contestants=("chainrule_jit", "chainrule_fit", "keras_jax"),
    ),
]
