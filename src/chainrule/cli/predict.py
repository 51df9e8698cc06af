"""`chainrule predict`: the target of new rows, read, predicted and written some at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from chainrule.data.readers import stream_tables
from chainrule.data.table import Table
from chainrule.data.writing import RowWriter, check_output
from chainrule.errors import ColumnTypeError
from chainrule.tables.model import TableModel
from chainrule.tables.run_folder import read_run


def predict_and_write(folder: Path, data: str, out: str, force: bool) -> None:
    """Write the rows of `data` with what is predicted of them.

    Raises:
        OutputExistsError: If the file is there already, and may not be replaced.
        MissingColumnError: If a column is missing.
        ColumnTypeError: If values are of another type than in training; it names file, row and column.
        DiskFullError: If the disk is full; what is written by then is whole rows.
    """
    check_output(out, force=force)
    model = read_run(folder).model
    rows = 0
    with ExitStack() as stack, _remedied():
        writer: RowWriter | None = None
        for table in stream_tables(data, **model.reading):
            if writer is None:
                _check(model, table)
            predicted = model.predicted_columns(table)
            if writer is None:
                writer = stack.enter_context(RowWriter(out, [*table.names, *predicted], force=force))
            writer.write({**{name: table.column(name) for name in table.names}, **predicted})
            rows += len(table)
    if out != "-":
        print(f"{rows:,} rows with their predictions: {out}")


@contextmanager
def _remedied() -> Iterator[None]:
    """The type of a column was settled in training: here only the value can be mended."""
    try:
        yield
    except ColumnTypeError as error:
        error.remedy = "correct the value, or leave it empty"
        raise


def _check(model: TableModel, table: Table) -> None:
    """Say which columns are not looked at; an error where one is missing."""
    model.preparation.check_columns(table)
    known = {*model.preparation.inputs, *model.preparation.targets}
    extra = [name for name in table.names if name not in known]
    if extra:
        print(f"not looked at: {', '.join(extra)}", file=sys.stderr)
