"""`chainrule summary`: what a run was, and what came of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from chainrule.cli import stages
from chainrule.cli.restore import restore
from chainrule.train.run_folder import read_run


def show_run(folder: Path) -> None:
    """Print configuration, model, epochs and test result of a run."""
    run = read_run(folder)
    stages.heading("Configuration")
    for name, value in asdict(run.config).items():
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else value
        print(f"{name.replace('_', ' '):<14}{shown}")
    print("versions      " + ", ".join(f"{name} {version}" for name, version in run.versions.items()))
    stages.heading("Model")
    print(restore(run).summary(run.config.input_shape))
    stages.heading("Training")
    columns = list(run.history.history)
    print(f"{'epoch':>5}" + "".join(f"{name:>14}" for name in columns))
    for i, epoch in enumerate(run.history.epoch):
        print(f"{epoch + 1:>5}" + "".join(f"{run.history[name][i]:>14.4f}" for name in columns))
    stages.heading("Test")
    stages.result(dict(run.test), run.config.class_names)
