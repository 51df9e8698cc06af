"""`chainrule predict`: the target of new rows, read, predicted and written some at a time."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from chainrule.data.readers import stream_tables
from chainrule.data.table import Table
from chainrule.data.writing import RowWriter, check_output
from chainrule.errors import ColumnTypeError
from chainrule.tables.broken import readable
from chainrule.tables.model import TableModel
from chainrule.tables.report.wording import percent
from chainrule.tables.run_folder import read_run
from chainrule.tables.telling import columns

# Rows at a time, and how many numbers they are made of at most: 16 MB of pictures.
ROWS, NUMBERS = 1 << 16, 1 << 24
# Of a picture so many classes are told.
CLASSES = 5
# Seconds between two lines that say how far it is.
EVERY = 5.0


def predict_and_write(
    folder: Path, data: Sequence[str], out: str | None, force: bool, skip_broken: bool = False
) -> None:
    """Write the rows of `data` with what is predicted of them; without `out`, the classes of pictures are told.

    Args:
        folder: The run.
        data: The rows.
        out: Where to write; "-" for standard output.
        force: Whether a file that is there may be replaced.
        skip_broken: Whether rows whose pictures cannot be read are left out, and told of.

    Raises:
        OutputExistsError: If the file is there already, and may not be replaced.
        MissingColumnError: If a column is missing.
        ColumnTypeError: If values are of another type than in training; it names file, row and column.
        DiskFullError: If the disk is full; what is written by then is whole rows.
    """
    if out is not None:
        check_output(out, force=force)
    model = read_run(folder).model
    if skip_broken:
        model.settings = replace(model.settings, skip_broken=True)
    with _remedied(model):
        if out is None and _are_pictures(model):
            rows = 0
            for table in _tables(model, data):
                print("\n".join(_told(model, table, rows)))
                rows += len(table)
            return
        _write(model, data, "-" if out is None else out, force)


def _write(model: TableModel, data: Sequence[str], out: str, force: bool) -> None:
    rows, said = 0, time.perf_counter()
    with ExitStack() as stack:
        writer: RowWriter | None = None
        for table in _tables(model, data):
            predicted = model.predicted_columns(table)
            if writer is None:
                writer = stack.enter_context(RowWriter(out, [*table.names, *predicted], force=force))
            writer.write({**{name: table.column(name) for name in table.names}, **predicted})
            rows += len(table)
            if out != "-" and time.perf_counter() > said + EVERY:
                said = time.perf_counter()
                print(f"{rows:,} rows so far", file=sys.stderr)
    if out != "-":
        print(f"{rows:,} rows with their predictions: {out}")


def _tables(model: TableModel, data: Sequence[str]) -> Iterator[Table]:
    """The rows in parts, so that what is made of them fits into memory."""
    fitting = max(1, NUMBERS // math.prod(model.preparation.row_shape))
    # A power of two, as batches are.
    rows = min(ROWS, 1 << (fitting.bit_length() - 1))
    source = data[0] if len(data) == 1 else list(data)
    whole = model.new_rows(source) if model.looks_at_pictures and "-" not in data else source
    for number, table in enumerate(stream_tables(whole, rows, **model.reading)):
        known = model.with_known_names(table)
        if not number:
            _check(model, known)
        yield readable(known, None, model.schema, model.settings, _say)[0]


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _are_pictures(model: TableModel) -> bool:
    """Whether a row is a picture, and its class is all that is predicted."""
    targets = list(model.preparation.targets.values())
    return model.looks_at_pictures and len(targets) == 1 and bool(targets[0].class_names)


def _told(model: TableModel, table: Table, before: int) -> list[str]:
    """A line for each picture: its file, or else its number after those `before`, and the likeliest classes."""
    ((target, classes),) = ((name, each.class_names) for name, each in model.preparation.targets.items())
    _, probabilities = model.predicted(target, model.outputs(table))
    assert probabilities is not None
    values = table.column(model.schema.inputs[0].name)
    numbers = range(before + 1, before + len(table) + 1)
    files = [f"row {number:,}" for number in numbers] if values.words is None else values.each_text()
    order = (-probabilities).argsort(axis=1, kind="stable")[:, :CLASSES]
    return columns(
        [file, *(f"{classes[at]} {percent(float(f'{likely[at]:.3f}'))}" for at in best)]
        for file, likely, best in zip(files, probabilities, order, strict=True)
    )


@contextmanager
def _remedied(model: TableModel) -> Iterator[None]:
    """The type of a column was settled in training: here only the value can be mended."""
    try:
        yield
    except ColumnTypeError as error:
        pictures = "mend the file, or leave it out; all such: --skip-broken"
        error.remedy = pictures if model.looks_at_pictures else "correct the value, or leave it empty"
        raise


def _check(model: TableModel, table: Table) -> None:
    """Say which columns are not looked at; an error where one is missing."""
    model.preparation.check_columns(table)
    known = {*model.preparation.inputs, *model.preparation.targets}
    extra = [name for name in table.names if name not in known]
    if extra:
        print(f"not looked at: {', '.join(extra)}", file=sys.stderr)
