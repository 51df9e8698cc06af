"""Schedules along a cosine: slow at first, fast in the middle, slow at the end."""

from __future__ import annotations

import math

from chainrule.optim.arguments import number, whole
from chainrule.optim.lr_scheduler.base import LRScheduler
from chainrule.optim.optimizer import Optimizer


def between(start: float, end: float, done: float) -> float:
    """From `start` (0 done) to `end` (1 done) along half a cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


class CosineAnnealingLR(LRScheduler):
    """Leads the learning rate along half a cosine to `eta_min` in `T_max` steps, and back up after that.

    Source: Loshchilov and Hutter (2017), SGDR, https://arxiv.org/abs/1608.03983, without restarts; as in PyTorch.

    Args:
        optimizer: See `LRScheduler`.
        T_max: The number of steps down.
        eta_min: The learning rate there. Default: 0.
        last_epoch: See `LRScheduler`. Default: -1.

    Raises:
        ArgumentError: If an argument makes no sense.

    >>> optimizer = cr.optim.SGD([cr.zeros(2, requires_grad=True)], lr=0.8)
    >>> schedule = cr.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
    >>> schedule.step()
    >>> optimizer.lr
    0.4
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = whole("T_max", T_max, least=1)
        self.eta_min = number("eta_min", eta_min, least=0)
        super().__init__(optimizer, last_epoch)

    def lrs(self, epoch: int) -> list[float]:
        return [between(base, self.eta_min, epoch / self.T_max) for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Leads the learning rate along half a cosine to `eta_min`, again and again, each round `T_mult` times as long.

    Source: Loshchilov and Hutter (2017), SGDR, https://arxiv.org/abs/1608.03983; as in PyTorch.

    Args:
        optimizer: See `LRScheduler`.
        T_0: The number of steps to the first restart.
        T_mult: How many times longer each round is than the one before. Default: 1.
        eta_min: The learning rate at the end of a round. Default: 0.
        last_epoch: See `LRScheduler`. Default: -1.

    Raises:
        ArgumentError: If an argument makes no sense.

    >>> optimizer = cr.optim.SGD([cr.zeros(2, requires_grad=True)], lr=0.8)
    >>> schedule = cr.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> for _ in range(4):
    ...     print(f"{optimizer.lr:.1f}")
    ...     schedule.step()
    0.8
    0.4
    0.8
    0.4
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_0 = whole("T_0", T_0, least=1)
        self.T_mult = whole("T_mult", T_mult, least=1)
        self.eta_min = number("eta_min", eta_min, least=0)
        super().__init__(optimizer, last_epoch)

    def lrs(self, epoch: int) -> list[float]:
        step, length = self._within_round(epoch)
        return [between(base, self.eta_min, step / length) for base in self.base_lrs]

    def _within_round(self, epoch: int) -> tuple[int, int]:
        """The number of steps since the last restart, and the length of the round."""
        if self.T_mult == 1:
            return epoch % self.T_0, self.T_0
        step, length = epoch, self.T_0
        while step >= length:
            step, length = step - length, length * self.T_mult
        return step, length
