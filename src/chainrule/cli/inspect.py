"""`chainrule inspect` and `chainrule profile`: the training step of a run, as it is compiled and as it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import optim
from chainrule.cli import source, stages
from chainrule.cli.restore import restore
from chainrule.jit.stages import STAGES
from chainrule.train.objective import Objective
from chainrule.train.programs import training
from chainrule.train.run_folder import read_run
from chainrule.train.run_record import Run
from chainrule.train.step import Update


def show_stages(folder: Path, stage: str | None, kernel: str | None) -> None:
    """Print a stage of the run's training step; some kernels at every stage; or what each kernel costs."""
    step, batch = _training_step(read_run(folder))
    lowered = cr.jit(step).lower(*batch)
    if stage is not None:
        print(lowered.text(stage, kernel))
    elif kernel is not None:
        for each, text in [(each, lowered.text(each, kernel)) for each in STAGES]:
            stages.heading(each)
            print(text)
    else:
        print(lowered)
        stages.heading("Operations and bytes")
        print(lowered.cost())
        stages.heading("Memory")
        print(lowered.memory())


def show_profile(folder: Path, repeat: int | None) -> None:
    """Print where the time of the run's training step goes."""
    step, batch = _training_step(read_run(folder))
    print(cr.profile(step, *batch, repeat=repeat))


def _training_step(run: Run) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The step that `fit` does for the run, and random rows of its batch size to do it with."""
    config = run.config
    model, loss = restore(run)
    optimizer = optim.get(config.optimizer, model.parameters(), lr=config.lr)
    count = config.batch_size or len(source.read(config.data, config.seed, config.validation)[0].train)
    inputs = np.random.default_rng(config.seed).standard_normal((count, *config.input_shape), np.float32)
    targets, rows = np.arange(count) % config.outputs, np.arange(count)
    step = training(model.train(), Objective(loss), optimizer, Update())
    return step, ([cr.tensor(rows)], [cr.tensor(inputs), cr.tensor(targets)])
