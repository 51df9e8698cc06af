"""The commands and their options."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from chainrule import models as known_models
from chainrule import nn, optim
from chainrule._version import __version__
from chainrule.cli.reporting import readable
from chainrule.cli.words import read_bytes, read_seconds, said, types_of, usage
from chainrule.errors import UnknownNameError
from chainrule.jit.stages import STAGES
from chainrule.tables.network import KINDS

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Train neural networks from a file or folder, and see what happens inside.",
)

RunFolder = Annotated[Path, typer.Argument(help="A folder that `chainrule train` has left.", show_default=False)]


Data = Annotated[
    list[str],
    typer.Argument(
        help="A file (CSV, TSV, Parquet, JSON lines; also gzipped), several, a folder of pictures, MNIST's or CIFAR's "
        "files, an archive of such a folder (zip, tar.gz).",
        show_default=False,
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        help="The type of a column, as NAME=TYPE (number, category, boolean, date, picture), where it is not what it "
        "looks like; NAME=number:robust says how it is encoded, too. Repeatable.",
    ),
]
Missing = Annotated[
    list[str] | None, typer.Option("--missing", help="A word that stands for a missing value, beside the usual ones.")
]
Separator = Annotated[
    str | None, typer.Option(help="What stands between the columns of a CSV file. Without it: found.")
]
Header = Annotated[
    bool | None,
    typer.Option("--header/--no-header", help="Whether the first row holds names. Without it: found."),
]
Encoding = Annotated[
    str | None, typer.Option(help="How a file's characters are written: utf-8, latin-1, cp1251 ... Without it: found.")
]
Decimal = Annotated[
    str | None, typer.Option(help="What stands before decimals, a point or a comma. Without it: found.")
]
Memory = Annotated[
    int | None,
    typer.Option(parser=read_bytes, help="Keep data beyond this in files: 500MB, 2GB."),
]
SkipBroken = Annotated[
    bool, typer.Option("--skip-broken", help="Leave out pictures that cannot be read, and say how many and which.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace the output file if there is one.")]


def _version(show: bool) -> None:
    if show:
        print(f"chainrule {__version__}")
        raise typer.Exit


def _optimizer(name: str | None) -> str | None:
    try:
        if name is not None:
            optim.get(name, nn.Linear(1, 1).parameters())
    except UnknownNameError as error:
        raise usage(error) from None
    return name


def _model_names() -> list[str]:
    return sorted({*known_models.names(), *KINDS})


def _model(name: str | None) -> str | None:
    if name is not None and name not in _model_names():
        raise usage(UnknownNameError("model", name, _model_names()))
    return name


def _stage(name: str | None) -> str | None:
    if name is not None and name not in STAGES:
        raise usage(UnknownNameError("stage", name, STAGES))
    return name


def _learning_rate(lr: float | None) -> float | None:
    if lr is not None and not 0 < lr < math.inf:
        raise typer.BadParameter(f"a learning rate is a number above 0, such as 0.001; got {lr}.")
    return lr


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """What goes before the command's name."""


