"""One schedule after another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from chainrule.errors import ArgumentError
from chainrule.optim.arguments import whole
from chainrule.optim.lr_scheduler.base import LRScheduler
from chainrule.optim.optimizer import Optimizer


class SequentialLR(LRScheduler):
    """One schedule after another, such as a warm-up and a cosine. Step this one alone.

    Args:
        optimizer: See `LRScheduler`.
        schedulers: The schedules, each over the same optimizer.
        milestones: After how many steps each but the first takes over, rising.
        last_epoch: See `LRScheduler`. Default: -1.

    Raises:
        ArgumentError: If a schedule is over another optimizer or follows a measure (ReduceLROnPlateau), or the
            milestones are not one fewer than the schedules, or do not rise.

    >>> optimizer = cr.optim.SGD([cr.zeros(2, requires_grad=True)], lr=0.8)
    >>> warm_up = cr.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> cosine = cr.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
    >>> schedule = cr.optim.lr_scheduler.SequentialLR(optimizer, [warm_up, cosine], milestones=[2])
    >>> for _ in range(5):
    ...     print(f"{optimizer.lr:.1f}")
    ...     schedule.step()
    0.4
    0.6
    0.8
    0.4
    0.0
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        self._schedulers = list(schedulers)
        self._milestones = [whole("milestones", milestone, least=1) for milestone in milestones]
        for schedule in self._schedulers:
            if not isinstance(schedule, LRScheduler) or schedule.optimizer is not optimizer:
                raise ArgumentError(
                    "this schedule cannot be one of a sequence.",
                    where="schedulers",
                    expected="schedules of the number of steps alone, over this optimizer",
                    got=type(schedule).__name__,
                )
        rising = all(a < b for a, b in zip(self._milestones, self._milestones[1:], strict=False))
        if not rising or len(self._milestones) != len(self._schedulers) - 1:
            raise ArgumentError(
                "the milestones do not fit the schedules.",
                where="milestones",
                expected=f"{len(self._schedulers) - 1} rising numbers of steps, for {len(self._schedulers)} schedules",
                got=str(list(milestones)),
            )
        # Each schedule has set its first learning rate when it was made; this one begins anew.
        if last_epoch == -1:
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"]
        super().__init__(optimizer, last_epoch)

    def lrs(self, epoch: int) -> list[float]:
        schedule, done = self._at(epoch)
        return schedule.lrs(done)

    def adjust(self, epoch: int) -> None:
        schedule, done = self._at(epoch)
        schedule.adjust(done)

    def _at(self, epoch: int) -> tuple[LRScheduler, int]:
        """The schedule at work, and how many steps it has done."""
        position = bisect_right(self._milestones, epoch)
        return self._schedulers[position], epoch - (self._milestones[position - 1] if position else 0)
