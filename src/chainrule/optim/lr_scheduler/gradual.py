"""Schedules that lead from one learning rate to another in a given number of steps."""

from __future__ import annotations

from chainrule.optim.arguments import number, whole
from chainrule.optim.lr_scheduler.base import LRScheduler
from chainrule.optim.optimizer import Optimizer


class LinearLR(LRScheduler):
    """Leads the learning rate in a straight line from one factor to another: the usual warm-up.

    Args:
        optimizer: See `LRScheduler`.
        start_factor: What the initial learning rate is multiplied by at first; above 0, at most 1. Default: 1/3.
        end_factor: What it is multiplied by in the end; from 0 to 1. Default: 1.
        total_iters: The number of steps from the one to the other. Default: 5.
        last_epoch: See `LRScheduler`. Default: -1.

    Raises:
        ArgumentError: If an argument makes no sense.

    >>> optimizer = cr.optim.SGD([cr.zeros(2, requires_grad=True)], lr=0.8)
    >>> schedule = cr.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> for _ in range(4):
    ...     print(f"{optimizer.lr:.1f}")
    ...     schedule.step()
    0.4
    0.6
    0.8
    0.8
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        # A start at 0 would waste the first steps.
        self.start_factor = number("start_factor", start_factor, above=0, most=1)
        self.end_factor = number("end_factor", end_factor, least=0, most=1)
        self.total_iters = whole("total_iters", total_iters, least=1)
        super().__init__(optimizer, last_epoch)

    def lrs(self, epoch: int) -> list[float]:
        done = min(epoch, self.total_iters) / self.total_iters
        return [base * (self.start_factor + (self.end_factor - self.start_factor) * done) for base in self.base_lrs]


class PolynomialLR(LRScheduler):
    """Leads the learning rate to 0 as `(1 - steps / total_iters) ** power`.

    Args:
        optimizer: See `LRScheduler`.
        total_iters: The number of steps until it is 0. Default: 5.
        power: 1 for a straight line; above, it falls faster at first. Default: 1.
        last_epoch: See `LRScheduler`. Default: -1.

    Raises:
        ArgumentError: If an argument makes no sense.

    >>> optimizer = cr.optim.SGD([cr.zeros(2, requires_grad=True)], lr=0.8)
    >>> schedule = cr.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=2, power=2.0)
    >>> schedule.step()
    >>> optimizer.lr
    0.2
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = whole("total_iters", total_iters, least=1)
        self.power = number("power", power, least=0)
        super().__init__(optimizer, last_epoch)

    def lrs(self, epoch: int) -> list[float]:
        left = 1 - min(epoch, self.total_iters) / self.total_iters
        return [base * left**self.power for base in self.base_lrs]
