"""Schedules that multiply the learning rate now and then, or at each step."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from chainrule.errors import ArgumentError
from chainrule.optim.arguments import number, whole
from chainrule.optim.lr_scheduler.base import LRScheduler
from chainrule.optim.lr_scheduler.groups import per_group
from chainrule.optim.optimizer import Optimizer


class StepLR(LRScheduler):
    """Multiplies the learning rate by `gamma` every `step_size` steps.

    Args:
        optimizer: See `LRScheduler`.
        step_size: The number of steps from one change to the next.
        gamma: The factor. Default: 0.1.
        last_epoch: See `LRScheduler`. Default: -1.

    Raises:
        ArgumentError: If an argument makes no sense.

    >>> optimizer = cr.optim.SGD([cr.zeros(2, requires_grad=True)], lr=0.8)
    >>> schedule = cr.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for _ in range(4):
    ...     print(optimizer.lr)
    ...     schedule.step()
    0.8
    0.8
    0.4
    0.4
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = whole("step_size", step_size, least=1)
        self.gamma = number("gamma", gamma, least=0)
        super().__init__(optimizer, last_epoch)

    def lrs(self, epoch: int) -> list[float]:
        return [base * self.gamma ** (epoch // self.step_size) for base in self.base_lrs]


class MultiStepLR(LRScheduler):
    """Multiplies the learning rate by `gamma` at each of the milestones.

    Args:
        optimizer: See `LRScheduler`.
        milestones: After how many steps; one that is named twice counts twice.
        gamma: The factor. Default: 0.1.
        last_epoch: See `LRScheduler`. Default: -1.

    Raises:
        ArgumentError: If an argument makes no sense.

    >>> optimizer = cr.optim.SGD([cr.zeros(2, requires_grad=True)], lr=0.8)
    >>> schedule = cr.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
    >>> for _ in range(4):
    ...     print(optimizer.lr)
    ...     schedule.step()
    0.8
    0.4
    0.4
    0.2
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = sorted(whole("milestones", milestone, least=0) for milestone in milestones)
        self.gamma = number("gamma", gamma, least=0)
        super().__init__(optimizer, last_epoch)

    def lrs(self, epoch: int) -> list[float]:
        return [base * self.gamma ** bisect_right(self.milestones, epoch) for base in self.base_lrs]


class ExponentialLR(LRScheduler):
    """Multiplies the learning rate by `gamma` at each step.

    Args:
        optimizer: See `LRScheduler`.
        gamma: The factor.
        last_epoch: See `LRScheduler`. Default: -1.

    Raises:
        ArgumentError: If an argument makes no sense.

    >>> optimizer = cr.optim.SGD([cr.zeros(2, requires_grad=True)], lr=0.8)
    >>> schedule = cr.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> schedule.step()
    >>> optimizer.lr
    0.4
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = number("gamma", gamma, least=0)
        super().__init__(optimizer, last_epoch)

    def lrs(self, epoch: int) -> list[float]:
        return [base * self.gamma**epoch for base in self.base_lrs]


class LambdaLR(LRScheduler):
    """Multiplies the initial learning rate by what a function of yours says for the step.

    Args:
        optimizer: See `LRScheduler`.
        lr_lambda: From the number of steps done to the factor; or a list of such functions, one for each group.
        last_epoch: See `LRScheduler`. Default: -1.

    Raises:
        ArgumentError: If there are not as many functions as groups.

    >>> optimizer = cr.optim.SGD([cr.zeros(2, requires_grad=True)], lr=0.8)
    >>> schedule = cr.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
    >>> schedule.step()
    >>> optimizer.lr
    0.4
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        self.lr_lambdas = per_group("lr_lambda", lr_lambda, optimizer)
        if not all(callable(factor) for factor in self.lr_lambdas):
            raise ArgumentError("lr_lambda is no function.", where="lr_lambda", got=repr(lr_lambda)[:60])
        super().__init__(optimizer, last_epoch)

    def lrs(self, epoch: int) -> list[float]:
        factors = [number("lr_lambda", factor(epoch), least=0) for factor in self.lr_lambdas]
        return [base * factor for base, factor in zip(self.base_lrs, factors, strict=True)]
