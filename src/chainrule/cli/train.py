"""`chainrule train`: every stage from the data to the tested model, each said as it happens, and the run folder."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chainrule.errors import ArgumentError, RunFolderError
from chainrule.tables.record import Record
from chainrule.tables.run import run
from chainrule.tables.run_folder import FILES, check_free, free_folder, write_run
from chainrule.tables.settings import parse, read_settings
from chainrule.tables.showing import report_of
from chainrule.tables.telling import heading
from chainrule.tables.tested import Result

BUNDLED = "digits"


def train_and_report(data: Sequence[str], given: dict[str, Any]) -> None:
    """Run all stages and write the run folder.

    Args:
        data: Files or folders; one file of settings (`.toml`); none for the bundled digits.
        given: What was said on the command line; it counts more than what stands in a file.
    """
    start, started, where = time.perf_counter(), datetime.now(UTC), "the command line"
    if len(data) == 1 and data[0].endswith(".toml"):
        where = data[0]
        given = read_settings(Path(where)) | given
        data = _texts(given.pop("data", None), f"{where}, data")
    test, out = (_texts(given.pop(name), f"{where}, {name}")[0] if name in given else None for name in ("test", "out"))
    settings = parse(given, where, besides=("data", "test", "out"))
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

    try:
        written = write(folder)
    except RunFolderError:
        # Somebody has taken the place meanwhile. What has been learnt must not be lost for that.
        written = write(free_folder(folder.parent, folder.name))
    print(f"{written} holds")
    for file in FILES:
        if (written / file).exists():
            print(f"  {file:<26}  {FILES[file]}")
    print(f"\n{time.perf_counter() - start:.1f} s in all. Look at it: {written / 'report.html'}")
    print(f"Use it: chainrule predict {written} DATA -o predictions.csv")


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
