"""Lowering the learning rate when training gets stuck."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from chainrule.optim.arguments import choice, measured, number, whole
from chainrule.optim.lr_scheduler.base import Schedule
from chainrule.optim.lr_scheduler.groups import per_group
from chainrule.optim.optimizer import Optimizer


class ReduceLROnPlateau(Schedule):
    """Multiplies the learning rate by `factor` when a measure has not got better for more than `patience` epochs.

    Args:
        optimizer: The optimizer whose learning rates it sets.
        mode: "min" for losses, "max" for accuracies. Default: "min".
        factor: What the learning rate is multiplied by, below 1. Default: 0.1.
        patience: How many epochs without a better value are put up with. Default: 10.
        threshold: How much better a value must be to count. Default: 0.0001.
        threshold_mode: "rel": as a part of the best value; "abs": in its units. Default: "rel".
        cooldown: How many epochs after a change are not counted. Default: 0.
        min_lr: The learning rate is not made smaller than this (or one for each group). Default: 0.
        eps: A change by no more than this is left out. Default: 1e-8.

    Attributes:
        best: The best value so far.
        num_bad_epochs: How many epochs have passed without a better one.
        cooldown_counter: How many more epochs are not counted.

    Raises:
        ArgumentError: If an argument makes no sense.

    >>> optimizer = cr.optim.SGD([cr.zeros(2, requires_grad=True)], lr=0.8)
    >>> schedule = cr.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in (1.0, 0.9, 0.9, 0.9):
    ...     schedule.step(loss)
    >>> optimizer.lr
    0.4
    """

    remembered = ("last_epoch", "best", "num_bad_epochs", "cooldown_counter")

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(optimizer, last_epoch=0)
        self.mode = choice("mode", mode, ("min", "max"))
        self.factor = number("factor", factor, least=0, below=1)
        self.patience = whole("patience", patience, least=0)
        self.threshold = number("threshold", threshold, least=0)
        self.threshold_mode = choice("threshold_mode", threshold_mode, ("rel", "abs"))
        self.cooldown = whole("cooldown", cooldown, least=0)
        self.min_lrs = [number("min_lr", lr, least=0) for lr in per_group("min_lr", min_lr, optimizer)]
        self.eps = number("eps", eps, least=0)
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0

    def step(self, metrics: Any) -> None:
        """Take in the measure of an epoch; call it after each validation.

        Args:
            metrics: The value: a number or a tensor of one. NaN is no better than anything.

        Raises:
            ArgumentError: If it is no number, or the optimizer got another parameter group since.
        """
        value = measured("metrics", metrics)
        self.last_epoch += 1
        if self._is_better(value):
            self.best, self.num_bad_epochs = value, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _is_better(self, value: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        # Infinity times 0 would be NaN: the first value is better than none.
        margin = self.threshold * (self.best if self.threshold_mode == "rel" and math.isfinite(self.best) else 1)
        return value > self.best + margin if sign > 0 else value < self.best - margin

    def _reduce(self) -> None:
        for group, least in zip(self.groups, self.min_lrs, strict=True):
            lr = max(group["lr"] * self.factor, least)
            if group["lr"] - lr > self.eps:
                group["lr"] = lr
