"""The one loop behind `fit`.

Who owns what: the loop owns the order of things, `Session` what callbacks may look at, `ByProgram` and `ByReference`
how batches are run, `step` the arithmetic, `Measures` the running means, `diagnosis` the search for what broke when a
number is no longer finite.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from chainrule.data import Batches
from chainrule.nn.module import Module
from chainrule.optim import Optimizer
from chainrule.training.callbacks.base import Callback, Logs
from chainrule.training.evaluation import evaluate
from chainrule.training.measures import Measures
from chainrule.training.objective import Objective
from chainrule.training.precheck import same_modes
from chainrule.training.rows import Rows
from chainrule.training.runner import runner_for
from chainrule.training.running import Runner, Training
from chainrule.training.session import Session
from chainrule.training.step import Update


def run(
    session: Session,
    update: Update,
    validation: Rows | None,
    callbacks: Sequence[Callback],
    first_epoch: int = 0,
    compiled: bool = True,
) -> None:
    """Train from `first_epoch` on until the epochs are over or somebody stops it."""
    training = Training(
        session.model,
        session.objective,
        session.optimizer,
        update,
        session.batches,
        any(callback.hears_each_batch() for callback in callbacks),
        lambda line: session.say(line),
        session.wait,
    )
    runner = runner_for(training, compiled)
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
                _epoch(session, runner, validation, callbacks, compiled)
                if vars(session.model).pop("stop_training", False):
                    session.stop("a callback has set model.stop_training")
                if session.stop_reason:
                    session.say(f"stopped after epoch {epoch + 1}: {session.stop_reason}")
                    break
    finally:
        # Also when training is interrupted: best weights come back, bars and files are closed.
        for callback in reversed(begun):
            callback.on_train_end()


def _epoch(
    session: Session, runner: Runner, validation: Rows | None, callbacks: Sequence[Callback], compiled: bool
) -> None:
    """One epoch of training, its validation, and its line in the history."""
    start = time.perf_counter()
    session.model.train()
    # Only then are callbacks told, which may put some layers into evaluation.
    for callback in callbacks:
        callback.on_epoch_begin(session.epoch)
    logs = _train(session, runner, callbacks)
    if validation is not None:
        # Metrics are measured over the whole validation part, after the epoch, in evaluation mode.
        place = f"the validation of epoch {session.epoch + 1}"
        measured = evaluate(session.model, session.objective, validation, place=place, compiled=compiled)
        logs |= {f"val_{name}": value for name, value in measured.items()}
    session.history.add(session.epoch, logs, time.perf_counter() - start, session.waited)
    for callback in callbacks:
        callback.on_epoch_end(session.epoch, logs)


def _train(session: Session, runner: Runner, callbacks: Sequence[Callback]) -> Logs:
    """The batches of one epoch."""
    session.optimizer.zero_grad()
    session.waited = 0.0
    measures = session.measures = Measures(session.objective)
    for ran in runner.epoch(session.epoch):
        session.stepped = ran.stepped
        measures.add(ran)
        if callbacks:
            running = measures.running()
            for callback in callbacks:
                callback.on_train_batch_end(ran.last, running)
        if session.stops_at_once:
            break
    return measures.compute()


def one_batch(
    model: Module, optimizer: Optimizer, objective: Objective, update: Update, rows: Rows, compiled: bool
) -> Logs:
    """One update from all rows at once."""
    measures = Measures(objective)
    batches = Batches(rows.arrays(), None, shuffle=False)
    of = Training(model, objective, optimizer, replace(update, accumulate=1), batches, each_batch=True)
    optimizer.zero_grad()
    with same_modes(model):
        model.train()
        for ran in runner_for(of, compiled).epoch(0):
            measures.add(ran)
    return measures.compute()
