"""The folder that a run leaves: all that is needed to use the model, to judge it, and to train it again.

Everything is data, and `FILES` says what each file holds. The folder is written under a temporary name and put in place
whole.
"""

from __future__ import annotations

import csv
import io
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from chainrule import models
from chainrule._version import __version__
from chainrule.columns import column_type
from chainrule.data import State
from chainrule.errors import (
    ChainruleError,
    FileFormatError,
    MissingDependencyError,
    RunFolderError,
    UnknownNameError,
    VersionError,
)
from chainrule.files import read_json, write_bytes, write_json, writing
from chainrule.nn.files import load, save
from chainrule.tables.model import TableModel
from chainrule.tables.network import KINDS, build
from chainrule.tables.preparation import Preparation
from chainrule.tables.record import Record, Run
from chainrule.tables.report import Report, write_pictures, write_report
from chainrule.tables.schema import Schema
from chainrule.tables.tested import Result
from chainrule.training import History

# Raised whenever an older version could not read what is written.
FORMAT = 2
FILES = {
    "run.json": "the data, the settings and choices, the seed, and the versions of what ran it",
    "weights.safetensors": "the model's weights",
    "preprocessing.json": "the columns, and what is done to each before the model gets it",
    "preprocessing.safetensors": "the numbers for that, learned from the training part",
    "history.json": "every epoch",
    "history.csv": "the same as a table",
    "history.png": "the same as curves (where matplotlib is installed)",
    "test.json": "the test result, beside baselines, with the confusion matrix",
    "report.html": "all of it as a page to look at",
    "report.json": "what that page shows",
    "report/mistakes.png": "the worst mistakes as a sheet of pictures (where there are pictures)",
    "report/confusion.png": "which classes are taken for which (where there are classes)",
}

_T = TypeVar("_T")


def free_folder(parent: str | os.PathLike[str], name: str) -> Path:
    """The first of `name-1`, `name-2`, ... that is not there yet."""
    number = 1
    while (Path(parent) / f"{name}-{number}").exists():
        number += 1
    return Path(parent) / f"{name}-{number}"


def check_free(folder: str | os.PathLike[str]) -> None:
    """Raise a `RunFolderError` where `folder` is taken, or cannot be made: before training, not after it."""
    path = Path(folder).resolve()
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise RunFolderError(
            "there is something here already." if path.is_dir() else "this is a file.",
            where=str(folder),
            expected="a new or empty folder",
            remedy="another --out",
        )
    existing = next(place for place in (path, *path.parents) if place.exists())
    try:
        Path(tempfile.mkdtemp(dir=existing, prefix=f".{path.name[:100]}.")).rmdir()
    except OSError as error:
        raise RunFolderError(
            "the folder cannot be made.",
            where=str(folder),
            expected="a place that may be written to",
            got=f"{existing}: {error.strerror}",
            remedy="another --out",
        ) from None


def write_run(
    folder: str | os.PathLike[str],
    record: Record,
    model: TableModel,
    history: History,
    results: Sequence[Result],
    report: Report,
) -> Path:
    """Write the run folder, whole or not at all.

    Args:
        folder: Where.
        record: What was trained, on what, and how.
        model: The trained model.
        history: Every epoch.
        results: What the test has shown.
        report: What its page shows.

    Raises:
        RunFolderError: If there is something in `folder` already.
        WritingError: If it cannot be written.
        DiskFullError: If there is no room for it.
    """
    check_free(folder)
    with writing(folder):
        _write(Path(folder).resolve(), record, model, history, results, report)
    return Path(folder)


