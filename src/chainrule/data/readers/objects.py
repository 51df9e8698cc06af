"""What a Python program has at hand: arrays, dictionaries, and tables of pandas, polars and Arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.dataset import Dataset
from chainrule.data.readers.naming import check_names
from chainrule.data.readers.options import Options
from chainrule.data.readers.store import Store, StoredTable
from chainrule.data.readers.typed import Scan, load
from chainrule.data.table import ArrayTable, Table
from chainrule.errors import ArgumentError, EmptyDataError, FileFormatError

ACCEPTED = (
    "a file, a folder, a list of files, a dictionary of columns, a list of dictionaries, an array, a Dataset, "
    "or a table of pandas, polars or Arrow"
)


def read_object(source: Any, options: Options, name: str) -> Table:
    """A table of what is no file.

    Args:
        source: The rows.
        options: What the user has said of them.
        name: What to call the table.

    Raises:
        ArgumentError: If it is nothing that has rows.
        EmptyDataError: If there are no rows.
        DataLengthError: If columns have different lengths.
        ColumnNameError: If two columns have the same name.
    """
    # pandas has Arrow's way out too, but only where pyarrow is installed.
    if type(source).__module__.partition(".")[0] == "pandas" and hasattr(source, "columns"):
        return _pandas(source, options, name)
    if hasattr(source, "collect") and hasattr(source, "sink_parquet"):
        source = source.collect()
    if hasattr(source, "__arrow_c_stream__"):
        return _arrow(source, options, name)
    return _arrays(_columns(source), name)


def table_of(dataset: Dataset) -> ArrayTable:
    """The rows of a data set: pictures in one column, or a column for each number, and the class or target."""
    if dataset.class_names is not None:
        target = {"class": np.array(dataset.class_names, dtype=object)[dataset.targets]}
    else:
        target = _numbered(dataset.targets, "target")
    return ArrayTable({**_array(dataset.inputs), **target}, name=dataset.name)


def _arrays(columns: Mapping[str, Any], name: str) -> ArrayTable:
    if not columns or not len(next(iter(columns.values()))):
        raise EmptyDataError("there are no rows.", where=name, expected="at least one row")
    return ArrayTable(columns, name=name)


def _columns(source: Any) -> Mapping[str, Any]:
    if isinstance(source, Mapping):
        check_names([str(name) for name in source], "table")
        return {str(name): column for name, column in source.items()}
    if isinstance(source, np.ndarray):
        return _array(source)
    if isinstance(source, Sequence) and source and all(isinstance(row, Mapping) for row in source):
        names = dict.fromkeys(name for row in source for name in row)
        return {str(name): [row.get(name) for row in source] for name in names}
    raise ArgumentError(
        "this is nothing that can be read as a table.",
        where="data",
        expected=ACCEPTED,
        got=f"an empty {type(source).__name__}" if isinstance(source, Sequence) and not source else repr(type(source)),
    )


def _array(array: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The columns of an array: its fields, its pictures, or one for each number of a row."""
    if array.dtype.names is not None:
        return {name: array[name] for name in array.dtype.names}
    if array.ndim == 4:
        return {"picture": array}
    if array.ndim == 3 and array.dtype == np.uint8:
        return {"picture": array[..., None]}
    return _numbered(array, "column")


def _numbered(array: NDArray[Any], name: str) -> dict[str, NDArray[Any]]:
    if array.ndim == 1:
        return {name if name != "column" else "column1": array}
    if array.ndim != 2:
        raise ArgumentError(
            f"an array of {array.ndim} dimensions is no table.",
            where="data",
            expected="shape (rows, columns), or (rows, height, width, channels) and uint8 for pictures",
            got=f"shape {array.shape}",
        )
    return {f"{name}{number + 1}": array[:, number] for number in range(array.shape[1])}


class _ArrowStream:
    """Only Arrow's own way out of a table, so that duckdb needs neither polars nor pyarrow to read it."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def _arrow(source: Any, options: Options, name: str) -> Table:
    try:
        return _scanned(_ArrowStream(source), options, name)
    except FileFormatError:
        # Columns in which nothing stands, and which say so by their type, are beyond duckdb.
        lists = source.to_pydict() if hasattr(source, "to_pydict") else source.to_dict(as_series=False)
        return _arrays(lists, name)


def _pandas(frame: Any, options: Options, name: str) -> StoredTable:
    names = [str(column) for column in frame.columns]
    if not names:
        raise EmptyDataError("there are no columns.", where=name, expected="at least one")
    check_names(names, name)
    return _scanned(frame.set_axis(names, axis="columns"), options, name)


def _scanned(source: object, options: Options, name: str) -> StoredTable:
    store = Store(options.memory)
    store.connection.register("given", source)
    query = "SELECT * FROM given"
    types = {column: kind for column, kind, *_ in store.all(f"DESCRIBE {query}")}
    scan = Scan(Path(name), query, types, lambda row: f"{name}, row {row + 1}")
    table = load(store, [scan], options, name)
    store.connection.unregister("given")
    return table
