"""Pictures that cannot be read: counted and named before anything is trained, or left out where that is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np

from chainrule.columns.picture import Picture
from chainrule.data.pictures import PictureFiles
from chainrule.data.pictures.files import NAMED, broken
from chainrule.data.pictures.keeping import Progress
from chainrule.data.table import ChosenRows, Table
from chainrule.errors import ColumnTypeError, EmptyDataError
from chainrule.tables.schema import Schema
from chainrule.tables.settings import Settings
from chainrule.tables.telling import Say, silent

LEAVE_OUT = "leave out all such: --skip-broken (in a file of settings, skip_broken = true)"


def readable(
    table: Table, test: Table | None, schema: Schema, settings: Settings, say: Say = silent
) -> tuple[Table, Table | None]:
    """Both tables without the rows whose pictures cannot be read, where that is wanted; it says which."""
    if not settings.skip_broken:
        return table, test
    kept = [without_broken(each, schema, say) for each in (table, test) if each is not None]
    return kept[0], kept[1] if test is not None else None


def without_broken(table: Table, schema: Schema, say: Say = silent) -> Table:
    """The rows of a table whose pictures can all be read; what is left out is said, and noted in the table.

    Args:
        table: The rows. Every picture is decoded once for this.
        schema: What the columns are.
        say: Tells the user.

    Raises:
        EmptyDataError: If none can be read.
    """
    faults: dict[int, str] = {}
    for name, files, missing in _pictures(table, schema):
        faults |= dict.fromkeys(np.flatnonzero(missing).tolist(), "no path")
        there = np.flatnonzero(~missing)
        faults |= {
            int(there[row]): f"{table.column(name, int(there[row]), int(there[row]) + 1).text(0)}: {what}"
            for row, what in (files.check() if files else {}).items()
        }
    if not faults:
        return table
    if len(faults) == len(table):
        raise EmptyDataError(
            "none of the pictures can be read.", where=table.name, expected="pictures", got=faults[min(faults)]
        )
    named = [faults[row] for row in sorted(faults)[:NAMED]]
    more = [f"  and {len(faults) - NAMED:,} more"] if len(faults) > NAMED else []
    rows = np.setdiff1d(np.arange(len(table)), [*faults])
    notes = [f"{len(faults):,} of {len(table):,} rows are left out: their pictures cannot be read"]
    notes += [*(f"  {text}" for text in named), *more]
    for line in notes:
        say(f"  {line}")
    return ChosenRows(table, rows, notes)


@contextmanager
def all_counted(tables: Iterable[Table], schema: Schema) -> Iterator[None]:
    """An error about a picture that cannot be read becomes one about all of them, in all these tables."""
    try:
        yield
    except ColumnTypeError as error:
        for table in tables:
            check(table, schema)
        raise error


def check(table: Table, schema: Schema, say: Say = silent) -> None:
    """Decode all pictures of a table once, and tell how far it is.

    Raises:
        ColumnTypeError: If some cannot be read: all of a column are counted, the first are named.
    """
    for name, files, missing in _pictures(table, schema):
        faults = {} if files is None or missing.any() else files.check(Progress(len(files), say))
        if files is not None and faults:
            found = broken(files, faults)
            found.where = table.place(found.row or 0, name)
            found.remedy = f"{found.remedy}; or {LEAVE_OUT}"
            raise found


def _pictures(table: Table, schema: Schema) -> Iterator[tuple[str, PictureFiles | None, np.ndarray]]:
    """Each column of files of pictures: its name, the files that are said, and where none is."""
    for field in schema.inputs:
        if field.kind != Picture.kind or field.name not in table.names:
            continue
        values = table.column(field.name)
        if values.words is not None:
            # As small as they can be: large JPEG files are then decoded in an eighth of their size.
            there = values.take(~values.missing)
            yield field.name, Picture((8, 8)).lazily(there) if len(there) else None, values.missing
