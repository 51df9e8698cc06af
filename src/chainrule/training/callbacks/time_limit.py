"""Stopping when the time is up."""

from __future__ import annotations

import time

from chainrule.optim.arguments import number
from chainrule.training.callbacks.base import Callback, Logs


class TimeLimit(Callback):
    """Stop when the time is up, in the middle of an epoch if need be; what has been learnt is validated as ever.

    An epoch that would end too late, as far as the last one tells, is not begun.

    Args:
        seconds: How long training may take, above 0.

    Raises:
        ArgumentError: For a time that is not positive.

    >>> cr.training.TimeLimit(60).seconds
    60.0
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = float(number("seconds", seconds, above=0))

    def on_train_begin(self) -> None:
        self._begun = self._last = time.perf_counter()

    def hears_each_batch(self) -> bool:
        return False

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        if time.perf_counter() - self._begun > self.seconds:
            self._stop(at_once=True)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        now = time.perf_counter()
        took, self._last = now - self._last, now
        if now - self._begun + took > self.seconds:
            self._stop()

    def _stop(self, *, at_once: bool = False) -> None:
        self.session.stop(f"the time limit of {self.seconds:g} s is reached", at_once=at_once)
