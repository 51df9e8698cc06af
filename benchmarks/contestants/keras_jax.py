"""Keras on JAX: a Sequential, `compile` and `fit`."""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import layers, losses

from benchmarks.workloads import LEARNING_RATE, BatchNorm, Dense, Dropout, Layer, Relu, Workload

LOSSES = {
    "cross_entropy": lambda: losses.SparseCategoricalCrossentropy(from_logits=True),
    "binary_cross_entropy": lambda: losses.BinaryCrossentropy(from_logits=True),
    "mean_squared_error": losses.MeanSquaredError,
}


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload as Keras's `fit`; the loss is the mean over the last epoch."""
    model = keras.Sequential([keras.Input((workload.inputs,)), *[module(layer) for layer in workload.layers]])
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss=LOSSES[workload.loss](), metrics=list(workload.metrics))
    x, y = workload.data

    def train(steps: int) -> float:
        history = model.fit(x, y, workload.batch, epochs=steps // workload.steps_per_epoch, verbose=0)
        return history.history["loss"][-1]

    return train


def module(layer: Layer) -> layers.Layer:
    """Keras's name for a layer."""
    match layer:
        case Dense(_, outputs):
            return layers.Dense(outputs)
        case Relu():
            return layers.ReLU()
        case BatchNorm():
            return layers.BatchNormalization()
        case Dropout(p):
            return layers.Dropout(p)
