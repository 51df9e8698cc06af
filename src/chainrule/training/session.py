"""One run of `fit`: what the loop and the callbacks share."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.data import Batches
from chainrule.nn.module import Module
from chainrule.optim import Optimizer
from chainrule.training.history import History
from chainrule.training.measures import Measures
from chainrule.training.objective import Objective


class Session:
    """The state of a training at work.

    Attributes:
        model: What is trained.
        optimizer: What updates its weights.
        objective: The loss and the metrics.
        batches: The training rows in batches; their seed and order.
        epochs: How many epochs there will be in all.
        validated: Whether each epoch ends with a validation.
        epoch: The epoch at work, from 0.
        stepped: Whether the last batch ended with an update of the weights (with accumulation not each does).
        history: Every epoch so far.
        measures: The running loss and metrics of the epoch at work.
        waited: How many seconds the steps of the epoch at work have waited for their rows.
        stop_reason: Why training ends after this epoch; None while it goes on.
        stops_at_once: Whether the rest of this epoch is left out.
    """

    def __init__(
        self,
        model: Module,
        optimizer: Optimizer,
        objective: Objective,
        batches: Batches,
        epochs: int,
        validated: bool,
        say: Callable[[str], None],
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.objective = objective
        self.batches = batches
        self.epochs = epochs
        self.validated = validated
        self.epoch = 0
        self.stepped = False
        self.history = History()
        self.measures = Measures(objective)
        self.waited = 0.0
        self.stop_reason: str | None = None
        self.stops_at_once = False
        self.say = say

    def wait(self, seconds: float) -> None:
        """Take in that a step has waited for its rows."""
        self.waited += seconds

    def running_metrics(self) -> dict[str, float]:
        """The loss and the metrics over the batches of this epoch so far; unlike the loss, metrics may take long."""
        return self.measures.compute()

    def stop(self, reason: str, *, at_once: bool = False) -> None:
        """End the training after this epoch; or at once, with what this epoch has come to so far."""
        self.stop_reason = reason
        self.stops_at_once = at_once