@app.command()
@readable()
def train(
    data: Annotated[
        list[str] | None,
        typer.Argument(
            help="A file (CSV, TSV, Parquet, JSON lines; also gzipped), several, a folder of pictures with a folder a "
            "class, MNIST's or CIFAR's files, an archive of such a folder (zip, tar.gz); or a file of settings, "
            "run.toml. Without it: the bundled digits.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", "-t", help="The column to predict. Repeatable.")
    ] = None,
    test: Annotated[str | None, typer.Option(help="Data of its own for the test. Without it: held out.")] = None,
    columns: Columns = None,
    missing: Missing = None,
    separator: Separator = None,
    header: Header = None,
    encoding: Encoding = None,
    decimal: Decimal = None,
    skip_broken: SkipBroken = False,
    drop: Annotated[list[str] | None, typer.Option("--drop", help="A column to leave out. Repeatable.")] = None,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", help="A column to keep that a check would leave out. Repeatable.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="The column whose rows of one value stay together in every split.")
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="The column by which rows follow one another: the last are the test.")
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Train and test on so many different splits first; mean and spread.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(callback=_model, help="mlp or linear; for pictures cnn, lenet ...: see `chainrule models`."),
    ] = None,
    augment: Annotated[
        list[str] | None,
        typer.Option("--augment", help="How pictures are changed in training: flip, crop:4, cutout:8 ... Repeatable."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="At most this many times over the training part. Without it: by the data.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=0, help="Rows an update; 0 for all at once. Without it: by the number of rows.")
    ] = None,
    skip_easy: Annotated[
        float | None,
        typer.Option(help="The share of the rows that each epoch leaves out, of the easier half, such as 0.4."),
    ] = None,
    lr: Annotated[
        float | None, typer.Option(callback=_learning_rate, help="The learning rate. Without it: the optimizer's own.")
    ] = None,
    optimizer: Annotated[str | None, typer.Option(callback=_optimizer, help="sgd, adam, adamw, rmsprop ...")] = None,
    momentum: Annotated[float | None, typer.Option(help="The optimizer's momentum, such as 0.9.")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="The optimizer's weight decay, such as 0.0005.")] = None,
    schedule: Annotated[
        str | None,
        typer.Option(help="one-cycle, cosine or linear: how the learning rate goes. Without it: by the validation."),
    ] = None,
    label_smoothing: Annotated[
        float | None, typer.Option(help="How much of each row is taken to be evenly of all classes, such as 0.1.")
    ] = None,
    patience: Annotated[
        int | None, typer.Option(min=1, help="Epochs without improvement before training stops.")
    ] = None,
    class_weight: Annotated[
        str | None, typer.Option(help="balanced: every class counts the same, however many rows it has.")
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(
            parser=read_seconds,
            help="Stop training after this (60s, 5m, 1h); with a schedule, train what fits.",
        ),
    ] = None,
    memory: Memory = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Decides weights, splits and order: same seed, same result. Without it: 0."),
    ] = None,
    out: Annotated[
        str | None, typer.Option(help="The run folder. Without it: a new one in `runs`.", show_default=False)
    ] = None,
) -> None:
    """Train a network on a table or on pictures, validate it, test it, and leave a run folder with a report.

    Every stage is printed: the data, what its columns are and what was found in them, the split, what is done to each
    column, the model, training with validation and early stopping, the test beside simple baselines. Ctrl-C ends the
    training early and tests what has been learnt.
    """
    from chainrule.cli.train import train_and_report

    given: dict[str, Any] = {
        "target": target,
        "test": test,
        "columns": types_of(columns),
        "missing": missing,
        "separator": separator,
        "header": header,
        "encoding": encoding,
        "decimal": decimal,
        "skip_broken": skip_broken or None,
        "drop": drop,
        "keep": keep,
        "group": group,
        "time": time,
        "folds": folds,
        "model": model,
        "augment": augment,
        "epochs": epochs,
        "batch_size": batch_size,
        "skip_easy": skip_easy,
        "lr": lr,
        "optimizer": optimizer,
        "momentum": momentum,
        "weight_decay": weight_decay,
        "schedule": schedule,
        "label_smoothing": label_smoothing,
        "patience": patience,
        "class_weight": class_weight,
        "time_limit": time_limit,
        "memory": memory,
        "seed": seed,
        "out": out,
    }
    train_and_report(data or [], said(given))


@app.command()
@readable()
def evaluate(
    run: RunFolder,
    data: Annotated[
        str | None,
        typer.Argument(help="Other data with the target. Without it: the run's own test part.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A new folder for pictures of the worst mistakes and the confusion matrix."),
    ] = None,
    skip_broken: SkipBroken = False,
) -> None:
    """Test a trained model: its own test part again, or other data."""
    from chainrule.cli.evaluate import evaluate_and_report

    evaluate_and_report(run, data, out, skip_broken)


