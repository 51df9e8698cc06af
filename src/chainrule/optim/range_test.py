"""The learning-rate range test: which learning rate is a good one to start with?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule.core.rewind import rewind
from chainrule.errors import ArgumentError, NonFiniteError
from chainrule.optim.arguments import measured, number, whole
from chainrule.optim.optimizer import Optimizer


@dataclass(frozen=True)
class LRRangeTest:
    """What a range test found.

    Attributes:
        lrs: The learning rate of each step.
        losses: The loss of each step, before its update.
        smoothed: The losses, smoothed: what a plot should show, over a logarithmic axis of `lrs`.
        suggestion: A tenth of the learning rate at which the smoothed loss was lowest: high, with some distance from
            where training falls apart.
    """

    lrs: list[float]
    losses: list[float]
    smoothed: list[float]
    suggestion: float


def lr_range_test(
    optimizer: Optimizer,
    train_step: Callable[[], Any],
    *,
    min_lr: float = 1e-7,
    max_lr: float = 10.0,
    num_steps: int = 100,
    smoothing: float = 0.9,
    stop_factor: float = 4.0,
) -> LRRangeTest:
    """Train while the learning rate grows exponentially, and see where the loss falls and where it explodes.

    Afterwards everything is as before: weights, gradients, the optimizer's state and learning rates, running means of
    batch normalization, the random state of dropout. Source: Smith (2017), Cyclical Learning Rates for Training Neural
    Networks, section 3.3, https://arxiv.org/abs/1506.01186.

    Args:
        optimizer: The optimizer; all its groups get the same learning rate.
        train_step: Does one step of training on the next batch (loss, `backward`, `optimizer.step()`, `zero_grad()`)
            and returns the loss as a number or a tensor of one.
        min_lr: The learning rate to start with. Default: 1e-7.
        max_lr: The learning rate to end with. Default: 10.
        num_steps: The number of steps. Default: 100.
        smoothing: How much of the running mean of the loss is kept at each step. Default: 0.9.
        stop_factor: The test ends early when the smoothed loss is more than this many times its lowest so far, or is
            not finite. Default: 4.

    Raises:
        ArgumentError: If an argument makes no sense, or `train_step` returns no number.
        NonFiniteError: If the loss is not finite from the first step on.

    >>> w = cr.tensor([3.0, -2.0], requires_grad=True)
    >>> optimizer = cr.optim.SGD([w], lr=0.1)
    >>> def train_step():
    ...     optimizer.zero_grad()
    ...     loss = (w**2).sum()
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> found = cr.optim.lr_range_test(optimizer, train_step, min_lr=1e-4)
    >>> 0.01 < found.suggestion < 1
    True
    >>> w.detach(), optimizer.lr
    (tensor([ 3., -2.]), 0.1)
    """
    low = number("min_lr", min_lr, least=0)
    high = number("max_lr", max_lr, least=0)
    steps = whole("num_steps", num_steps, least=2)
    smoothing = number("smoothing", smoothing, least=0, below=1)
    if not 0 < low < high:
        raise ArgumentError(
            "there is no range.", where="min_lr", expected="0 < min_lr < max_lr", got=f"{low} and {high}"
        )
    lrs: list[float] = []
    losses: list[float] = []
    smoothed: list[float] = []
    mean = 0.0
    with rewind():
        for position in range(steps):
            optimizer.lr = low * (high / low) ** (position / (steps - 1))
            loss = measured("the loss that train_step returns", train_step())
            # Without the division the mean would start out near 0, as Adam's moments would.
            mean = smoothing * mean + (1 - smoothing) * loss
            level = mean / (1 - smoothing ** (position + 1))
            if not math.isfinite(level) or (smoothed and level > stop_factor * min(smoothed) > 0):
                break
            lrs.append(optimizer.lr)
            losses.append(loss)
            smoothed.append(level)
    if not lrs:
        raise NonFiniteError(
            "the loss is not finite before anything was learned.",
            where="lr_range_test",
            got=loss,
            remedy="look for NaN in the inputs or weights, and for a log or a division by 0 in the loss",
        )
    return LRRangeTest(lrs, losses, smoothed, lrs[smoothed.index(min(smoothed))] / 10)
