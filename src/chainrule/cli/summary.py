"""`chainrule summary`: what a run was, and what came of it."""

from __future__ import annotations

from pathlib import Path

from chainrule.core.table import table
from chainrule.tables.run import schema_lines
from chainrule.tables.run_folder import read_run
from chainrule.tables.settings import as_toml
from chainrule.tables.telling import columns, heading, result_lines
from chainrule.tables.training import described
from chainrule.training import History


def show_run(folder: Path) -> None:
    """Print configuration, columns, model, epochs and test result of a run."""
    run = read_run(folder)
    record, model = run.record, run.model
    print(heading("Configuration"))
    print(as_toml(record.settings, record.data, record.test_data), end="")
    plan = record.plan
    chosen = {
        "model": plan.architecture.model,
        "optimizer": plan.optimizer,
        "lr": "its own" if plan.lr is None else plan.lr,
        "batch size": plan.batch_size or "all rows",
        "epochs": f"at most {plan.epochs}",
        "patience": plan.patience,
        "because": plan.because,
        "rows": ", ".join(f"{rows:,} {part}" for part, rows in record.parts.items()),
        "interrupted": "yes" if record.interrupted else "no",
        "versions": ", ".join(f"{name} {version}" for name, version in run.versions.items()),
    }
    print("\n".join(columns([name, str(value)] for name, value in chosen.items())))
    print(heading("Columns"))
    print("\n".join([*schema_lines(model.schema), "", *described(model.preparation)]))
    print(heading("Model"))
    print(model.network.summary(model.preparation.row_shape))
    print(heading("Training"))
    print(_epochs(run.history))
    print(heading("Test"))
    for result in run.results:
        print("\n".join(result_lines(result)))


def _epochs(history: History) -> str:
    """A line for each epoch."""
    names = list(history.history)
    # Only where pictures are decoded while training runs is anything waited for.
    times = {"seconds": history.seconds} | ({"waited": history.waited} if any(history.waited) else {})
    rows = [
        [
            str(epoch + 1),
            *(f"{history[name][number]:.4f}" for name in names),
            *(f"{seconds[number]:.1f}" for seconds in times.values()),
        ]
        for number, epoch in enumerate(history.epoch)
    ]
    return table(["epoch", *names, *times], rows, left=0)
