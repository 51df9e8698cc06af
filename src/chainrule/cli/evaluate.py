"""`chainrule evaluate`: test a trained model again, or on other data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chainrule.data.readers import read_parts
from chainrule.data.table import Table
from chainrule.errors import RunFolderError
from chainrule.tables.broken import all_counted, readable
from chainrule.tables.record import Run
from chainrule.tables.report import mistakes_part, write_pictures
from chainrule.tables.run_folder import check_free, read_run
from chainrule.tables.splits import split_rows
from chainrule.tables.telling import result_lines
from chainrule.tables.tested import Result


def evaluate_and_report(folder: Path, data: str | None, out: Path | None, skip_broken: bool = False) -> None:
    """Print the test result of a run on its own test part, or on `data`; draw it into the folder `out`, if one is said.

    Args:
        folder: The run.
        data: The rows.
        out: Where pictures of the result are written.
        skip_broken: Whether rows whose pictures cannot be read are left out, and told of.

    Raises:
        RunFolderError: If the run's own data are no longer there, or there is something in `out` already.
    """
    run = read_run(folder)
    if skip_broken:
        run.model.settings = replace(run.model.settings, skip_broken=True)
    if out is not None:
        check_free(out)
    if data is None:
        table, rows = _own_test(run)
        name = "its own test part"
    else:
        table, _ = readable(run.model.tested_rows(data), None, run.model.schema, run.model.settings, print)
        rows, name = run.model.with_target(table), table.name
    print(f"{folder}: {run.record.plan.architecture.model} on {name}, {len(rows):,} rows")
    if len(rows) < len(table) and data is not None:
        print(f"{len(table) - len(rows):,} rows without a target are left out")
    with all_counted([table], run.model.schema):
        tested = run.model.test(table, rows)
    results = [Result.of(each) for each in tested]
    for result in results:
        print("\n".join(result_lines(result)))
    if out is not None:
        mistakes = [mistakes_part(each, table, run.model.schema.inputs) for each in tested]
        for picture in write_pictures(out, results, mistakes):
            print(f"wrote {picture}")


def _own_test(run: Run) -> tuple[Table, NDArray[np.int64]]:
    """The table and the rows of the run's own test."""
    record = run.record
    source = list(record.data) if len(record.data) > 1 else record.data[0]
    missing = [each for each in (*record.data, record.test_data) if each and not _there(each)]
    if missing:
        raise RunFolderError(
            "the data that the run was trained on are no longer there.",
            where=missing[0],
            expected="the files or folders as they were",
            remedy=f"say where they are now: chainrule evaluate {run.folder} DATA",
        )
    table, test = read_parts(source, **run.model.reading)
    if record.test_data is not None:
        test, _ = read_parts(record.test_data, **run.model.reading)
    table, test = readable(table, test, run.model.schema, run.model.settings)
    parts = split_rows(table, run.model.schema, record.settings, test)
    return (table if test is None else test), parts.test


def _there(source: str) -> bool:
    return source == "digits" or "*" in source or Path(source).exists()
