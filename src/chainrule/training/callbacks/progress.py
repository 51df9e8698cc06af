"""Showing how training goes: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from functools import partial
from typing import Any

from chainrule.errors import ChainruleError
from chainrule.training.callbacks.base import Callback, Logs

# Seconds after which a plain line is printed within an epoch: a log must not be flooded, nor anybody wait in silence.
EVERY = 6.0


class ProgressBar(Callback):
    """The loss, the metrics and the time left, as training goes.

    Args:
        bar: True for a bar (drawn with rich), False for plain lines, None for a bar only on a terminal.

    >>> model = cr.nn.Sequential(cr.nn.Linear(1, 1, bias=False), init="zeros")
    >>> model.compile("sgd", loss="mse")
    >>> report = cr.training.ProgressBar(bar=False)
    >>> _ = model.fit([[1.0]], [[2.0]], epochs=1, callbacks=[report])  # doctest: +ELLIPSIS
    full-batch gradient descent: 1 iteration an epoch, 1 of 1 rows each
    ...
    epoch 1/1  training: loss 4.0000  ... s
    """

    def __init__(self, bar: bool | None = None) -> None:
        # Without any standard output (closed, or a window's program) it is None.
        self.bar = bool(getattr(sys.stdout, "isatty", bool)()) if bar is None else bar
        self._progress: Any = None
        self._task: Any = None

    def hears_each_batch(self) -> bool:
        return False

    def on_train_begin(self) -> None:
        if self.bar:
            self._open()

    def _open(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("{task.fields[measured]}"),
            TimeRemainingColumn(compact=True),
        )
        self._progress = Progress(*columns, transient=True, refresh_per_second=8)
        self._progress.start()
        # What is said while the bar runs stands above it, as it is.
        self._said_before = self.session.say
        self.session.say = partial(self._progress.console.print, markup=False, highlight=False, soft_wrap=True)
        self._task = self._progress.add_task("", total=None, measured="")

    def on_epoch_begin(self, epoch: int) -> None:
        self._batches = len(self.session.batches)
        self._start = self._said = time.perf_counter()
        self._measured: Logs = {}
        self._measured_until = 0.0
        if self._progress is not None:
            self._progress.reset(self._task, description=self._name(epoch), total=self._batches, measured="")

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        now = time.perf_counter()
        if self._progress is not None:
            self._progress.update(self._task, completed=batch + 1, measured=_text(logs | self._metrics(now)))
        elif now > self._said + EVERY and batch + 1 < self._batches:
            self._said = now
            left = (now - self._start) / (batch + 1) * (self._batches - batch - 1)
            self.session.say(
                f"{self._name(self.session.epoch)}  batch {batch + 1}/{self._batches}  "
                f"{_text(logs | self._metrics(now))}  {left:.0f} s left"
            )

    def _metrics(self, now: float) -> Logs:
        """The metrics so far, as of some moments ago: computing them may take long, and training must not wait."""
        if now > self._measured_until:
            # With weights that are all 0 so far there may be nothing to measure.
            with suppress(ChainruleError):
                self._measured = self.session.running_metrics()
            self._measured_until = now + max(0.5, 20 * (time.perf_counter() - now))
        return self._measured

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        seconds, waited = time.perf_counter() - self._start, self.session.waited
        # What is decoded while training runs should be there when it is needed.
        waiting = f", {waited:.1f} s of them waiting for pictures" if waited > 0.01 * seconds else ""
        self.session.say(f"{self._name(epoch)}  {_text(logs)}  {seconds:.1f} s{waiting}")

    def on_train_end(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
            self.session.say = self._said_before

    def _name(self, epoch: int) -> str:
        width = len(str(self.session.epochs))
        return f"epoch {epoch + 1:>{width}}/{self.session.epochs}"


def _text(logs: Logs) -> str:
    """The measures, said for what they are: of the training (weights still moving) or of the validation."""
    training = {name: value for name, value in logs.items() if not name.startswith("val_")}
    validation = {name.removeprefix("val_"): value for name, value in logs.items() if name.startswith("val_")}
    return _pairs("training", training) + (_pairs("   validation", validation) if validation else "")


def _pairs(part: str, logs: Logs) -> str:
    return f"{part}: " + "  ".join(f"{name} {value:.4f}" for name, value in logs.items())
