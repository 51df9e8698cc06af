"""JAX: pure functions, the whole step under `jax.jit` with its state donated, Adam from optax."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import cycle
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from benchmarks.workloads import LEARNING_RATE, BatchNorm, Dense, Dropout, Layer, Relu, Workload

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
    optimizer, loss_function = optax.adam(LEARNING_RATE), LOSSES[workload.loss]
    weights, running = initialise(workload)

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
    batches = cycle([(jnp.asarray(x), jnp.asarray(y)) for x, y in workload.batches()])

    def train(steps: int) -> float:
        nonlocal state
        for _ in range(steps):
            state, loss = step(state, *next(batches))
        return float(jax.block_until_ready(loss))

    return train


def initialise(workload: Workload) -> tuple[list[Any], list[Any]]:
    """The first weights and running means of each layer; None where it has none."""
    given = iter(workload.first_weights())
    weights: list[Any] = []
    running: list[Any] = []
    for layer in workload.layers:
        weights.append(None)
        running.append(None)
        match layer:
            case Dense():
                weight, bias = next(given)
                weights[-1] = {"weight": jnp.asarray(weight.T), "bias": jnp.asarray(bias)}
            case BatchNorm(units):
                weights[-1] = {"scale": jnp.ones(units), "shift": jnp.zeros(units)}
                running[-1] = {"mean": jnp.zeros(units), "variance": jnp.ones(units)}
    return weights, running


def forward(
    layers: tuple[Layer, ...], weights: list[Any], running: list[Any], key: jax.Array, x: jax.Array
) -> tuple[jax.Array, list[Any]]:
    """The network's output in training, and its new running means."""
    running = list(running)
    for at, (layer, own) in enumerate(zip(layers, weights, strict=True)):
        match layer:
            case Dense():
                x = x @ own["weight"] + own["bias"]
            case Relu():
                x = jax.nn.relu(x)
            case BatchNorm():
                mean, variance = x.mean(0), x.var(0)
                x = (x - mean) * jax.lax.rsqrt(variance + 1e-5) * own["scale"] + own["shift"]
                unbiased = variance * (len(x) / (len(x) - 1))
                new = {"mean": mean, "variance": unbiased}
                running[at] = jax.tree.map(lambda old, seen: 0.9 * old + 0.1 * seen, running[at], new)
            case Dropout(p) if p > 0:
                key, use = jax.random.split(key)
                x = jnp.where(jax.random.bernoulli(use, 1 - p, x.shape), x / (1 - p), 0)
    return x, running
