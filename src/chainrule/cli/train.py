"""`chainrule train`: every stage from the data to the tested model, each said as it happens."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import chainrule as cr
from chainrule import models, optim
from chainrule.cli import source, stages
from chainrule.data import Preprocessor, Split, Standardize
from chainrule.nn import init
from chainrule.nn.module import Module
from chainrule.train import EarlyStopping, History
from chainrule.train.run_folder import RunConfig, check_free, free_folder, write_run

# Enough for the bundled digits to settle in seconds; larger data needs fewer rounds.
EPOCHS_SMALL, EPOCHS_LARGE, LARGE = 30, 3, 10_000
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
    out = settings.out or free_folder("runs", "digits" if settings.data is None else settings.data.resolve().name)
    check_free(out)
    cr.manual_seed(settings.seed)

    split, test_share = _data(settings)
    preprocessing, arrays = _preprocess(split)
    model = _model(settings, split)
    history, interrupted = _train(settings, model, split, arrays)
    test = _test(model, split, arrays)

    config = RunConfig(
        data=source.BUNDLED if settings.data is None else str(settings.data.resolve()),
        model=settings.model,
        input_shape=tuple(split.train.inputs.shape[1:]),
        outputs=len(split.train.class_names or ()),
        class_names=split.train.class_names or (),
        optimizer=settings.optimizer,
        lr=_lr(model),
        loss=LOSS,
        batch_size=settings.batch_size,
        epochs=_epochs(settings, split),
        patience=settings.patience,
        seed=settings.seed,
        validation=source.VALIDATION_SHARE,
        test=test_share,
        interrupted=interrupted,
    )
    folder = write_run(out, config, model, preprocessing, history, test)
    stages.heading("Run folder")
    print(f"{folder}: weights, preprocessing, configuration, history, test result")
    print(f"{time.perf_counter() - start:.1f} s in all. Look again: chainrule summary {folder}")


def _data(settings: Settings) -> tuple[Split, float]:
    stages.heading("Data")
    split, test_share = source.read(settings.data, settings.seed)
    train = split.train
    height, width, channels = train.inputs.shape[1:]
    print(f"{train.name}: pictures of {height} x {width}, {channels} channel, {len(train.class_names or ())} classes")
    print(f"from {train.source}\n")
    widest = max(len(name) for name in train.class_names or ())
    column = max(widest, 5) + 2
    print(f"{'part':<12}{'rows':>7}  " + "".join(f"{name:>{column}}" for name in train.class_names or ()))
    for name, part in source.parts(split).items():
        print(stages.counts(name, part, column))
    kept = "held out" if test_share else "the data's own test part"
    print(
        f"\nvalidation is held out, test is {kept}; random by seed {settings.seed}, each class in the same proportion"
    )
    return split, test_share


def _preprocess(split: Split) -> tuple[list[Preprocessor], dict[str, np.ndarray]]:
    stages.heading("Preprocessing")
    standardize = Standardize()
    standardize.fit(split.train.inputs)
    mean, std = standardize.to_state().arrays["mean"], standardize.to_state().arrays["std"]
    print(
        f"standardized: pixels less {np.round(mean, 3).tolist()}, divided by {np.round(std, 3).tolist()}; "
        "mean and deviation of the training part alone"
    )
    return [standardize], {name: standardize.transform(part.inputs) for name, part in source.parts(split).items()}


def _model(settings: Settings, split: Split) -> Module:
    stages.heading("Model")
    shape = tuple(split.train.inputs.shape[1:])
    model = models.get(settings.model, shape, len(split.train.class_names or ()))
    optimizer = optim.get(settings.optimizer, model.parameters(), lr=settings.lr)
    model.compile(optimizer, LOSS, metrics=["accuracy"])
    print(model.summary(shape))
    print(f"\ninitialisation, by the activation that follows a layer:\n{init.choose(model)}")
    return model


def _lr(model: Module) -> float:
    return float(model._compiled.optimizer.param_groups[0]["lr"]) if model._compiled else 0.0


def _epochs(settings: Settings, split: Split) -> int:
    return settings.epochs or (EPOCHS_LARGE if len(split.train) >= LARGE else EPOCHS_SMALL)


def _train(settings: Settings, model: Module, split: Split, arrays: dict[str, np.ndarray]) -> tuple[History, bool]:
    stages.heading("Training")
    validation = split.validation
    stopping = EarlyStopping("val_loss", patience=settings.patience)
    recorder = _Recorder()
    try:
        model.fit(
            arrays["training"],
            split.train.targets,
            batch_size=settings.batch_size,
            epochs=_epochs(settings, split),
            validation_data=None if validation is None else (arrays["validation"], validation.targets),
            callbacks=[stopping, recorder],
            seed=settings.seed,
        )
    except KeyboardInterrupt:
        if not len(recorder.history):
            raise
        print("\ninterrupted: what has been learnt so far is tested (Ctrl-C again to leave)")
        return recorder.history, True
    return recorder.history, False


class _Recorder(cr.train.Callback):
    """Keeps the history at hand, also when training is interrupted."""

    history = History()

    def on_train_begin(self) -> None:
        self.history = self.session.history


def _test(model: Module, split: Split, arrays: dict[str, np.ndarray]) -> dict[str, object]:
    stages.heading("Test")
    if split.test is None:
        raise AssertionError("every source has a test part")
    loss, _ = model.evaluate(arrays["test"], split.test.targets, verbose=0)
    test = {"loss": loss, **stages.measure(model.predict(arrays["test"]), split.test.targets)}
    stages.result(test, split.test.class_names or ())
    return test
