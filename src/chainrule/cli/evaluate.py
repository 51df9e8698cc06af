"""`chainrule evaluate`: test a trained model again, or on other data."""

from __future__ import annotations

from pathlib import Path

from chainrule.cli import source, stages
from chainrule.cli.restore import restore
from chainrule.data import Dataset
from chainrule.errors import DataLengthError, ShapeError
from chainrule.train.run_folder import Run, read_run


def evaluate_and_report(folder: Path, data: Path | None) -> None:
    """Print the test result of a run on its own test part, or on that of `data`."""
    run = read_run(folder)
    model = restore(run)
    test = _test_part(run, data)
    inputs = run.transform(test.inputs)
    loss, _ = model.evaluate(inputs, test.targets, verbose=0)
    print(f"{run.folder}: {run.config.model} on the test part of {data or run.config.data}")
    stages.result({"loss": loss, **stages.measure(model.predict(inputs), test.targets)}, run.config.class_names)


def _test_part(run: Run, data: Path | None) -> Dataset:
    test = source.read(data or run.config.data, run.config.seed)[0].test
    if test is None:
        raise AssertionError("every source has a test part")
    if test.inputs.shape[1:] != run.config.input_shape:
        raise ShapeError(
            "the pictures have another size than those the model was trained on.",
            where=str(data),
            expected=run.config.input_shape,
            got=test.inputs.shape[1:],
        )
    if test.class_names != run.config.class_names:
        raise DataLengthError(
            "the classes are others than those the model was trained on.",
            where=str(data),
            expected=", ".join(run.config.class_names),
            got=", ".join(test.class_names or ()),
        )
    return test
