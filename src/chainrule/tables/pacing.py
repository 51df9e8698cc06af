"""A schedule that goes its whole way within a time."""

from __future__ import annotations

import time
from collections.abc import Callable

from chainrule.optim.lr_scheduler import LRScheduler
from chainrule.training import LearningRateScheduler
from chainrule.training.callbacks.base import Logs

# What is planned with: epochs take a little longer or shorter from one to the next.
_SHARE = 0.97


class Paced(LearningRateScheduler):
    """Lays a schedule out over as many epochs as fit into the time, by what those so far have taken, and ends there.

    Args:
        lay_out: Makes the schedule, of so many batches in all, to go on after so many of them (-1 at the start).
        batches: The batches of an epoch.
        epochs: The most epochs.
        seconds: The time.
    """

    def __init__(self, lay_out: Callable[[int, int], LRScheduler], batches: int, epochs: int, seconds: float) -> None:
        super().__init__(lay_out(epochs * batches, -1), every="batch")
        self._lay_out = lay_out
        self._batches = batches
        self._most = self._epochs = epochs
        self._seconds = seconds

    def on_train_begin(self) -> None:
        self._begun = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        done = epoch + 1
        each = (time.perf_counter() - self._begun) / done
        fitting = min(max(int(_SHARE * self._seconds / each), done), self._most)
        if fitting != self._epochs:
            self._epochs = fitting
            self.schedule = self._lay_out(fitting * self._batches, self.schedule.last_epoch - 1)
            self.session.say(f"{fitting} epochs fit into {self._seconds:g} s: the learning rate goes its way in these")
        if done == fitting < self._most:
            self.session.stop(f"no more epochs fit into {self._seconds:g} s")
