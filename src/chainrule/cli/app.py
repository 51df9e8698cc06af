"""The commands and their options."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from chainrule import models as known_models
from chainrule import nn, optim
from chainrule._version import __version__
from chainrule.cli.reporting import readable
from chainrule.errors import UnknownNameError
from chainrule.jit.stages import STAGES

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Train neural networks from a file or folder, and see what happens inside.",
)

RunFolder = Annotated[Path, typer.Argument(help="A folder that `chainrule train` has left.", show_default=False)]


def _version(show: bool) -> None:
    if show:
        print(f"chainrule {__version__}")
        raise typer.Exit


def _model(name: str) -> str:
    if name not in known_models.names():
        raise _usage(UnknownNameError("model", name, known_models.names()))
    return name


def _optimizer(name: str) -> str:
    try:
        optim.get(name, nn.Linear(1, 1).parameters())
    except UnknownNameError as error:
        raise _usage(error) from None
    return name


def _stage(name: str | None) -> str | None:
    if name is not None and name not in STAGES:
        raise _usage(UnknownNameError("stage", name, STAGES))
    return name


def _learning_rate(lr: float | None) -> float | None:
    if lr is not None and not 0 < lr < math.inf:
        raise typer.BadParameter(f"a learning rate is a number above 0, such as 0.001; got {lr}.")
    return lr


def _usage(error: UnknownNameError) -> typer.BadParameter:
    known = str(error.expected).removeprefix("one of ")
    return typer.BadParameter(" ".join(filter(None, [error.message, error.remedy, f"There are {known}."])))


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
        Path | None,
        typer.Argument(help="A folder with MNIST's four files. Without it: the bundled digits.", show_default=False),
    ] = None,
    model: Annotated[
        str, typer.Option(callback=_model, help="cnn, lenet, mlp, resnet ...: `chainrule models` lists them.")
    ] = "cnn",
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="At most this many times over the training part; fewer if the validation stops improving. Without "
            "it: 30 for small data, 3 from 10,000 rows on.",
        ),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(min=0, help="Rows an update; 0 for all at once (full-batch), 1 for stochastic.")
    ] = 64,
    lr: Annotated[
        float | None, typer.Option(callback=_learning_rate, help="The learning rate. Without it: the optimizer's own.")
    ] = None,
    optimizer: Annotated[str, typer.Option(callback=_optimizer, help="sgd, adam, adamw, rmsprop ...")] = "adam",
    patience: Annotated[int, typer.Option(min=1, help="Epochs without improvement before training stops.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Decides weights, splits and order: same seed, same result.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="The run folder. Without it: a new one in `runs`.", show_default=False)
    ] = None,
) -> None:
    """Train a network, validate it, test it, and leave a run folder.

    Every stage is printed: the data and its split, the model and why this loss, output and initialisation, training
    with validation and early stopping, the test with its confusion matrix. Ctrl-C ends the training early and tests
    what has been learnt.
    """
    from chainrule.cli.train import Settings, train_and_report

    train_and_report(Settings(data, model, epochs, batch_size or None, lr, optimizer, patience, seed, out))


@app.command()
@readable()
def evaluate(
    run: RunFolder,
    data: Annotated[
        Path | None,
        typer.Argument(
            help="A folder with MNIST's four files. Without it: the run's own test part.", show_default=False
        ),
    ] = None,
) -> None:
    """Test a trained model: its own test part again, or the test part of other data."""
    from chainrule.cli.evaluate import evaluate_and_report

    evaluate_and_report(run, data)


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
    for name in known_models.names():
        print(name)
