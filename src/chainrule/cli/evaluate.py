"""`chainrule evaluate`: test a trained model again, or on other data."""

from __future__ import annotations

from pathlib import Path

from chainrule.cli import source, stages
from chainrule.cli.restore import restore
from chainrule.cli.testing import measure
from chainrule.data import Dataset
from chainrule.errors import LabelError, RunFolderError, ShapeError
from chainrule.train.run_folder import read_run
from chainrule.train.run_record import Run


def evaluate_and_report(folder: Path, data: Path | None) -> None:
    """Print the test result of a run on its own test part, or on that of `data`."""
    run = read_run(folder)
    model, loss = restore(run)
    name = run.config.data if data is None else source.name_of(data)
    test = _test_part(run, name)
    print(f"{folder}: {run.config.model} on the test part of {name}, {len(test):,} rows")
    stages.show_result(measure(model, loss, run.transform(test.inputs), test.targets), run.config.class_names)


def _test_part(run: Run, name: str) -> Dataset:
    if name == run.config.data != source.BUNDLED and not Path(name).is_dir():
        raise RunFolderError(
            "the data that the run was trained on are no longer there.",
            where=name,
            expected="a folder with MNIST's four files",
            remedy=f"say where they are now: chainrule evaluate {run.folder} FOLDER",
        )
    test = source.test_part(source.read(name, run.config.seed, run.config.validation)[0])
    if test.inputs.shape[1:] != run.config.input_shape:
        raise ShapeError(
            "the pictures have another size than those the model was trained on.",
            where=name,
            expected=run.config.input_shape,
            got=test.inputs.shape[1:],
        )
    if test.class_names != run.config.class_names:
        raise LabelError(
            "the classes are others than those the model was trained on.",
            where=name,
            expected=", ".join(run.config.class_names),
            got=", ".join(test.class_names or ()),
        )
    return test
