"""A schedule that goes its whole way within a time."""

from __future__ import annotations

import time
from collections.abc import Callable

from chainrule.optim.lr_scheduler import LRScheduler
from chainrule.training import LearningRateScheduler
from chainrule.training.callbacks.base import Logs

# What is planned with: epochs take a little longer or shorter from one to the next.
_SHARE, _LITTLE = 0.97, 0.01


class Paced(LearningRateScheduler):
    """Lays a schedule out over as many batches as fit into the time, by what those so far have taken, and ends there.

    Args:
        lay_out: Makes the schedule, of so many batches in all, to go on after so many of them (-1 at the start).
        batches: The most batches.
        seconds: The time.
    """

    def __init__(self, lay_out: Callable[[int, int], LRScheduler], batches: int, seconds: float) -> None:
        super().__init__(lay_out(batches, -1), every="batch")
        self._lay_out = lay_out
        self._most = self._planned = batches
        self._seconds = seconds

    def on_train_begin(self) -> None:
        self._begun = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        super().on_train_batch_end(batch, logs)
        if self.schedule.last_epoch >= self._planned < self._most:
            self.session.stop(f"no more fits into {self._seconds:g} s", at_once=True)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self.session.stop_reason:
            return
        done = self.schedule.last_epoch
        each = (time.perf_counter() - self._begun) / done
        fitting = min(max(int(_SHARE * self._seconds / each), done), self._most)
        if fitting == done < self._most:
            self.session.stop(f"no more fits into {self._seconds:g} s")
        # What changes little from epoch to epoch is not worth a word, nor another schedule.
        elif abs(fitting - self._planned) > _LITTLE * fitting:
            self._planned = fitting
            self.schedule = self._lay_out(fitting, done - 1)
            self.session.say(
                f"{fitting:,} updates fit into {self._seconds:g} s: the learning rate goes its way in these"
            )
