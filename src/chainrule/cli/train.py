"""`chainrule train`: every stage from the data to the tested model, each said as it happens, and the run folder."""

from __future__ import annotations

import itertools
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chainrule.errors import ArgumentError, MissingFileError, RunFolderError, WritingError
from chainrule.tables.record import Record
from chainrule.tables.run import run
from chainrule.tables.run_folder import FILES, check_free, free_folder, write_run
from chainrule.tables.settings import parse, read_settings
from chainrule.tables.showing import report_of
from chainrule.tables.telling import heading
from chainrule.tables.tested import Result

BUNDLED = "digits"
# Where the data of files of settings is, instead of in the folders that they name.
DATA = "CHAINRULE_DATA"


def train_and_report(data: Sequence[str], given: dict[str, Any]) -> None:
    """Run all stages and write the run folder.

    Args:
        data: Files or folders; one file of settings (`.toml`); none for the bundled digits.
        given: What was said on the command line; it counts more than what stands in a file.
    """
    start, started, where = time.perf_counter(), datetime.now(UTC), "the command line"
    if len(data) == 1 and data[0].endswith(".toml"):
        where = data[0]
        given = _in_folder(read_settings(Path(where)), Path(where)) | given
        data = _texts(given.pop("data", None), f"{where}, data")
    test, out = (_texts(given.pop(name), f"{where}, {name}")[0] if name in given else None for name in ("test", "out"))
    settings = parse(given, where, besides=("data", "test", "folder", "out"))
    data = data or [BUNDLED]
    sources, test_source = _located(data), None if test is None else _located([test])[0]
    folder = free_folder("runs", Path(sources[0]).name.split(".")[0]) if out is None else Path(out)
    check_free(folder)

    # What is said of the files calls them what the user calls them.
    ran = run(list(data) if len(data) > 1 else data[0], test, settings, print)
    print(heading("Run folder"))
    trained = ran.trained
    record = Record(
        data=tuple(sources),
        test_data=test_source,
        settings=trained.model.settings,
        fields=trained.model.schema.fields,
        plan=trained.plan,
        parts=trained.parts.sizes,
        seconds=trained.seconds,
        interrupted=trained.interrupted,
    )
    report = report_of(ran, record, shlex.join(["chainrule", *sys.argv[1:]]), started, time.perf_counter() - start)

    results = [Result.of(tested) for tested in trained.tested]

    def write(folder: Path) -> Path:
        return write_run(folder, record, trained.model, trained.history, results, report)

    written = _written_somewhere(write, folder)
    print(f"{written} holds")
    for file in FILES:
        if (written / file).exists():
            print(f"  {file:<26}  {FILES[file]}")
    print(f"\n{time.perf_counter() - start:.1f} s in all. Look at it: {written / 'report.html'}")
    print(f"Use it: chainrule predict {shlex.quote(str(written))} DATA -o predictions.csv")


def _written_somewhere(write: Callable[[Path], Path], folder: Path) -> Path:
    """Where `write` could write: in `folder`, beside it, or else in the temporary directory.

    Somebody may have taken the place meanwhile, filled the disk, or taken the disk away. What has been learnt must not
    be lost for that.

    Raises:
        RunFolderError, WritingError: If there is no place for it: what is wrong with the first.
    """
    try:
        return write(folder)
    except (RunFolderError, WritingError) as error:
        for parent in (folder.parent, Path(tempfile.gettempdir())):
            with suppress(RunFolderError, WritingError):
                written = write(free_folder(parent, folder.name))
                print(f"{folder}: {error.message} It is in {written} instead.")
                return written
        error.message += f" Nor could what was learnt be written to {tempfile.gettempdir()}: it is lost."
        raise


def _in_folder(said: dict[str, Any], path: Path) -> dict[str, Any]:
    """The settings of a file with its data in their folder: the one that it names, from where it stands itself.

    Raises:
        MissingFileError: If the data is not there.
    """
    if "folder" not in said:
        return said
    [named] = _texts(said["folder"], f"{path}, folder")
    folder = Path(os.environ.get(DATA) or path.parent / named).resolve()
    files = {name: _texts(said[name], f"{path}, {name}") for name in ("data", "test") if name in said}
    for text in itertools.chain(*files.values()):
        if not (folder / text).exists():
            raise MissingFileError(
                f"the data of {path} is not there.",
                where=str(folder / text),
                expected=f"{text} in {folder}",
                got="nothing of this name" if folder.is_dir() else "no such folder",
                remedy=f"put it there, or say in which folder it is: {DATA}=FOLDER",
            )
    found = {name: [str(folder / text) for text in texts] for name, texts in files.items()}
    return {name: value for name, value in said.items() if name != "folder"} | found


def _texts(value: Any, where: str) -> list[str]:
    """Names of files."""
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise ArgumentError(
            "this names no file.",
            where=where,
            expected='a file or folder, "people.csv", or several: ["a.csv", "b.csv"]',
            got="nothing" if value is None else repr(value),
        )
    return texts


def _located(data: Sequence[str]) -> list[str]:
    """Where files are, wherever the command is called from later; the bundled digits by their name."""
    bundled = list(data) == [BUNDLED] and not Path(BUNDLED).exists()
    return list(data) if bundled else [each if "*" in each else str(Path(each).resolve()) for each in data]
