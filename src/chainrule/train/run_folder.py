"""The folder that a run leaves: all that is needed to use the model, to judge it, and to train it again.

| file | what it holds |
|---|---|
| run.json | the configuration as run, and the versions of what ran it |
| weights.safetensors | the model's weights and buffers |
| preprocessing.json, preprocessing.safetensors | what was learned from the training part, in order |
| history.json, history.csv | every epoch |
| test.json | what was measured on the test part, with the confusion matrix |
| history.png | the learning curves, where matplotlib is installed |

Everything is data. The folder is written under a temporary name and put in place whole.
"""

from __future__ import annotations

import csv
import io
import os
import platform
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._version import __version__
from chainrule.data import Preprocessor, State, preprocessor_from_state
from chainrule.errors import FileFormatError, MissingDependencyError, RunFolderError, VersionError
from chainrule.files import read_json, write_bytes, write_json
from chainrule.nn.files import load, save
from chainrule.nn.module import Module
from chainrule.train.history import History

# Raised whenever an older version could not read what is written.
FORMAT = 1


@dataclass(frozen=True)
class RunConfig:
    """What was trained, on what, and how.

    Attributes:
        data: The data's name, or the folder it was read from.
        model: The model's name.
        input_shape: The shape of one input.
        outputs: The number of the model's outputs.
        class_names: The names of the classes.
        optimizer: The optimizer's name.
        lr: Its learning rate at the start.
        loss: The loss's name.
        batch_size: Rows an update; None for all.
        epochs: How many epochs there might be at most.
        patience: How many epochs early stopping waited.
        seed: What every random number came from.
        validation: The share of the training rows held out for validation.
        test: The share of all rows held out for the test; 0 where the data has a test part of its own.
        interrupted: Whether training was ended by hand.
    """

    data: str
    model: str
    input_shape: tuple[int, ...]
    outputs: int
    class_names: tuple[str, ...]
    optimizer: str
    lr: float
    loss: str
    batch_size: int | None
    epochs: int
    patience: int
    seed: int
    validation: float
    test: float
    interrupted: bool = False


@dataclass(frozen=True)
class Run:
    """A run folder's contents, read back.

    Attributes:
        folder: Where it stands.
        config: What was trained, on what, and how.
        weights: The model's state by name.
        preprocessing: What is applied to inputs, in order.
        history: Every epoch.
        test: What was measured on the test part.
        versions: What ran it.
    """

    folder: Path
    config: RunConfig
    weights: Mapping[str, Any]
    preprocessing: Sequence[Preprocessor] = ()
    history: History = field(default_factory=History)
    test: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    def transform(self, inputs: np.ndarray) -> np.ndarray:
        """Inputs as the model was trained on them."""
        for preprocessor in self.preprocessing:
            inputs = preprocessor.transform(inputs)
        return inputs


def free_folder(parent: str | os.PathLike[str], name: str) -> Path:
    """The first of `name-1`, `name-2`, ... that is not there yet."""
    number = 1
    while (Path(parent) / f"{name}-{number}").exists():
        number += 1
    return Path(parent) / f"{name}-{number}"


def check_free(folder: str | os.PathLike[str]) -> None:
    """Raise a `RunFolderError` where `folder` is taken, or cannot be made: before training, not after it."""
    path = Path(folder)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise RunFolderError(
            "there is something here already.",
            where=str(path),
            expected="a new or empty folder",
            remedy="another --out",
        )
    existing = next(parent for parent in path.resolve().parents if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise RunFolderError(
            "the folder cannot be made.", where=str(path), expected="a folder that may be written to", got=str(existing)
        )


def write_run(
    folder: str | os.PathLike[str],
    config: RunConfig,
    model: Module,
    preprocessing: Sequence[Preprocessor],
    history: History,
    test: Mapping[str, Any],
) -> Path:
    """Write the run folder, whole or not at all.

    Raises:
        RunFolderError: If there is something in `folder` already.
    """
    check_free(folder)
    target = Path(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        write_json(draft / "run.json", {"format": FORMAT, "config": asdict(config), "versions": _versions()})
        save(model.state_dict(), draft / "weights.safetensors")
        states = [preprocessor.to_state() for preprocessor in preprocessing]
        write_json(draft / "preprocessing.json", [state.config for state in states])
        arrays = {f"{i}.{name}": array for i, state in enumerate(states) for name, array in state.arrays.items()}
        save(arrays, draft / "preprocessing.safetensors")
        write_json(draft / "history.json", history.to_dict())
        write_bytes(draft / "history.csv", _table(history).encode())
        write_json(draft / "test.json", dict(test))
        with suppress(MissingDependencyError):
            history.plot(draft / "history.png")
        draft.chmod(0o777 & ~_umask())
        if target.exists():
            target.rmdir()
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _versions() -> dict[str, str]:
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
        VersionError: If a later version of chainrule wrote it.
        FileFormatError: If a file of it is broken.
    """
    path = Path(folder)
    if not (path / "run.json").is_file():
        raise RunFolderError(
            "this is no run folder." if path.is_dir() else "there is no such folder.",
            where=str(path),
            expected="a folder that `chainrule train` has left, with run.json in it",
        )
    head = read_json(path / "run.json")
    written = head.get("format") if isinstance(head, dict) else None
    if isinstance(written, int) and written > FORMAT:
        raise VersionError(
            "a later version of chainrule wrote this folder.",
            where=str(path),
            expected=f"format {FORMAT} or older (chainrule {__version__})",
            got=f"format {written} (chainrule {head.get('versions', {}).get('chainrule', 'unknown')})",
            remedy="update: pip install -U chainrule",
        )
    try:
        return Run(
            path,
            _config(head["config"], path),
            load(path / "weights.safetensors"),
            _preprocessing(path),
            History.from_dict(read_json(path / "history.json")),
            read_json(path / "test.json"),
            head.get("versions", {}),
        )
    except FileNotFoundError as error:
        raise RunFolderError(
            "a file of the run folder is missing.", where=str(path), got=f"no {Path(error.filename or '').name}"
        ) from None
    except (KeyError, TypeError, AttributeError) as error:
        raise FileFormatError("a file of the run folder is broken.", where=str(path), got=repr(error)) from None


def _config(fields: Any, path: Path) -> RunConfig:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(RunConfig).validate_python(fields)
    except ValidationError as error:
        first = error.errors()[0]
        raise FileFormatError(
            "the configuration is broken.",
            where=str(path / "run.json"),
            expected=first["msg"],
            got=f"{'.'.join(map(str, first['loc']))} = {first['input']!r}",
        ) from None


def _preprocessing(path: Path) -> list[Preprocessor]:
    arrays = {name: np.asarray(tensor) for name, tensor in load(path / "preprocessing.safetensors").items()}
    built = []
    for i, config in enumerate(read_json(path / "preprocessing.json")):
        own = {name.removeprefix(f"{i}."): array for name, array in arrays.items() if name.startswith(f"{i}.")}
        built.append(preprocessor_from_state(State(config, own)))
    return built
