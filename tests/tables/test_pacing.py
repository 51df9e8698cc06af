"""Schedules that go their whole way within a time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import chainrule as cr
from chainrule.optim.lr_scheduler import OneCycleLR
from chainrule.tables import pacing

# In an epoch of these trainings.
BATCHES = 10


class Clock:
    """Time that passes when it is looked at: by so many seconds each time, the last of them from then on."""

    def __init__(self, *seconds: float) -> None:
        self._seconds = itertools.chain([0.0], seconds, itertools.repeat(seconds[-1]))
        self.now = 0.0

    def perf_counter(self) -> float:
        self.now += next(self._seconds)
        return self.now


class Rates(cr.training.Callback):
    """Keeps the learning rate after each epoch."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        self.seen.append(float(self.session.optimizer.param_groups[0]["lr"]))


def rates(monkeypatch: pytest.MonkeyPatch, seconds: float, *epochs: float) -> list[float]:
    """The learning rate after each epoch that is trained of at most 40, when they take so long."""
    monkeypatch.setattr(pacing, "time", Clock(*epochs))
    model, x, seen = cr.nn.Linear(2, 1), np.ones((40, 2), np.float32), Rates()
    optimizer = cr.optim.SGD(model.parameters(), lr=1e-3)

    def lay_out(steps: int, done: int) -> OneCycleLR:
        return OneCycleLR(optimizer, [0.1], total_steps=steps, cycle_momentum=False, last_epoch=done)

    model.compile(optimizer, "mse")
    model.fit(x, x[:, :1], 4, 40, verbose=0, callbacks=[pacing.Paced(lay_out, 40 * BATCHES, seconds), seen])
    return seen.seen


def usual(batches: int) -> list[float]:
    """What it is where so many batches were planned from the start."""
    optimizer = cr.optim.SGD([cr.zeros(1, requires_grad=True)], lr=1e-3)
    schedule = OneCycleLR(optimizer, [0.1], total_steps=batches, cycle_momentum=False)
    found = []
    for batch in range(1, batches + 1):
        schedule.step()
        if batch % BATCHES == 0 or batch == batches:
            found.append(optimizer.lr)
    return found


def test_as_many_epochs_are_trained_as_fit_and_the_learning_rate_goes_its_whole_way(monkeypatch):
    np.testing.assert_allclose(rates(monkeypatch, 10.31, 1.0), usual(100))


def test_the_last_epoch_may_be_a_part_of_one(monkeypatch):
    np.testing.assert_allclose(rates(monkeypatch, 10.9, 1.0), usual(105))


def test_no_more_epochs_than_were_asked_for(monkeypatch):
    np.testing.assert_allclose(rates(monkeypatch, 1000, 1.0), usual(400))


def test_epochs_that_get_slower_are_fewer(monkeypatch):
    found = rates(monkeypatch, 20.0, 1.0, 1.0, 1.0, 2.0)
    # 3 + 2 (n - 3) seconds for n epochs: 11 and, as a mean one would take 1.73, a fifth of one fit into 19.4.
    assert len(found) == 12
    np.testing.assert_allclose(found[-1], usual(112)[-1])


def test_one_epoch_is_trained_whatever_it_takes(monkeypatch):
    assert len(rates(monkeypatch, 0.5, 1.0)) == 1


def test_a_part_of_an_epoch_is_validated_and_has_its_line(monkeypatch):
    monkeypatch.setattr(pacing, "time", Clock(1.0))
    model, x = cr.nn.Linear(2, 1), np.ones((40, 2), np.float32)
    optimizer = cr.optim.SGD(model.parameters(), lr=1e-3)
    model.compile(optimizer, "mse")

    def lay_out(steps: int, done: int) -> OneCycleLR:
        return OneCycleLR(optimizer, [0.1], total_steps=steps, cycle_momentum=False, last_epoch=done)

    paced = pacing.Paced(lay_out, 40 * BATCHES, 2.8)
    history = model.fit(x, x[:, :1], 4, 40, verbose=0, callbacks=[paced], validation_data=(x, x[:, :1]))
    assert len(history) == 3
    assert np.isfinite(history["val_loss"]).all()
    assert paced.schedule.last_epoch == 27
