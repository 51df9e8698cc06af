"""`chainrule inspect` and `chainrule profile`: the training step of a run, as it is compiled and as it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.columns.base import Target
from chainrule.data.readers import read_parts
from chainrule.jit.stages import STAGES
from chainrule.processors import available
from chainrule.tables.network import goals
from chainrule.tables.record import Run
from chainrule.tables.run_folder import read_run
from chainrule.tables.telling import heading
from chainrule.training.objective import Objective
from chainrule.training.programs import training
from chainrule.training.step import Update


def show_stages(folder: Path, stage: str | None, kernel: str | None) -> None:
    """Print a stage of the run's training step; some kernels at every stage; or what each kernel costs."""
    step, batch = _training_step(read_run(folder))
    lowered = cr.jit(step).lower(*batch)
    if stage is not None:
        print(lowered.text(stage, kernel))
    elif kernel is not None:
        for each, text in [(each, lowered.text(each, kernel)) for each in STAGES]:
            print(heading(each))
            print(text)
    else:
        print(lowered)
        print(heading("Operations and bytes"))
        print(lowered.cost())
        print(heading("Memory"))
        print(lowered.memory())


def show_profile(folder: Path, repeat: int | None) -> None:
    """Print where the time of the run's training step goes."""
    run = read_run(folder)
    step, batch = _training_step(run)
    measured = cr.profile(step, *batch, repeat=repeat)
    print(measured)
    waiting = _waiting(run, measured.step)
    if waiting:
        print(f"\n{waiting}")


def _waiting(run: Run, step: float) -> str:
    """How long a step waits for its pictures, where they are files that are still there; it takes so many seconds."""
    record, model = run.record, run.model
    if not record.data or not all(Path(each).exists() for each in record.data):
        return ""
    table, _ = read_parts(list(record.data) if len(record.data) > 1 else record.data[0], **model.reading)
    files = model.preparation.files(table, np.arange(min(record.plan.batch_size or len(table), len(table))))
    if files is None:
        return ""
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        files.check()
        times.append(time.perf_counter() - begun)
    decoding, waited = float(np.median(times)), sum(run.history.waited)
    if waited:
        steps = f"steps of this run waited {waited:.1f} of {sum(run.history.seconds):.1f} s for it"
    else:
        steps = (
            f"once, before training: no step waits for it (decoded for each batch, a step would wait "
            f"{max(0.0, decoding - step) * 1e6:,.1f} µs)"
        )
    return f"pictures: {len(files):,} are decoded in {decoding * 1e6:,.1f} µs on {available()} processors, {steps}"


def _training_step(run: Run) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The step that `fit` does for the run, and made-up rows of its batch size to do it with."""
    model, plan = run.model, run.record.plan
    preparation, network = model.preparation, model.network
    count = plan.batch_size or run.record.parts["training"]
    inputs = np.random.default_rng(0).standard_normal((count, *preparation.row_shape)).astype(np.float32)
    truths = {name: _made_up(target, count) for name, target in preparation.targets.items()}
    goal = goals(preparation.targets, truths)
    step = training(network.train(), Objective(goal.loss), plan.optimizer_of(network), Update())
    return step, ([cr.tensor(np.arange(count))], [cr.tensor(inputs), cr.tensor(goal.truth)])


def _made_up(target: Target, count: int) -> np.ndarray:
    """Truths as the loss of a target takes them."""
    if target.task == "multiclass":
        return np.arange(count) % target.outputs
    return (np.arange(count) % 2).astype(np.float32)[:, None]
