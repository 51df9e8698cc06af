"""JAX: pure functions, the whole step under `jax.jit` with its state donated, Adam from optax."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from benchmarks.layers import BatchNorm, Conv, Dense, Dropout, Flatten, GlobalPool, Layers, MaxPool, Relu, Residual
from benchmarks.workloads import LEARNING_RATE, Array, Workload

LOSSES = {
    "cross_entropy": lambda output, y: optax.softmax_cross_entropy_with_integer_labels(output, y).mean(),
    "binary_cross_entropy": lambda output, y: optax.sigmoid_binary_cross_entropy(output, y).mean(),
    "mean_squared_error": lambda output, y: jnp.mean((output - y) ** 2),
}


class State(NamedTuple):
    """What a step changes: weights and running means, a layer each; Adam's moments; the random key."""

    weights: list[Any]
    running: list[Any]
    moments: Any
    key: jax.Array


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload as one jitted step."""
    loss_function = LOSSES[workload.loss]
    weights, running = initialise(workload.layers, iter(workload.first_weights))
    batches = cycle([(jnp.asarray(x), jnp.asarray(y)) for x, y in workload.batches()])
    if not workload.trains:
        return predicting(workload, weights, running, batches)
    optimizer = optax.adam(LEARNING_RATE)

    def loss_of(weights: list[Any], running: list[Any], key: jax.Array, x: jax.Array, y: jax.Array) -> Any:
        output, running = forward(workload.layers, weights, running, key, x)
        return loss_function(output, y), running

    @partial(jax.jit, donate_argnums=0)
    def step(state: State, x: jax.Array, y: jax.Array) -> tuple[State, jax.Array]:
        key, use = jax.random.split(state.key)
        (loss, running), gradients = jax.value_and_grad(loss_of, has_aux=True)(state.weights, state.running, use, x, y)
        updates, moments = optimizer.update(gradients, state.moments)
        return State(optax.apply_updates(state.weights, updates), running, moments, key), loss

    state = State(weights, running, optimizer.init(weights), jax.random.key(0))

    def train(steps: int) -> float:
        nonlocal state
        for _ in range(steps):
            state, loss = step(state, *next(batches))
        return float(jax.block_until_ready(loss))

    return train


def predicting(workload: Workload, weights: list[Any], running: list[Any], batches: cycle) -> Callable[[int], float]:
    """Only forward, with the running means."""

    @jax.jit
    def step(weights: list[Any], running: list[Any], x: jax.Array) -> jax.Array:
        return forward(workload.layers, weights, running, None, x)[0]

    def predict(steps: int) -> float:
        for _ in range(steps):
            x, y = next(batches)
            output = step(weights, running, x)
        return float(LOSSES[workload.loss](output, y))

    return predict


def initialise(layers: Layers, given: Iterator[tuple[Array, Array | None]]) -> tuple[list[Any], list[Any]]:
    """The first weights and running means of each layer; None where it has none."""
    weights: list[Any] = []
    running: list[Any] = []
    for layer in layers:
        weights.append(None)
        running.append(None)
        match layer:
            case Dense() | Conv():
                weight, bias = next(given)
                # Inputs before outputs, behind what a window has of height and width.
                weights[-1] = {
                    "weight": jnp.asarray(weight.transpose(*range(1, weight.ndim), 0)),
                    "bias": None if bias is None else jnp.asarray(bias),
                }
            case BatchNorm(units):
                weights[-1] = {"scale": jnp.ones(units), "shift": jnp.zeros(units)}
                running[-1] = {"mean": jnp.zeros(units), "variance": jnp.ones(units)}
            case Residual(body, shortcut):
                inner = [initialise(path, given) for path in (body, shortcut)]
                weights[-1], running[-1] = [own for own, _ in inner], [means for _, means in inner]
    return weights, running


def forward(
    layers: Layers, weights: list[Any], running: list[Any], key: jax.Array | None, x: jax.Array
) -> tuple[jax.Array, list[Any]]:
    """The network's output and its new running means: in training, or without a key in evaluation."""
    running = list(running)
    for at, (layer, own) in enumerate(zip(layers, weights, strict=True)):
        match layer:
            case Dense():
                x = biased(x @ own["weight"], own)
            case Conv(stride=stride, padding=padding, groups=groups):
                x = jax.lax.conv_general_dilated(
                    x,
                    own["weight"],
                    (stride, stride),
                    [(padding, padding)] * 2,
                    dimension_numbers=("NHWC", "HWIO", "NHWC"),
                    feature_group_count=groups,
                )
                x = biased(x, own)
            case Relu():
                x = jax.nn.relu(x)
            case BatchNorm():
                x, running[at] = normalised(x, own, running[at], training=key is not None)
            case Dropout(p) if p > 0 and key is not None:
                key, use = jax.random.split(key)
                x = jnp.where(jax.random.bernoulli(use, 1 - p, x.shape), x / (1 - p), 0)
            case MaxPool(size):
                window = (1, size, size, 1)
                x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
            case GlobalPool():
                x = x.mean((1, 2))
            case Flatten():
                x = x.reshape(len(x), -1)
            case Residual(body, shortcut):
                paths = zip((body, shortcut), own, running[at], strict=True)
                made = [forward(path, inner, means, key, x) for path, inner, means in paths]
                x, running[at] = made[0][0] + made[1][0], [means for _, means in made]
    return x, running


def biased(x: jax.Array, own: dict[str, Any]) -> jax.Array:
    """With the bias of a layer, if it has one."""
    return x if own["bias"] is None else x + own["bias"]


def normalised(x: jax.Array, own: Any, running: Any, training: bool) -> tuple[jax.Array, Any]:
    """Batch normalisation, and its new running means."""
    if training:
        axes = tuple(range(x.ndim - 1))
        seen = {"mean": x.mean(axes), "variance": x.var(axes)}
        count = x.size / x.shape[-1]
        unbiased = seen | {"variance": seen["variance"] * (count / (count - 1))}
        running = jax.tree.map(lambda old, new: 0.9 * old + 0.1 * new, running, unbiased)
    else:
        seen = running
    return (x - seen["mean"]) * jax.lax.rsqrt(seen["variance"] + 1e-5) * own["scale"] + own["shift"], running