@app.command()
@readable()
def predict(
    run: RunFolder,
    data: Annotated[
        list[str], typer.Argument(help="Rows without the target, in any form that `train` takes; - for stdin.")
    ],
    out: Annotated[
        str | None,
        typer.Option("--out", "-o", help="CSV, Parquet or JSON lines, by its name; - for CSV on standard output."),
    ] = None,
    skip_broken: SkipBroken = False,
    force: Force = False,
) -> None:
    """Predict the target of new rows: they are written with the predictions and their probabilities beside them.

    Without --out they are printed: pictures with their likeliest classes, rows of tables as CSV. Rows are read,
    predicted and written some at a time, however many there are.
    """
    from chainrule.cli.predict import predict_and_write

    predict_and_write(run, data, out, force, skip_broken)


@app.command("data")
@readable()
def show(
    data: Data,
    target: Annotated[list[str] | None, typer.Option("--target", "-t", help="The column to predict.")] = None,
    columns: Columns = None,
    missing: Missing = None,
    separator: Separator = None,
    header: Header = None,
    encoding: Encoding = None,
    decimal: Decimal = None,
    memory: Memory = None,
    skip_broken: SkipBroken = False,
) -> None:
    """Show what is seen in data: the type of each column and why, gaps, distributions, and what people overlook."""
    from chainrule.cli.data import show_data

    given = {
        "target": target,
        "columns": types_of(columns),
        "missing": missing,
        "separator": separator,
        "header": header,
        "encoding": encoding,
        "decimal": decimal,
        "memory": memory,
        "skip_broken": skip_broken or None,
    }
    show_data(data, said(given))


@app.command()
@readable()
def init(
    data: Data,
    target: Annotated[list[str] | None, typer.Option("--target", "-t", help="The column to predict.")] = None,
    out: Annotated[str, typer.Option("--out", "-o", help="The file to write.")] = "run.toml",
    force: Force = False,
) -> None:
    """Write a file of settings for data, with comments: edit it, and train with `chainrule train run.toml`."""
    from chainrule.cli.init import write_settings

    write_settings(data, target or [], Path(out), force)


@app.command()
@readable()
def report(run: RunFolder) -> None:
    """Write a run's report.html again."""
    from chainrule.tables.report import rewrite_report

    print(f"wrote {rewrite_report(run)}")


@app.command()
@readable()
def summary(run: RunFolder) -> None:
    """Show a run: its configuration, the model layer by layer, the epochs, and the test result."""
    from chainrule.cli.summary import show_run

    show_run(run)


@app.command()
@readable()
def inspect(
    run: RunFolder,
    stage: Annotated[
        str | None,
        typer.Option(callback=_stage, help="graph, kernels, llvm or asm. Without it: what each kernel costs."),
    ] = None,
    kernel: Annotated[
        str | None,
        typer.Option(help="Only the kernels whose name contains this, such as `hidden1`; at every stage, without one."),
    ] = None,
) -> None:
    """Show the run's training step on its way to machine code: operations, kernels, LLVM's language, assembly."""
    from chainrule.cli.inspect import show_stages

    show_stages(run, stage, kernel)


@app.command()
@readable()
def profile(
    run: RunFolder,
    repeat: Annotated[
        int | None, typer.Option(min=1, help="Steps to measure. Without it: about half a second of them.")
    ] = None,
) -> None:
    """Measure the run's training step: the time and speed of every layer and kernel, forward and backward."""
    from chainrule.cli.inspect import show_profile

    show_profile(run, repeat)


@app.command()
@readable()
def cache(clear: Annotated[bool, typer.Option("--clear", help="Remove them all.")] = False) -> None:
    """Show where compiled programs are kept so that they start at once, how many there are, and their size.

    CHAINRULE_CACHE names the folder, or is `off`; CHAINRULE_CACHE_SIZE is the limit in megabytes, 512 if not set.
    """
    from chainrule.cli.cache import clear_cache, show_cache

    clear_cache() if clear else show_cache()


@app.command()
def models() -> None:
    """List the models that `train --model` knows."""
    for name in _model_names():
        print(name)
