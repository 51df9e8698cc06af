"""Stopping when the time is up."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError
from chainrule.training.callbacks import time_limit


class Clock:
    """Time that passes by a second whenever it is looked at."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        self.now += 1.0
        return self.now


def fitted(seconds: float, monkeypatch: pytest.MonkeyPatch) -> cr.training.History:
    monkeypatch.setattr(time_limit, "time", Clock())
    model = cr.nn.Linear(2, 1)
    model.compile("sgd", "mse")
    x = np.ones((8, 2), np.float32)
    return model.fit(x, x[:, :1], 4, 50, verbose=0, callbacks=cr.training.TimeLimit(seconds))


def test_no_epoch_is_begun_that_would_end_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    # An epoch takes 2 or 3 of these seconds, as its two batches run in one slice or two.
    assert 3 <= len(fitted(12, monkeypatch)) <= 5


def test_an_epoch_that_takes_too_long_ends_with_what_it_has_come_to(monkeypatch: pytest.MonkeyPatch) -> None:
    history = fitted(0.5, monkeypatch)
    assert len(history) == 1
    assert np.isfinite(history["loss"]).all()


def test_a_limit_is_a_time() -> None:
    with pytest.raises(ArgumentError, match="seconds"):
        cr.training.TimeLimit(0)
