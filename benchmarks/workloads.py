"""What every contestant trains: the network, its data, its first weights, and how many operations a step takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.layers import Dropout, Layers, Product, Shape, products
from benchmarks.networks import AUTOENCODER, CNN, LENET, RESNET18, SEPARABLE, VGG, mlp

Array = NDArray[Any]
Loss = Literal["cross_entropy", "binary_cross_entropy", "mean_squared_error"]

LEARNING_RATE = 1e-3  # of Adam, for everyone


@dataclass(frozen=True)
class Workload:
    """One network, trained with one size of batch.

    Attributes:
        name: What the command line calls it.
        title: What tables and pictures call it.
        layers: The network.
        row: The shape of a row: (numbers,), or (height, width, channels) of a picture.
        loss: What is minimised: from logits, where there are classes.
        targets: From inputs and a random generator to targets.
        batch: Rows a step.
        rows: Rows in all: a whole number of batches, which are gone over again and again.
        goal: How often as fast as the fastest peer ours is to be, on two threads; None if nobody has said.
        trains: Whether a step is a training step; otherwise the network only predicts.
        metrics: What `fit` measures beside the loss.
        contestants: Who takes part, by the name of its file; None for all.
    """

    name: str
    title: str
    layers: Layers
    row: Shape
    loss: Loss
    targets: Callable[[Array, np.random.Generator], Array]
    batch: int
    rows: int
    goal: float | None = None
    trains: bool = True
    metrics: tuple[str, ...] = ()
    contestants: tuple[str, ...] | None = None

    @property
    def of_pictures(self) -> bool:
        """Whether rows are pictures."""
        return len(self.row) == 3

    @property
    def products(self) -> list[Product]:
        """The layers that multiply matrices."""
        return list(products(self.layers, self.row))

    @property
    def steps_per_epoch(self) -> int:
        """How many batches the data has."""
        return self.rows // self.batch

    @property
    def flops(self) -> int:
        """Floating-point operations of the matrix products in one step, a multiplication and an addition being two.

        Every layer has the product forward and, in training, the one for its weights' gradient; every layer but the
        first has one for its inputs' gradient too. A convolution counts as the product of its windows with its
        weight. The rest (activations, loss, Adam) is little beside them and is not counted.
        """
        forward = [self.batch * product.flops for product in self.products]
        return 3 * sum(forward) - forward[0] if self.trains else sum(forward)

    @cached_property
    def data(self) -> tuple[Array, Array]:
        """Inputs (rows, ...), float32, and targets: the same in every process."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal((self.rows, *self.row), dtype=np.float32)
        return x, self.targets(x.reshape(self.rows, -1), rng)

    def batches(self) -> list[tuple[Array, Array]]:
        """The data in parts."""
        x, y = self.data
        return [(x[i : i + self.batch], y[i : i + self.batch]) for i in range(0, self.rows, self.batch)]

    @cached_property
    def first_weights(self) -> list[tuple[Array, Array | None]]:
        """Weight and bias, if it has one, of each layer of `products`: He's, so that deep networks have gradients."""
        rng = np.random.default_rng(1)
        made: list[tuple[Array, Array | None]] = []
        for layer in [product.layer for product in self.products]:
            weight = rng.uniform(-1, 1, layer.weight).astype(np.float32) * (6 / prod(layer.weight[1:])) ** 0.5
            made.append((weight, rng.uniform(-0.1, 0.1, layer.outputs).astype(np.float32) if layer.bias else None))
        return made

    def to_compare(self, steps: int) -> Workload:
        """The same, so that two contestants can agree after so many steps.

        Nothing random is in it, and no batch is seen twice: a loss of nearly nothing is nothing to compare.
        """
        layers = tuple(Dropout(0.0) if isinstance(x, Dropout) else x for x in self.layers)
        return replace(self, layers=layers, rows=max(self.rows, steps * self.batch))


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


def classifier(
    name: str, title: str, layers: Layers, row: Shape, batch: int, rows: int, classes_: int = 10, **more: Any
) -> Workload:
    """A workload whose targets are classes."""
    return Workload(name, title, layers, row, "cross_entropy", classes(classes_), batch, rows, **more)


# Whoever predicts by another way than its training step does; how weights would be updated makes no difference.
PREDICTING = ("chainrule_jit", "chainrule_fit", "torch_eager", "torch_last", "torch_compiled", "jax_optax", "keras_jax")


def predicting(workload: Workload, goal: float) -> Workload:
    """The same network, which only predicts."""
    name, title = f"predict-{workload.name}", f"predict: {workload.title}"
    return replace(workload, name=name, title=title, trains=False, goal=goal, contestants=PREDICTING)


SMALL, GREY, COLOUR = mlp(30, 64, 32, 2), (28, 28, 1), (32, 32, 3)

LENET_64 = classifier("lenet", "LeNet-5, 28×28, batch 64", LENET, GREY, 64, 4096, goal=3)
CNN_64 = classifier("cnn", "CNN 32-64, 28×28, batch 64", CNN, GREY, 64, 2048, goal=2.5)
VGG_64 = classifier("vgg", "VGG 32-64-128, 32×32, batch 64", VGG, COLOUR, 64, 512, goal=1.05)
RESNET18_64 = classifier("resnet18", "ResNet-18, 32×32, batch 64", RESNET18, COLOUR, 64, 128, goal=1.1)

WORKLOADS = [
    classifier("mlp-small", "MLP 30-64-32-2, batch 32", SMALL, (30,), 32, 8192, classes_=2, goal=4),
    classifier("mlp", "MLP 784-128-64-10, batch 64", mlp(784, 128, 64, 10), (784,), 64, 4096, goal=2),
    classifier("mlp-large", "MLP 784-1024-1024-10, batch 256", mlp(784, 1024, 1024, 10), (784,), 256, 4096, goal=1.5),
    Workload(
        "xor",
        "MLP 8-16-1, XOR, batch 4",
        mlp(8, 16, 1),
        (8,),
        "binary_cross_entropy",
        exclusive_or,
        batch=4,
        rows=4096,
        goal=10,
    ),
    Workload(
        "logistic",
        "logistic regression, 100, batch 256",
        mlp(100, 1),
        (100,),
        "binary_cross_entropy",
        noisy_side,
        batch=256,
        rows=8192,
        goal=4,
    ),
    Workload(
        "autoencoder",
        "autoencoder 784-256-32, batch 128",
        AUTOENCODER,
        (784,),
        "mean_squared_error",
        itself,
        batch=128,
        rows=4096,
        goal=2,
    ),
    classifier(
        "fit",
        "fit with accuracy, MLP 30-64-32-2, batch 32",
        SMALL,
        (30,),
        32,
        8192,
        classes_=2,
        goal=10,
        metrics=("accuracy",),
        contestants=("chainrule_jit", "chainrule_fit", "keras_jax"),
    ),
    LENET_64,
    CNN_64,
    VGG_64,
    RESNET18_64,
    classifier("separable", "depthwise-separable, 32×32, batch 64", SEPARABLE, COLOUR, 64, 512, goal=2),
    classifier("lenet-1", "LeNet-5, 28×28, batch 1", LENET, GREY, 1, 512, goal=5),
    predicting(LENET_64, goal=2),
    predicting(CNN_64, goal=2),
    predicting(VGG_64, goal=1),
    predicting(RESNET18_64, goal=1),
]
