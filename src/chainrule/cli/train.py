"""`chainrule train`: every stage from the data to the tested model, each said as it happens."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import chainrule as cr
from chainrule import models, optim
from chainrule.cli import source, stages
from chainrule.cli.testing import measure
from chainrule.data import Preprocessor, Split, Standardize
from chainrule.errors import RunFolderError
from chainrule.nn import init
from chainrule.nn.losses import Loss
from chainrule.nn.module import Module
from chainrule.nn.output import fit_loss_to_output
from chainrule.optim import Optimizer
from chainrule.train import EarlyStopping, History, ReduceLROnPlateau
from chainrule.train.run_folder import FILES, check_free, free_folder, write_run
from chainrule.train.run_record import Result, RunConfig

# Enough for the bundled digits to settle in seconds; larger data needs fewer rounds.
EPOCHS_SMALL, EPOCHS_LARGE, LARGE = 40, 3, 10_000
LOSS = "sparse_categorical_crossentropy"


@dataclass(frozen=True)
class Settings:
    """The options of the command, as given."""

    data: Path | None
    model: str
    epochs: int | None
    batch_size: int | None
    lr: float | None
    optimizer: str
    patience: int
    seed: int
    out: Path | None


def train_and_report(settings: Settings) -> None:
    """Run all stages and write the run folder."""
    start = time.perf_counter()
    name = source.name_of(settings.data)
    out = settings.out or free_folder("runs", Path(name).name)
    check_free(out)
    cr.manual_seed(settings.seed)

    split, test_share = _data(name, settings.seed)
    preprocessing, arrays = _preprocess(split)
    model, optimizer, loss = _model(settings, split)
    lr, epochs = optimizer.lr, settings.epochs or (EPOCHS_LARGE if len(split.train) >= LARGE else EPOCHS_SMALL)
    history, interrupted = _train(settings, model, split, arrays, epochs)
    result = _test(model, loss, split, arrays)

    config = RunConfig(
        data=name,
        model=settings.model,
        input_shape=tuple(split.train.inputs.shape[1:]),
        outputs=len(split.train.class_names or ()),
        class_names=split.train.class_names or (),
        optimizer=settings.optimizer,
        lr=lr,
        loss=LOSS,
        batch_size=settings.batch_size,
        epochs=epochs,
        patience=settings.patience,
        seed=settings.seed,
        validation=source.VALIDATION_SHARE,
        test=test_share,
        interrupted=interrupted,
    )
    stages.heading("Run folder")
    folder = _write(out, config, model, preprocessing, history, result)
    print(f"{folder} holds")
    for file in FILES:
        if (folder / file).exists():
            print(f"  {file:<26}  {FILES[file]}")
    print(f"\n{time.perf_counter() - start:.1f} s in all. Look at it again: chainrule summary {folder}")


def _data(name: str, seed: int) -> tuple[Split, float]:
    stages.heading("Data")
    split, test_share = source.read(name, seed)
    train = split.train
    rows = sum(map(len, source.parts(split).values()))
    print(
        f"{train.name}: {rows:,} pictures of {stages.picture_shape(train)}, in {len(train.class_names or ())} classes\n"
        f"from {train.source}\n\n{stages.split_table(split)}\n\n"
        "The network learns from the training part, the validation says when to stop, the test is looked at once.\n"
        + ("Test and validation are" if test_share else "The test part came with the data. The validation is")
        + f" drawn at random (seed {seed}), each class in its proportion."
    )
    return split, test_share


def _preprocess(split: Split) -> tuple[list[Preprocessor], dict[str, np.ndarray]]:
    stages.heading("Preprocessing")
    standardize = Standardize()
    standardize.fit(split.train.inputs)
    learned = standardize.to_state().arrays
    mean, std = (", ".join(f"{value:.4g}" for value in learned[name]) for name in ("mean", "std"))
    print(f"standardised: (pixel - {mean}) / {std}, the mean and standard deviation of the training part alone")
    return [standardize], {name: standardize.transform(part.inputs) for name, part in source.parts(split).items()}


def _model(settings: Settings, split: Split) -> tuple[Module, Optimizer, Loss]:
    stages.heading("Model")
    shape, classes = tuple(split.train.inputs.shape[1:]), len(split.train.class_names or ())
    model = models.get(settings.model, shape, classes)
    optimizer = optim.get(settings.optimizer, model.parameters(), lr=settings.lr)
    loss, because = fit_loss_to_output(LOSS, model)
    model.compile(optimizer, loss, metrics=["accuracy"])
    print(
        f"{model.summary(shape)}\n\n"
        f"Output: {classes} numbers a row, a score (logit) for each class; the highest is the answer. No softmax at "
        "the end:\n  the loss applies it itself, which loses no digits.\n"
        f"Loss: {type(loss).__name__}, since each row is one of several classes; {because}.\n"
        f"  Guessing blindly among {classes} classes costs ln({classes}) = {math.log(classes):.3f}; what has learnt is "
        "below that.\n"
        "Initialisation: random, scaled so that values keep their size from layer to layer.\n  "
        + str(init.choose(model)).replace("\n", "\n  ")
    )
    return model, optimizer, loss


def _train(
    settings: Settings, model: Module, split: Split, arrays: dict[str, np.ndarray], epochs: int
) -> tuple[History, bool]:
    stages.heading("Training")
    validation = split.validation
    stopping = EarlyStopping("val_loss", patience=settings.patience)
    # Smaller steps are tried before training is given up.
    slowing = ReduceLROnPlateau("val_loss", factor=0.3, patience=max(settings.patience // 2 - 1, 1))
    print(
        f"at most {epochs} epoch{'s' if epochs > 1 else ''}; when the validation loss has not fallen for "
        f"{slowing.patience}, smaller steps; for {stopping.patience}, training stops"
    )
    recorder = _Recorder()
    try:
        model.fit(
            arrays["training"],
            split.train.targets,
            batch_size=settings.batch_size,
            epochs=epochs,
            validation_data=None if validation is None else (arrays["validation"], validation.targets),
            callbacks=[slowing, stopping, recorder],
            seed=settings.seed,
        )
    except KeyboardInterrupt:
        if not len(recorder.history):
            raise
        print("\ninterrupted: what has been learnt so far is tested (Ctrl-C again to leave without a trace)")
        return recorder.history, True
    return recorder.history, False


class _Recorder(cr.train.Callback):
    """Keeps the history at hand, also when training is interrupted."""

    history = History()

    def on_train_begin(self) -> None:
        self.history = self.session.history


def _test(model: Module, loss: Loss, split: Split, arrays: dict[str, np.ndarray]) -> Result:
    stages.heading("Test")
    test = source.test_part(split)
    result = measure(model, loss, arrays["test"], test.targets)
    stages.show_result(result, test.class_names or ())
    return result


def _write(
    out: Path,
    config: RunConfig,
    model: Module,
    preprocessing: list[Preprocessor],
    history: History,
    result: Result,
) -> Path:
    try:
        return write_run(out, config, model, preprocessing, history, result)
    except RunFolderError:
        # Somebody has taken the place meanwhile. What has been learnt must not be lost for that.
        return write_run(free_folder(out.parent, out.name), config, model, preprocessing, history, result)
