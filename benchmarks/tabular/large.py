"""A large table of mixed columns, made here, always the same; how fast it is read and prepared, in how much memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COLUMNS = 30
TARGET = "target"


def write(path: Path, rows: int) -> None:
    """A CSV file of numbers (some with gaps, some with long tails), codes, categories, truth values and dates."""
    import duckdb

    columns = [f"{expression(number)} AS {kind(number)}_{number}" for number in range(COLUMNS - 1)]
    query = f"SELECT {', '.join(columns)}, {uniform(COLUMNS)} AS {TARGET} FROM range({rows}) AS rows(i)"
    duckdb.sql(f"COPY ({query}) TO '{path}' (HEADER)")


def kind(number: int) -> str:
    """What stands in a column."""
    return ("number", "gaps", "tail", "whole", "category", "truth", "date", "number", "number", "category")[number % 10]


def expression(number: int) -> str:
    """The values of a column, as SQL: pseudo-random by the row and the column."""
    draw = f"hash(i * {COLUMNS + 1} + {number})"
    return {
        "number": uniform(number),
        "gaps": f"CASE WHEN {draw} % 10 = 0 THEN NULL ELSE {uniform(number)} END",
        "tail": f"round(exp(8 * {uniform(number)}), 2)",
        "whole": f"{draw} % 1000",
        "category": f"'kind ' || ({draw} % {10 + 10 * (number % 7)})",
        "truth": f"CASE WHEN {draw} % 3 = 0 THEN 'yes' ELSE 'no' END",
        "date": f"DATE '2010-01-01' + CAST({draw} % 5000 AS INTEGER)",
    }[kind(number)]


def uniform(number: int) -> str:
    """Numbers from 0 to 1."""
    return f"round((hash(i * {COLUMNS + 1} + {number}) % 1000003) / 1000003.0, 6)"


def measured(path: Path, memory: int | None) -> dict[str, Any]:
    """Read the file, learn what is done to its columns from four fifths of the rows, and do it to all rows.

    Args:
        path: The file.
        memory: The limit that the user sets, in bytes; None for none.
    """
    import numpy as np

    from chainrule.data.readers import read_table
    from chainrule.tables.preparation import Preparation
    from chainrule.tables.schema import infer_schema

    with peak_memory() as peak:
        start = time.perf_counter()
        table = read_table(path, memory=memory)
        read = time.perf_counter()
        schema = infer_schema(table, [TARGET])
        preparation = Preparation.fit(table, schema, np.arange(len(table) * 4 // 5))
        prepared = preparation.apply(table, memory=memory)
        end = time.perf_counter()
    return {
        "file_bytes": path.stat().st_size,
        "rows": len(table),
        "read_seconds": read - start,
        "prepare_seconds": end - read,
        "prepared_bytes": prepared.nbytes,
        "peak_bytes": peak[0] or None,
    }


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    """The most memory of its own that this process has meanwhile, looked at every 20 ms; 0 where Linux does not tell.

    Files that are mapped into memory do not count: the system drops them when it needs the room.
    """
    peak, over = [0], threading.Event()
    status = Path("/proc/self/status")

    def watch() -> None:
        while not over.wait(0.02):
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            peak[0] = max(peak[0], int(lines["RssAnon"].split()[0]) * 1024)

    watcher = threading.Thread(target=watch, daemon=True)
    if status.exists():
        watcher.start()
    try:
        yield peak
    finally:
        over.set()
        if watcher.is_alive():
            watcher.join()
