"""Running the same steps eagerly and compiled, side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.core import tree

Step = Callable[..., Any]


def close(a: Any, b: Any) -> None:
    """Equal up to the rounding of float32."""
    for left, right in zip(tree.leaves(a), tree.leaves(b), strict=True):
        left, right = np.asarray(left), np.asarray(right)
        assert left.dtype == right.dtype
        np.testing.assert_allclose(left, right, rtol=2e-5, atol=2e-6)


def copied(result: Any) -> Any:
    """Results as arrays."""
    return tree.map_leaves(lambda leaf: leaf.detach().numpy() if isinstance(leaf, cr.Tensor) else leaf, result)


def state(*things: Any) -> Any:
    """Every weight, buffer, gradient and moment of modules and optimizers."""
    found: list[Any] = []
    for thing in things:
        if isinstance(thing, cr.nn.Module):
            found += [value.numpy() for value in thing.state_dict().values()]
            found += [p.grad.numpy() if p.grad is not None else np.zeros(0) for p in thing.parameters()]
        else:
            found += [value.numpy() for moments in thing.state.values() for value in moments.values()]
    return found


def both(build: Callable[[], tuple[Step, tuple[Any, ...]]], calls: list[tuple[Any, ...]], between: Any = None) -> Any:
    """Do the same calls eagerly and compiled, and compare results and state after each.

    Args:
        build: Makes the function and what it trains, always the same.
        calls: The arguments of each call, as arrays.
        between: Called with the trained things and the number of the next call, before each call.

    Returns:
        The compiled function.
    """
    histories = []
    for compile in (lambda function: function, cr.jit):
        cr.manual_seed(3)
        step, things = build()
        function = compile(step)
        history = []
        for number, arrays in enumerate(calls):
            if between is not None:
                between(number, *things)
            result = function(*[cr.tensor(a) if isinstance(a, np.ndarray) else a for a in arrays])
            history.append((copied(result), state(*things)))
        history.append(cr.rand(3).numpy())
        histories.append(history)
    for number, (eager, compiled) in enumerate(zip(*histories, strict=True)):
        try:
            close(eager, compiled)
        except AssertionError as error:
            raise AssertionError(f"call {number}: {error}") from None
    return function


def batches(count: int, rows: int = 8, features: int = 5, classes: int = 3) -> list[tuple[np.ndarray, np.ndarray]]:
    """Random rows with random classes."""
    rng = np.random.default_rng(7)
    return [
        (rng.standard_normal((rows, features)).astype(np.float32), rng.integers(0, classes, rows)) for _ in range(count)
    ]


def versions(function: Any) -> int:
    """How many programs a compiled function has."""
    return sum(map(len, function._versions.values()))