def _write(
    target: Path, record: Record, model: TableModel, history: History, results: Sequence[Result], report: Report
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=target if target.exists() else target.parent, prefix=".draft."))
    try:
        write_json(draft / "run.json", {"format": FORMAT, "run": asdict(record), "versions": versions()})
        save(model.network.state_dict(), draft / "weights.safetensors")
        state = model.preparation.to_state()
        write_json(draft / "preprocessing.json", state.config)
        save(state.arrays, draft / "preprocessing.safetensors")
        write_json(draft / "history.json", history.to_dict())
        write_bytes(draft / "history.csv", _table(history).encode())
        write_json(draft / "test.json", [asdict(result) for result in results])
        write_report(report, draft)
        write_pictures(draft / "report", results, [target.mistakes for target in report.targets])
        with suppress(MissingDependencyError):
            history.plot(draft / "history.png")
        _put_in_place(draft, target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _put_in_place(draft: Path, target: Path) -> None:
    if not target.exists():
        mask = os.umask(0)
        os.umask(mask)
        draft.chmod(0o777 & ~mask)
        draft.rename(target)
        return
    # An empty folder of the user's stays the same folder; run.json, without which it is no run, comes last.
    for file in sorted(draft.iterdir(), key=lambda file: file.name == "run.json"):
        file.rename(target / file.name)
    draft.rmdir()


def versions() -> dict[str, str]:
    """What runs here, by name."""
    return {"chainrule": __version__, "python": platform.python_version(), "numpy": np.__version__}


def _table(history: History) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", *history.history, "seconds"])
    writer.writerows(zip(history.epoch, *history.history.values(), history.seconds, strict=True))
    return text.getvalue()


def read_run(folder: str | os.PathLike[str]) -> Run:
    """A run folder's contents.

    Raises:
        RunFolderError: If it is no run folder, or a file of it is missing.
        VersionError: If another version of chainrule wrote it, in another format.
        FileFormatError: If a file of it is broken.
    """
    path = Path(folder)
    if not (path / "run.json").is_file():
        raise RunFolderError(
            "this is no run folder."
            if path.is_dir()
            else "this is a file."
            if path.exists()
            else "there is no such folder.",
            where=str(path),
            expected="a folder that `chainrule train` has left, with run.json in it",
        )
    with _reading(path / "run.json") as file:
        head = read_json(file)
        _check_version(head["format"], path, head.get("versions", {}))
        record, ran_by = _parsed(Record, head["run"]), _parsed(dict[str, str], head["versions"])
        _check_names(record)
    preparation = _read_preparation(path, record)
    network = build(preparation, record.plan.architecture)
    with _reading(path / "weights.safetensors") as file:
        network.load_state_dict(load(file))
    with _reading(path / "history.json") as file:
        history = History.from_dict(read_json(file))
    with _reading(path / "test.json") as file:
        results = _parsed(tuple[Result, ...], read_json(file))
        _check_results(results, preparation)
    model = TableModel(network.eval(), preparation, Schema(record.fields), record.settings)
    return Run(path, record, model, history, results, ran_by)


@contextmanager
def _reading(file: Path) -> Iterator[Path]:
    """Whatever is wrong with the file becomes an error that names it."""
    try:
        yield file
    except FileNotFoundError:
        raise RunFolderError(
            "a file of the run folder is missing.",
            where=str(file),
            expected=FILES[file.name],
            remedy="copy the run folder again, or train again",
        ) from None
    except ChainruleError as error:
        if str(file.parent) not in str(error.where):
            error.where = f"{file}, {error.where}" if error.where else str(file)
        raise
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise FileFormatError(
            "the file is broken.",
            where=str(file),
            expected=FILES[file.name],
            got=f"no {error}" if isinstance(error, KeyError) else str(error),
            remedy="was it edited? Copy the run folder again, or train again",
        ) from None


def _check_version(written: int, path: Path, ran_by: Any) -> None:
    if not isinstance(written, int) or written < 1:
        raise ValueError(f"format {written!r}")
    if written < FORMAT:
        raise VersionError(
            "an earlier version of chainrule wrote this folder.",
            where=str(path),
            expected=f"format {FORMAT}",
            got=f"format {written}",
            remedy="train again; the weights and the history can be read as they are",
        )
    if written > FORMAT:
        by = ran_by.get("chainrule", "unknown") if isinstance(ran_by, dict) else "unknown"
        raise VersionError(
            "a later version of chainrule wrote this folder.",
            where=str(path),
            expected=f"format {FORMAT} (chainrule {__version__})",
            got=f"format {written} (chainrule {by})",
            remedy="update: pip install -U chainrule",
        )


def _parsed(kind: type[_T], fields: Any) -> _T:
    """`fields` as a `kind`; a ValueError that says which field is wrong."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_python(fields)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(": ".join([*map(str, first["loc"]), first["msg"]])) from None


def _check_names(record: Record) -> None:
    """Raise an `UnknownNameError` for a model or a type of column that there is not."""
    model, known = record.plan.architecture.model, [*KINDS, *models.names()]
    if model not in known:
        raise UnknownNameError("model", model, known)
    for field in record.fields:
        if field.role in ("input", "target"):
            column_type(field.kind)


def _check_results(results: Sequence[Result], preparation: Preparation) -> None:
    tested = {result.target: result.class_names for result in results}
    if tested != {name: tuple(target.class_names) for name, target in preparation.targets.items()}:
        raise ValueError(f"the results of {', '.join(tested) or 'nothing'}")


def _read_preparation(path: Path, record: Record) -> Preparation:
    with _reading(path / "preprocessing.safetensors") as file:
        arrays = {name: np.asarray(tensor) for name, tensor in load(file).items()}
    with _reading(path / "preprocessing.json") as file:
        preparation = Preparation.from_state(State(_parsed(dict[str, Any], read_json(file)), arrays))
        schema = Schema(record.fields)
        for role, fields, columns in (
            ("inputs", schema.inputs, preparation.inputs),
            ("targets", schema.targets, preparation.targets),
        ):
            known, found = {each.name: each.kind for each in fields}, {name: columns[name].kind for name in columns}
            if found != known:
                raise ValueError(f"the {role} {found}, where run.json has {known}")
        return preparation
