"""`chainrule predict`: the target of new rows, read, predicted and written some at a time."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

from chainrule.data.readers import stream_tables
from chainrule.data.table import Table
from chainrule.data.writing import RowWriter
from chainrule.tables.model import TableModel
from chainrule.tables.run_folder import read_run


def predict_and_write(folder: Path, data: str, out: str, force: bool) -> None:
    """Write the rows of `data` with what is predicted of them."""
    model = read_run(folder).model
    rows = 0
    with ExitStack() as stack:
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


def _check(model: TableModel, table: Table) -> None:
    """Say which columns are not looked at; an error where one is missing."""
    model.preparation.check_columns(table)
    known = {*model.preparation.inputs, *model.preparation.targets}
    extra = [name for name in table.names if name not in known]
    if extra:
        print(f"not looked at: {', '.join(extra)}", file=sys.stderr)
