"""The one loop behind `fit` and `evaluate`.

Who owns what: the loop owns the order of things, `Session` what callbacks may look at, `step` the arithmetic,
`Measures` the running means, `diagnosis` the search for what broke when a number is no longer finite.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from chainrule._tensor import Tensor
from chainrule.core.rewind import undone_if_failing
from chainrule.data import Batches
from chainrule.errors import NonFiniteError
from chainrule.nn.module import Module
from chainrule.ops.convert import constant
from chainrule.optim import Optimizer
from chainrule.train.callbacks.base import Callback, Logs
from chainrule.train.diagnosis import broken_state, diagnose, is_finite
from chainrule.train.measures import Measures
from chainrule.train.objective import Objective
from chainrule.train.precheck import evaluating, same_modes
from chainrule.train.rows import Rows
from chainrule.train.session import Session
from chainrule.train.step import Update, apply_update, evaluate_batch, forward_backward, gradient_sum


class Batch(NamedTuple):
    """Some rows as tensors; `weight` is None where all count the same."""

    x: Tensor
    y: Tensor
    weight: Tensor | None = None

    @classmethod
    def of(cls, arrays: Sequence[np.ndarray]) -> Batch:
        """The batch of these arrays."""
        return cls(*[constant(array) for array in arrays])


def run(
    session: Session, update: Update, validation: Rows | None, callbacks: Sequence[Callback], first_epoch: int = 0
) -> None:
    """Train from `first_epoch` on until the epochs are over or somebody stops it."""
    begun: list[Callback] = []
    try:
        with same_modes(session.model):
            vars(session.model).pop("stop_training", None)
            for callback in callbacks:
                callback.session = session
                begun.append(callback)
                callback.on_train_begin()
            for epoch in range(first_epoch, session.epochs):
                session.epoch = epoch
                _epoch(session, update, validation, callbacks)
                if vars(session.model).pop("stop_training", False):
                    session.stop("a callback has set model.stop_training")
                if session.stop_reason:
                    session.say(f"stopped after epoch {epoch + 1}: {session.stop_reason}")
                    break
    finally:
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
        measured = evaluate(session.model, session.objective, validation, place=f"the validation of {_name(session)}")
        logs |= {f"val_{name}": value for name, value in measured.items()}
    session.history.add(session.epoch, logs, time.perf_counter() - start)
    for callback in callbacks:
        callback.on_epoch_end(session.epoch, logs)


def _train(session: Session, update: Update, callbacks: Sequence[Callback]) -> Logs:
    """The batches of one epoch."""
    model, objective = session.model, session.objective
    model.train()
    session.optimizer.zero_grad()
    measures = session.measures = Measures(objective)
    index = 0
    for window in _windows(session.batches.epoch(session.epoch), update.accumulate):
        shares = [objective.share(batch.y) for batch in window]
        for at, (batch, share) in enumerate(zip(window, shares, strict=True), start=1):
            place = f"{_name(session)}, batch {index + 1}"
            loss, output = _checked_step(model, objective, batch, share / sum(shares), place)
            session.stepped = at == len(window)
            if session.stepped:
                apply_update(model, session.optimizer, update)
            measures.add(loss, share, output, batch.y, batch.weight)
            if callbacks:
                running = measures.running()
                for callback in callbacks:
                    callback.on_train_batch_end(index, running)
            index += 1
    _check_weights(model, f"the last update of {_name(session)}")
    return measures.compute()


def one_batch(model: Module, optimizer: Optimizer, objective: Objective, update: Update, rows: Rows) -> Logs:
    """One update from all rows at once."""
    measures = Measures(objective)
    batch = Batch.of(rows.arrays())
    optimizer.zero_grad()
    with same_modes(model):
        model.train()
        loss, output = _checked_step(model, objective, batch, 1, "this batch")
    measures.add(loss, objective.share(batch.y), output, batch.y, batch.weight)
    apply_update(model, optimizer, update)
    return measures.compute()


def evaluate(
    model: Module, objective: Objective, rows: Rows, batch_size: int | None = 256, place: str = "the evaluation"
) -> Logs:
    """The loss and the metrics over all rows, in evaluation mode; the model's mode is put back."""
    measures = Measures(objective)
    with evaluating(model):
        for arrays in Batches(rows.arrays(), batch_size, shuffle=False).epoch(0):
            batch = Batch.of(arrays)
            loss, output = evaluate_batch(model, objective, *batch)
            total = loss.item()
            if not (math.isfinite(total) or is_finite(output.numpy())):
                raise diagnose(model, _loss_of(model, objective, batch), place)
            measures.add(total, objective.share(batch.y), output, batch.y, batch.weight)
    return measures.compute()


def _checked_step(model: Module, objective: Objective, batch: Batch, share: float, place: str) -> tuple[float, Tensor]:
    """The loss and the output of a batch, its gradients added up; an error if any of them is not finite.

    If anything fails, the model is as it was before the batch: its running means and the random state too.
    """
    try:
        with undone_if_failing():
            loss, output = forward_backward(model, objective, *batch, share)
            total, gradients = loss.item(), gradient_sum(model)
            if math.isfinite(total) and (gradients is None or math.isfinite(gradients.item())):
                return total, output
            raise NonFiniteError("the loss or a gradient is not finite.")
    except NonFiniteError:
        raise diagnose(model, _loss_of(model, objective, batch), place) from None


def _loss_of(model: Module, objective: Objective, batch: Batch) -> Callable[[], Tensor]:
    return lambda: objective(model(batch.x), batch.y, batch.weight)


def _windows(batches: Iterable[Sequence[np.ndarray]], size: int) -> Iterator[list[Batch]]:
    """The batches that share an update, so many at a time."""
    coming = iter(batches)
    while window := [Batch.of(arrays) for arrays in islice(coming, size)]:
        yield window


def _check_weights(model: Module, place: str) -> None:
    """Raise a `NonFiniteError` where an update has left a weight that is not finite."""
    for name, parameter in model.named_parameters():
        if not is_finite(parameter.node.value):
            raise broken_state(model, name, parameter.node.value, place)


def _name(session: Session) -> str:
    return f"epoch {session.epoch + 1}"
