"""The commands and their options, and what becomes of errors."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from chainrule._version import __version__
from chainrule.errors import ChainruleError, UnknownNameError

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


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """What goes before the command's name."""


@app.command()
def train(
    data: Annotated[
        Path | None,
        typer.Argument(help="A folder with MNIST's four files. Without it: the bundled digits.", show_default=False),
    ] = None,
    model: Annotated[str, typer.Option(help="cnn, lenet, mlp, resnet ...: see `chainrule models`.")] = "cnn",
    epochs: Annotated[
        int | None, typer.Option(min=1, help="At most this many epochs; fewer if the validation stops improving.")
    ] = None,
    batch_size: Annotated[
        int, typer.Option(min=0, help="Rows an update; 0 for all at once (full-batch), 1 for stochastic.")
    ] = 64,
    lr: Annotated[float | None, typer.Option(help="The learning rate; the optimizer's own if not given.")] = None,
    optimizer: Annotated[str, typer.Option(help="sgd, adam, adamw, rmsprop ...")] = "adam",
    patience: Annotated[int, typer.Option(min=1, help="Epochs without improvement before training stops.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Decides weights, splits and order: same seed, same result.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="The run folder; by default a new one in `runs`.", show_default=False)
    ] = None,
) -> None:
    """Train a network, validate it, test it, and leave a run folder.

    Every stage is printed: the data and its split, the model and why this loss, training with validation and early
    stopping, the test with its confusion matrix. Ctrl-C ends the training early and tests what has been learnt.
    """
    from chainrule.cli.train import Settings, train_and_report

    train_and_report(Settings(data, model, epochs, batch_size or None, lr, optimizer, patience, seed, out))


@app.command()
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
def summary(run: RunFolder) -> None:
    """Show a run: its configuration, the model layer by layer, the epochs, and the test result."""
    from chainrule.cli.summary import show_run

    show_run(run)


@app.command()
def models() -> None:
    """List the models that `train --model` knows."""
    from chainrule import models as known

    for name in known.names():
        print(name)


def run() -> None:
    """Run the app; errors become one readable text on standard error and an exit code."""
    try:
        app()
    except UnknownNameError as error:
        _fail(error, 2)
    except (ChainruleError, OSError) as error:
        _fail(error, 1)
    except BrokenPipeError:
        raise SystemExit(0) from None
    except KeyboardInterrupt:
        print("\ninterrupted: nothing was written", file=sys.stderr)
        raise SystemExit(130) from None


def _fail(error: Exception, code: int) -> None:
    print(f"error: {error}", file=sys.stderr)
    raise SystemExit(code) from None
