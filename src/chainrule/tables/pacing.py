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
    """Lays a schedule out over as much training as fits into the time, by what epochs have taken, and ends there.

    The last epoch may be a part of one, in tenths: of long epochs a whole one less would be much.

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
        self._most = self._epochs = float(epochs)
        self._seconds = seconds

    def on_train_begin(self) -> None:
        self._begun = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        super().on_train_batch_end(batch, logs)
        if batch + 1 < self._batches and self._left == 0:
            self._end(at_once=True)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self.session.stops_at_once:
            return
        done = epoch + 1
        each = (time.perf_counter() - self._begun) / done
        fitting = min(max(int(10 * _SHARE * self._seconds / each) / 10, done), self._most)
        if fitting != self._epochs:
            self._epochs = fitting
            self.schedule = self._lay_out(self._planned, self.schedule.last_epoch - 1)
            self.session.say(
                f"{fitting:g} epochs fit into {self._seconds:g} s: the learning rate goes its way in these"
            )
        if self._left <= 0 and done < self._most:
            self._end()

    @property
    def _planned(self) -> int:
        return round(self._epochs * self._batches)

    @property
    def _left(self) -> int:
        """How many batches are still to come."""
        left: int = self._planned - self.schedule.last_epoch
        return left

    def _end(self, *, at_once: bool = False) -> None:
        self.session.stop(f"no more fits into {self._seconds:g} s", at_once=at_once)
