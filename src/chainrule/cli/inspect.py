"""`chainrule inspect` and `chainrule profile`: the training step of a run, as it is compiled and as it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import optim
from chainrule.columns.base import Target
from chainrule.jit.stages import STAGES
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
    step, batch = _training_step(read_run(folder))
    print(cr.profile(step, *batch, repeat=repeat))


def _training_step(run: Run) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The step that `fit` does for the run, and made-up rows of its batch size to do it with."""
    model, plan = run.model, run.record.plan
    preparation, network = model.preparation, model.network
    count = plan.batch_size or run.record.parts["training"]
    inputs = np.random.default_rng(0).standard_normal((count, *preparation.row_shape)).astype(np.float32)
    truths = {name: _made_up(target, count) for name, target in preparation.targets.items()}
    goal = goals(preparation.targets, truths)
    optimizer = optim.get(plan.optimizer, network.parameters(), lr=plan.lr, **plan.optimizer_settings)
    step = training(network.train(), Objective(goal.loss), optimizer, Update())
    return step, ([cr.tensor(np.arange(count))], [cr.tensor(inputs), cr.tensor(goal.truth)])


def _made_up(target: Target, count: int) -> np.ndarray:
    """Truths as the loss of a target takes them."""
    if target.task == "multiclass":
        return np.arange(count) % target.outputs
    return (np.arange(count) % 2).astype(np.float32)[:, None]
