"""Keras on JAX: its functional way of writing a model, `compile` and `fit`, or `predict`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, losses

from benchmarks.layers import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Layer,
    Layers,
    MaxPool,
    Relu,
    Residual,
)
from benchmarks.workloads import LEARNING_RATE, Workload

LOSSES = {
    "cross_entropy": lambda: losses.SparseCategoricalCrossentropy(from_logits=True),
    "binary_cross_entropy": lambda: losses.BinaryCrossentropy(from_logits=True),
    "mean_squared_error": losses.MeanSquaredError,
}


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload as Keras's `fit`, whose loss is the mean over the last epoch, or as its `predict`."""
    inputs, loss_function = keras.Input(workload.row), LOSSES[workload.loss]()
    model = keras.Model(inputs, through(workload.layers, inputs))
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss=loss_function, metrics=list(workload.metrics))
    x, y = workload.data

    def train(steps: int) -> float:
        history = model.fit(x, y, workload.batch, epochs=steps // workload.steps_per_epoch, verbose=0)
        return history.history["loss"][-1]

    def predict(steps: int) -> float:
        for _ in range(steps // workload.steps_per_epoch):
            output = model.predict(x, workload.batch, verbose=0)
        return float(loss_function(y[: workload.batch], output[: workload.batch]))

    return train if workload.trains else predict


def through(network: Layers, x: Any) -> Any:
    """What a network makes of a tensor."""
    for layer in network:
        if isinstance(layer, Residual):
            x = layers.Add()([through(layer.body, x), through(layer.shortcut, x)])
        else:
            x = module(layer)(x)
    return x


def module(layer: Layer) -> layers.Layer:
    """Keras's name for a layer."""
    match layer:
        case Dense(_, outputs, bias):
            return layers.Dense(outputs, use_bias=bias)
        case Conv(inputs, outputs, kernel, stride, padding, groups, bias):
            around = "same" if padding else "valid"
            if groups == inputs == outputs:
                return layers.DepthwiseConv2D(kernel, stride, around, use_bias=bias)
            return layers.Conv2D(outputs, kernel, stride, around, groups=groups, use_bias=bias)
        case Relu():
            return layers.ReLU()
        case BatchNorm():
            return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
        case Dropout(p):
            return layers.Dropout(p)
        case MaxPool(size):
            return layers.MaxPooling2D(size)
        case GlobalPool():
            return layers.GlobalAveragePooling2D()
        case Flatten():
            return layers.Flatten()
