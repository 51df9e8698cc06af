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
    model, _ = restore(run)
    stages.heading("Configuration")
    for name, value in asdict(run.config).items():
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else "all rows" if value is None else value
        print(f"{name.replace('_', ' '):<14}{shown}")
    print("versions      " + ", ".join(f"{name} {version}" for name, version in run.versions.items()))
    stages.heading("Model")
    print(model.summary(run.config.input_shape))
    stages.heading("Training")
    columns = list(run.history.history)
    widths = [max(len(name), 8) + 2 for name in columns]
    print("epoch" + "".join(f"{name:>{width}}" for name, width in zip(columns, widths, strict=True)) + "  seconds")
    for i, epoch in enumerate(run.history.epoch):
        values = zip(columns, widths, strict=True)
        print(
            f"{epoch + 1:>5}"
            + "".join(f"{run.history[name][i]:>{width}.4f}" for name, width in values)
            + f"{run.history.seconds[i]:>9.1f}"
        )
    stages.heading("Test")
    stages.show_result(run.result, run.config.class_names)
