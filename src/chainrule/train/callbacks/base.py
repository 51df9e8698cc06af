"""What every callback is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from chainrule.errors import ArgumentError

if TYPE_CHECKING:
    from chainrule.train.session import Session

Logs = dict[str, float]


class Callback:
    """Something that is told how training goes. Make your own by overriding the methods you need.

    Attributes:
        session: The training at work: `session.model`, `session.optimizer`, `session.history`, `session.epochs`, ...;
            `session.stop("why")` ends the training after this epoch.

    >>> class Shout(cr.train.Callback):
    ...     def on_epoch_end(self, epoch, logs):
    ...         print(f"EPOCH {epoch}!")
    """

    session: Session

    def on_train_begin(self) -> None:
        """Before the first epoch."""

    def on_epoch_begin(self, epoch: int) -> None:
        """Before an epoch, numbered from 0."""

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """After each batch, numbered from 0 in each epoch; `logs` has the running means of the epoch."""

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """After an epoch and its validation; `logs` has all measures by name."""

    def on_train_end(self) -> None:
        """At the end, also when training was interrupted or failed."""


class Monitor:
    """One measure by name, and whether a value of it is better than the best so far.

    Args:
        name: A column of the history, such as "val_loss".
        mode: "min", "max", or "auto": a loss or an error shall fall, anything else rise.
        min_delta: By how much a value must be better to count.
        owner: The callback, for errors.
    """

    def __init__(self, name: str, mode: str, min_delta: float, owner: str) -> None:
        if mode not in ("auto", "min", "max"):
            raise ArgumentError("unknown mode.", where=owner, expected="'auto', 'min' or 'max'", got=repr(mode))
        self.name = name
        self.falls = mode == "min" or (mode == "auto" and _is_error(name))
        self.min_delta = abs(min_delta)
        self.owner = owner
        self.best: float | None = None

    def value(self, logs: Logs) -> float:
        """The measure among the epoch's."""
        if self.name not in logs:
            remedy = "give fit validation_data or validation_split" if self.name.startswith("val_") else None
            raise ArgumentError(
                f"there is no measure called {self.name!r} to watch.",
                where=self.owner,
                expected="one of " + ", ".join(logs),
                got=repr(self.name),
                remedy=remedy,
            )
        return logs[self.name]

    def improved(self, value: float) -> bool:
        """Whether `value` is the best so far; if so it is kept."""
        if math.isnan(value):
            return False
        better = self.best is None or (
            value < self.best - self.min_delta if self.falls else value > self.best + self.min_delta
        )
        if better:
            self.best = value
        return better


def _is_error(name: str) -> bool:
    words = name.removeprefix("val_").split("_")
    return bool({"loss", "error", "mae", "mse", "rmse"} & set(words))
