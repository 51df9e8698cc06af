"""Changing the learning rate as training goes."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.optim.arguments import number, whole
from chainrule.training.callbacks.base import Callback, Logs, Monitor


class LearningRateScheduler(Callback):
    """Step a schedule of `chainrule.optim.lr_scheduler` after each epoch or batch, or ask a function.

    Args:
        schedule: A schedule over the optimizer that the model was compiled with; or a function from the epoch (from 0),
            or from the epoch and the learning rate, to the new learning rate, as Keras has it.
        every: "epoch", or "batch" for schedules that count iterations (one-cycle, warm-up).

    Raises:
        ArgumentError: If `every` is neither; or for a function asked every batch.

    >>> halve = cr.training.LearningRateScheduler(lambda epoch, lr: lr / 2 if epoch == 10 else lr)
    """

    def __init__(self, schedule: Any, every: str = "epoch") -> None:
        if every not in ("epoch", "batch"):
            raise ArgumentError(
                "unknown rhythm.", where="LearningRateScheduler", expected="'epoch' or 'batch'", got=every
            )
        self.schedule = schedule
        self.every = every
        self._function: Callable[..., float] | None = None if hasattr(schedule, "step") else schedule
        if self._function is not None and not callable(self._function):
            raise ArgumentError(
                "this is no schedule.",
                where="LearningRateScheduler",
                expected="a schedule of chainrule.optim.lr_scheduler, or a function (epoch, lr)",
                got=repr(schedule)[:60],
            )
        if self._function is not None and every == "batch":
            raise ArgumentError(
                "a function is asked once an epoch.", where="LearningRateScheduler", got="every='batch'"
            )

    def on_epoch_begin(self, epoch: int) -> None:
        if self._function is not None:
            known = len(signature(self._function).parameters)
            for group in self.session.optimizer.param_groups:
                group["lr"] = self._function(*(epoch, float(group["lr"]))[:known])

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        if self._function is None and self.every == "batch" and self.session.stepped:
            self.schedule.step()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self._function is None and self.every == "epoch":
            self.schedule.step()


class ReduceLROnPlateau(Callback):
    """Multiply the learning rate by `factor` when a measure has not become better for `patience` epochs.

    Args:
        monitor: The measure, such as "val_loss".
        factor: Below 1.
        patience: How many epochs to wait.
        mode: "min", "max" or "auto" (as the metric says of itself; a loss shall fall).
        min_delta: By how much it must be better to count.
        cooldown: How many epochs after a reduction are not counted.
        min_lr: The learning rate falls no lower.

    Raises:
        ArgumentError: If the factor is not between 0 and 1.

    >>> reduce = cr.training.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1)
    >>> model = cr.nn.Sequential(cr.nn.Linear(1, 1, bias=False), init="zeros")
    >>> optimizer = cr.optim.SGD(model.parameters(), lr=0.1)
    >>> model.compile(optimizer, loss="mse")
    >>> _ = model.fit([[0.0]], [[2.0]], epochs=3, verbose=0, callbacks=[reduce])  # nothing can be learned from 0
    >>> optimizer.lr
    0.025
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        if not 0 < factor < 1:
            raise ArgumentError("the factor must reduce.", where="ReduceLROnPlateau", expected="0 to 1", got=factor)
        self._settings = (monitor, mode, min_delta)
        self.factor = factor
        self.patience = whole("patience", patience, least=0)
        self.cooldown = whole("cooldown", cooldown, least=0)
        self.min_lr = number("min_lr", min_lr, least=0)
        self._forget()

    def _forget(self) -> None:
        monitor, mode, min_delta = self._settings
        self.monitor = Monitor(monitor, mode, min_delta, "ReduceLROnPlateau")
        self._waited = 0
        self._resting = 0

    def on_train_begin(self) -> None:
        self._forget()
        self.monitor.check(self.session)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        improved = self.monitor.improved(self.monitor.value(logs))
        if self._resting:
            self._resting -= 1
            self._waited = 0
        elif improved:
            self._waited = 0
        else:
            self._waited += 1
            if self._waited >= self.patience:
                self._reduce()

    def _reduce(self) -> None:
        for group in self.session.optimizer.param_groups:
            lr = float(group["lr"])
            lower = max(lr * self.factor, self.min_lr)
            if lower < lr:
                group["lr"] = lower
                self.session.say(f"{self.monitor.name} has not become better: learning rate {lr:.3g} -> {lower:.3g}")
        self._waited = 0
        self._resting = self.cooldown
