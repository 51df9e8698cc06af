"""What every callback is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from chainrule.errors import ArgumentError, UnknownNameError, nearest
from chainrule.nn.module import Module

if TYPE_CHECKING:
    from chainrule.training.session import Session

Logs = dict[str, float]


class Callback:
    """Something that is told how training goes. Make your own by overriding the methods you need.

    Attributes:
        session: The training at work: `session.model`, `session.optimizer`, `session.history`, `session.epochs`, ...;
            `session.stop("why")` ends the training after this epoch.
        model: The model that is trained. As in Keras, `self.model.stop_training = True` ends the training after
            this epoch, too.

    Raises:
        UnknownNameError: When a class is defined with a method `on_...` that nobody would call.

    >>> class Shout(cr.training.Callback):
    ...     def on_epoch_end(self, epoch, logs):
    ...         print(f"EPOCH {epoch}!")
    """

    session: Session

    def __init_subclass__(cls) -> None:
        events = [name for name in vars(Callback) if name.startswith("on_")]
        for name in vars(cls):
            if name.startswith("on_") and name not in events:
                raise UnknownNameError("event of training", name, events)

    @property
    def model(self) -> Module:
        """The model that is trained."""
        return self.session.model

    def hears_each_batch(self) -> bool:
        """Whether `on_train_batch_end` must be called after each batch; else it is after the last of some.

        Many batches run in one call of a compiled program. A callback that is told of each makes that many calls.
        """
        return type(self).on_train_batch_end is not Callback.on_train_batch_end

    def on_train_begin(self) -> None:
        """Before the first epoch."""

    def on_epoch_begin(self, epoch: int) -> None:
        """Before an epoch, numbered from 0. All layers are in training; those put into evaluation here stay there."""

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
        mode: "min", "max", or "auto": as the metric of that name says of itself (`higher_is_better`); of others,
            a loss or an error shall fall, anything else rise.
        min_delta: By how much a value must be better to count.
        owner: The callback, for errors.
    """

    def __init__(self, name: str, mode: str, min_delta: float, owner: str) -> None:
        if mode not in ("auto", "min", "max"):
            raise ArgumentError("unknown mode.", where=owner, expected="'auto', 'min' or 'max'", got=repr(mode))
        self.name = name
        self.mode = mode
        self.falls = mode == "min" or (mode == "auto" and _is_error(name))
        self.min_delta = abs(min_delta)
        self.owner = owner
        self.best: float | None = None

    def check(self, session: Session) -> None:
        """Learn before training which way the measure shall go.

        Raises:
            ArgumentError: If a measure of the validation is to be watched without one.
        """
        if self.name.startswith("val_") and not session.validated:
            raise ArgumentError(
                f"there will be no measure called {self.name!r} to watch.",
                where=self.owner,
                expected="a validation",
                got="fit without one",
                remedy=f'give fit validation_data or validation_split, or watch "{self.name.removeprefix("val_")}"',
            )
        measured = {metric.name: metric.higher_is_better for metric in session.objective.metrics}
        rises = measured.get(self.name.removeprefix("val_"))
        if self.mode == "auto" and rises is not None:
            self.falls = not rises

    def value(self, logs: Logs) -> float:
        """The measure among the epoch's."""
        if self.name not in logs:
            close = nearest(self.name, logs)
            raise ArgumentError(
                f"there is no measure called {self.name!r} to watch.",
                where=self.owner,
                expected="one of " + ", ".join(logs),
                got=repr(self.name),
                remedy=f"did you mean {close!r}?" if close else "compile(metrics=[...]) says what is measured",
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
