"""What is trained, and what has been run of it: what the two ways of running an epoch share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from chainrule.data import Batches
from chainrule.nn.module import Module
from chainrule.optim import Optimizer
from chainrule.training.diagnosis import broken_state, is_finite
from chainrule.training.objective import Objective
from chainrule.training.step import Update


@dataclass(frozen=True)
class Training:
    """What is trained, and how.

    Attributes:
        model: What is trained.
        objective: What is minimised.
        optimizer: What updates the weights.
        update: How gradients become an update.
        batches: The training rows.
        each_batch: Whether somebody wants to hear of each batch by itself.
        say: Tells the user something.
        waited: Is told how many seconds steps waited for their rows.
    """

    model: Module
    objective: Objective
    optimizer: Optimizer
    update: Update
    batches: Batches
    each_batch: bool = False
    say: Callable[[str], None] = lambda line: None
    waited: Callable[[float], None] = lambda seconds: None

    def check_weights(self, place: str) -> None:
        """Raise a `NonFiniteError` where an update has left a weight that is not finite."""
        for name, parameter in self.model.named_parameters():
            if not is_finite(parameter.node.value):
                raise broken_state(self.model, name, parameter.node.value, place)


class Measured(NamedTuple):
    """What metrics look at.

    Attributes:
        output: The model's output for some rows.
        target: Their targets.
        weight: Their weights; None where all count the same.
    """

    output: np.ndarray
    target: np.ndarray
    weight: np.ndarray | None


class Ran(NamedTuple):
    """Some batches that were run.

    Attributes:
        last: The number of the last of them within its epoch.
        stepped: Whether it ended with an update.
        losses: The mean loss of each.
        shares: How much each counts among others.
        measured: What metrics look at, for all their rows; None where there are no metrics.
    """

    last: int
    stepped: bool
    losses: Sequence[float] | np.ndarray
    shares: Sequence[float] | np.ndarray
    measured: Measured | None


class Runner(Protocol):
    """Runs epochs. Who does it changes no result by more than rounding."""

    def epoch(self, number: int) -> Iterator[Ran]:
        """The batches of an epoch, in order, some at a time.

        Raises:
            NonFiniteError: If a loss, a gradient or a weight is not finite; it names the layer.
        """
