"""From a table to a trained and tested model: every stage, told as it happens."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import nn, optim
from chainrule.data import HarderBatches
from chainrule.data.table import Table
from chainrule.models import Airbench
from chainrule.nn import init
from chainrule.ops.creation import asarray
from chainrule.ops.random import manual_seed
from chainrule.optim.lr_scheduler import CosineAnnealingLR, LinearLR, LRScheduler, OneCycleLR
from chainrule.tables.baselines import Predicted, guessed, linear
from chainrule.tables.broken import all_counted
from chainrule.tables.choosing import Plan, choose
from chainrule.tables.model import TableModel
from chainrule.tables.network import build, goals
from chainrule.tables.pacing import Paced
from chainrule.tables.preparation import Preparation, Prepared
from chainrule.tables.schema import Schema
from chainrule.tables.settings import Settings
from chainrule.tables.splits import Parts
from chainrule.tables.telling import Say, columns, heading, output_lines, parts_lines, result_lines, silent
from chainrule.tables.tested import Result, Tested
from chainrule.training import Callback, EarlyStopping, History, LearningRateScheduler, ReduceLROnPlateau, TimeLimit

# So many pictures are shown to a model that begins with what they look like.
_SHOWN = 2000

# So many numbers a linear model is given at once.
_AT_ONCE = 1 << 26


@dataclass(eq=False)
class Trained:
    """What a run has come to.

    Attributes:
        model: The trained model.
        plan: How it was trained.
        parts: Which rows were what.
        history: Every epoch.
        inputs: The rows of the test, as the network gets them.
        tested: What the test has shown, a target each.
        seconds: How long training took.
        interrupted: Whether it was ended by hand.
    """

    model: TableModel
    plan: Plan
    parts: Parts
    history: History
    inputs: Prepared
    tested: list[Tested]
    seconds: float
    interrupted: bool


def train_on(table: Table, test: Table | None, schema: Schema, parts: Parts, settings: Settings, say: Say) -> Trained:
    """Prepare, train and test, on rows that have been looked at and split.

    Args:
        table: The rows to learn from, and unless there is a table for it, to test on.
        test: A table of its own for the test.
        schema: What the columns are.
        parts: Which rows are what.
        settings: What was asked for.
        say: Tells the user.
    """
    begun = time.perf_counter()
    manual_seed(settings.seed)
    say(heading("Preprocessing"))
    say("learned from the training part alone:")
    # The test too, so that whatever is wrong in its rows is known before anything is trained.
    tested_on = table if test is None else test
    with all_counted([table] if test is None else [table, test], schema):
        preparation = Preparation.fit(table, schema, parts.train, settings.class_weight, settings.label_smoothing)
        for line in described(preparation):
            say(line)
        own, held = (table, parts.train), (table, parts.validation)
        rows = {"training": own, "validation": held, "test": (tested_on, parts.test)}
        inputs = _inputs(preparation, rows, settings, say)
    truths = {name: preparation.goals(*part) for name, part in rows.items()}
    for line in parts_lines(preparation.targets, truths):
        say(line)

    say(heading("Model"))
    plan = choose(preparation, len(parts.train), settings)
    model = TableModel(build(preparation, plan.architecture), preparation, schema, settings)
    _whiten(model.network, inputs["training"])
    optimizer = _compile(model, plan, truths["training"], say)

    say(heading("Training"))
    history, interrupted = _fit(model, plan, optimizer, inputs, truths, say)

    tested = _test(model, table, parts, tested_on, inputs, say) if len(parts.test) else []
    return Trained(model, plan, parts, history, inputs["test"], tested, time.perf_counter() - begun, interrupted)


def _inputs(
    preparation: Preparation, rows: Mapping[str, tuple[Table, np.ndarray]], settings: Settings, say: Say
) -> dict[str, Prepared]:
    """What the network gets of each part; parts of one table are prepared together."""
    found: dict[str, Prepared] = {}
    for table in {id(table): table for table, _ in rows.values()}.values():
        own = {name: part for name, (where, part) in rows.items() if where is table}
        prepared = preparation.apply_to_parts(table, list(own.values()), memory=settings.memory, say=say)
        found |= dict(zip(own, prepared, strict=True))
    return found


def described(preparation: Preparation) -> list[str]:
    """What is done to each column, a line each; the columns of which the same is said share one."""
    said: dict[str, list[str]] = {}
    for name, column in preparation.inputs.items():
        said.setdefault(f"{column.kind}: {column.describe()}", []).append(name)
    for name, target in preparation.targets.items():
        said.setdefault(f"target: {target.describe()}", []).append(name)
    return columns([", ".join(names), text] for text, names in said.items())


def _whiten(network: nn.Module, inputs: Prepared) -> None:
    """Models that begin with what pictures look like are shown some of the training part."""
    if isinstance(network, nn.Sequential) and isinstance(network[-1], Airbench):
        some = np.linspace(0, len(inputs) - 1, _SHOWN).astype(np.int64)
        before = network[:-1].eval()
        network[-1].whiten(before(asarray(inputs[np.unique(some)])))


def _compile(model: TableModel, plan: Plan, truths: Mapping[str, np.ndarray], say: Say) -> optim.Optimizer:
    """Give the network its optimizer, loss and metrics, and say why these."""
    network, targets = model.network, model.preparation.targets
    goal = goals(targets, truths)
    optimizer = plan.optimizer_of(network)
    network.compile(optimizer, goal.loss, metrics=goal.metrics)
    say(str(network.summary(model.preparation.row_shape)))
    say(f"\nchosen: {plan.because}")
    for name, target in targets.items():
        for line in output_lines(name, target, model.settings.class_weight is not None):
            say(line)
    say("Initialisation: random, scaled so that values keep their size from layer to layer.")
    say("  " + str(init.drawn(network)).replace("\n", "\n  "))
    return optimizer


def _fit(
    model: TableModel,
    plan: Plan,
    optimizer: optim.Optimizer,
    inputs: Mapping[str, Prepared],
    truths: Mapping[str, Mapping[str, Any]],
    say: Say,
) -> tuple[History, bool]:
    """Train until the validation no longer becomes better, the time is up, or somebody interrupts."""
    settings, targets = model.settings, model.preparation.targets
    recorder = _Recorder()
    callbacks = [*_steering(plan, optimizer, len(inputs["training"]), settings, say), recorder]
    if settings.time_limit is not None:
        callbacks.append(TimeLimit(settings.time_limit))
    goal = {name: goals(targets, part).truth for name, part in truths.items()}
    try:
        model.network.fit(
            inputs["training"],
            goal["training"],
            batch_size=plan.batch_size or None,
            epochs=plan.epochs,
            validation_data=(inputs["validation"], goal["validation"]),
            callbacks=callbacks,
            seed=settings.seed,
            skip_easy=settings.skip_easy,
            verbose=0 if say is silent else "auto",
        )
    except KeyboardInterrupt:
        if not len(recorder.history):
            raise
        say("\ninterrupted: what has been learnt so far is tested (Ctrl-C again to leave without a trace)")
        return recorder.history, True
    if waited := sum(recorder.history.waited):
        say(f"steps waited {waited:.1f} of {sum(recorder.history.seconds):.1f} s for pictures that were being decoded")
    return recorder.history, False


def _steering(plan: Plan, optimizer: optim.Optimizer, rows: int, settings: Settings, say: Say) -> list[Callback]:
    """What sets the learning rate, and ends training early."""
    epochs = f"{plan.epochs} epoch{'s' if plan.epochs > 1 else ''}"
    if plan.schedule is not None:
        lay_out = _schedule(plan.schedule, optimizer)
        batches = HarderBatches(rows, plan.batch_size or None, skip=settings.skip_easy).iterations(plan.epochs)
        if settings.time_limit is not None:
            say(f"what fits into {settings.time_limit:g} s, at most {epochs}; {plan.schedule} by the batch")
            return [Paced(lay_out, batches, settings.time_limit)]
        say(f"{epochs}, to the end; the learning rate goes by the batch: {plan.schedule}")
        return [LearningRateScheduler(lay_out(batches, -1), every="batch")]
    stopping = EarlyStopping("val_loss", patience=plan.patience)
    # Smaller steps are tried before training is given up.
    slowing = ReduceLROnPlateau("val_loss", factor=0.3, patience=max(plan.patience // 2 - 1, 1))
    say(
        f"at most {epochs}; when the validation loss has not fallen for {slowing.patience}, smaller steps; for "
        f"{stopping.patience}, training stops"
    )
    return [slowing, stopping]


def _schedule(name: str, optimizer: optim.Optimizer) -> Callable[[int, int], LRScheduler]:
    """What makes a schedule by its name, over so many updates, after so many of them."""
    if name == "one-cycle":
        highest = [group["lr"] for group in optimizer.param_groups]
        return lambda steps, done: OneCycleLR(
            optimizer, highest, total_steps=steps, cycle_momentum=False, last_epoch=done
        )
    if name == "linear":
        return lambda steps, done: LinearLR(optimizer, 1.0, 0.0, total_iters=steps, last_epoch=done)
    return lambda steps, done: CosineAnnealingLR(optimizer, T_max=steps, last_epoch=done)


class _Recorder(Callback):
    """Keeps the history at hand, also when training is interrupted."""

    history = History()

    def on_train_begin(self) -> None:
        self.history = self.session.history


def _test(
    model: TableModel, table: Table, parts: Parts, tested_on: Table, inputs: Mapping[str, Prepared], say: Say
) -> list[Tested]:
    """What the rows of the test show."""
    say(heading("Test"))
    tested = model.test(tested_on, parts.test, _baselines(model, table, parts, inputs), inputs["test"])
    for each in tested:
        for line in result_lines(Result.of(each)):
            say(line)
    return tested


def _baselines(
    model: TableModel, table: Table, parts: Parts, inputs: Mapping[str, Prepared]
) -> dict[str, dict[str, Predicted]]:
    """What simpler models predict for the rows of the test, by target and name."""
    preparation = model.preparation
    at_once = max(1, _AT_ONCE // math.prod(preparation.row_shape))
    # Of very many rows some say enough, taken evenly from all over.
    some = np.unique(np.linspace(0, len(parts.train) - 1, at_once).astype(np.int64))
    training = preparation.design(inputs["training"][some])
    found: dict[str, dict[str, Predicted]] = {}
    for name, target in preparation.targets.items():
        known = preparation.truth(table, parts.train, name)
        test = (
            preparation.design(inputs["test"][start : start + at_once]) for start in range(0, len(parts.test), at_once)
        )
        found[name] = {
            "mean" if target.task == "regression" else "majority class": guessed(target, known, len(parts.test)),
            "linear model": linear(target, training, known[some], test, model.settings.seed),
        }
    return found
