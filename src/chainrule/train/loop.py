"""The one loop behind `fit` and `evaluate`.

Who owns what: the loop owns the order of things, `Session` what callbacks may look at, `step` the arithmetic,
`Measures` the running means, `diagnosis` the search for what broke when a number is no longer finite.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from chainrule._tensor import Tensor
from chainrule.data import Batches
from chainrule.nn.module import Module
from chainrule.ops.convert import constant
from chainrule.optim import Optimizer
from chainrule.train.callbacks.base import Callback, Logs
from chainrule.train.diagnosis import RandomState, raise_non_finite
from chainrule.train.measures import Measures
from chainrule.train.objective import Objective
from chainrule.train.rows import Rows
from chainrule.train.session import Session
from chainrule.train.step import Update, apply_update, evaluate_batch, forward_backward, gradient_sum


def run(
    session: Session, update: Update, validation: Rows | None, callbacks: Sequence[Callback], first_epoch: int = 0
) -> None:
    """Train from `first_epoch` on until the epochs are over or somebody stops it."""
    for callback in callbacks:
        callback.session = session
    begun: list[Callback] = []
    was_training = session.model.training
    try:
        for callback in callbacks:
            begun.append(callback)
            callback.on_train_begin()
        for epoch in range(first_epoch, session.epochs):
            session.epoch = epoch
            _epoch(session, update, validation, callbacks)
            if session.stop_reason:
                session.say(f"stopped after epoch {epoch + 1}: {session.stop_reason}")
                break
    finally:
        session.model.train(was_training)
        # Also when training is interrupted: best weights come back, bars and files are closed.
        for callback in reversed(begun):
            callback.on_train_end()


def _epoch(session: Session, update: Update, validation: Rows | None, callbacks: Sequence[Callback]) -> None:
    """One epoch of training, its validation, and its line in the history."""
    start = time.perf_counter()
    for callback in callbacks:
        callback.on_epoch_begin(session.epoch)
    logs = _train(session, update, callbacks)
    if validation is not None:
        # Metrics are measured over the whole validation part, after the epoch, in evaluation mode.
        measured = evaluate(session.model, session.objective, validation)
        logs |= {f"val_{name}": value for name, value in measured.items()}
    session.history.add(session.epoch, logs, time.perf_counter() - start)
    for callback in callbacks:
        callback.on_epoch_end(session.epoch, logs)


def _train(session: Session, update: Update, callbacks: Sequence[Callback]) -> Logs:
    """The batches of one epoch."""
    model, objective = session.model, session.objective
    model.train()
    session.optimizer.zero_grad()
    measures = Measures(objective)
    windows = _windows(session.batches, update.accumulate)
    for index, batch in enumerate(session.batches.epoch(session.epoch)):
        x, y, *w = [constant(array) for array in batch]
        weight = w[0] if w else None
        last, rows_in_window = windows[index]
        place = f"epoch {session.epoch + 1}, batch {index + 1}"
        loss, output = _checked_step(model, objective, x, y, weight, len(x) / rows_in_window, place)
        if last:
            apply_update(model, session.optimizer, update)
        session.stepped = last
        measures.add(loss, output, y, weight)
        if callbacks:
            running = measures.running()
            for callback in callbacks:
                callback.on_train_batch_end(index, running)
    return measures.compute()


def one_batch(model: Module, optimizer: Optimizer, objective: Objective, update: Update, rows: Rows) -> Logs:
    """One update from all rows at once."""
    measures = Measures(objective)
    model.train()
    x, y, *w = [constant(array) for array in rows.arrays()]
    weight = w[0] if w else None
    optimizer.zero_grad()
    measures.add(*_checked_step(model, objective, x, y, weight, 1, "this batch"), y, weight)
    apply_update(model, optimizer, update)
    return measures.compute()


def _checked_step(
    model: Module, objective: Objective, x: Tensor, y: Tensor, weight: Tensor | None, share: float, place: str
) -> tuple[float, Tensor]:
    """The loss and the output of a batch, its gradients added up; an error if any of them is not finite."""
    before = RandomState()
    loss, output = forward_backward(model, objective, x, y, weight, share)
    total, gradients = loss.item(), gradient_sum(model)
    if not (math.isfinite(total) and (gradients is None or math.isfinite(gradients.item()))):
        raise_non_finite(model, lambda: objective(model(x), y, weight), before, place)
    return total, output


def _windows(batches: Batches, accumulate: int) -> list[tuple[bool, int]]:
    """For each batch: whether an update follows, and the rows of all batches that share it."""
    sizes = [
        min(batches.batch_size, batches.n_rows - start)
        for start in range(0, len(batches) * batches.batch_size, batches.batch_size)
    ]
    windows = []
    for i in range(len(sizes)):
        first = i - i % accumulate
        window = sizes[first : first + accumulate]
        windows.append((i - first == len(window) - 1, sum(window)))
    return windows


def evaluate(
    model: Module,
    objective: Objective,
    rows: Rows,
    batch_size: int = 256,
) -> Logs:
    """The loss and the metrics over all rows, in evaluation mode; the model's mode is put back."""
    measures = Measures(objective)
    was_training = model.training
    model.eval()
    try:
        for batch in Batches(rows.arrays(), batch_size, shuffle=False).epoch(0):
            x, y, *w = [constant(array) for array in batch]
            weight: Tensor | None = w[0] if w else None
            loss, output = evaluate_batch(model, objective, x, y, weight)
            measures.add(loss.item(), output, y, weight)
    finally:
        model.train(was_training)
    return measures.compute()
