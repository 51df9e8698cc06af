"""`chainrule data`: what is seen in data, before anything is trained."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from chainrule.data.readers import read_parts
from chainrule.data.table import Table, validation_of
from chainrule.errors import ColumnTypeError
from chainrule.tables.broken import check, readable
from chainrule.tables.findings import Finding, look_at_columns
from chainrule.tables.overview import overview, overview_lines
from chainrule.tables.schema import Schema, infer_schema
from chainrule.tables.settings import parse


def show_data(data: Sequence[str], given: dict[str, Any]) -> None:
    """Print each column, its type with the reason, its gaps and its distribution, and what was found."""
    settings = parse(given, "the command line")
    table, test = read_parts(list(data) if len(data) > 1 else data[0], **settings.reading)
    schema = infer_schema(table, settings.target, kinds=settings.columns)
    table, test = readable(table, test, schema, settings)
    schema, findings = look_at_columns(table, schema, settings)
    for each in (table, test) if test is not None else (table,):
        findings += _broken(each, schema)
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    for line in overview_lines(overview(table, schema, settings, findings), ascii=not encoding.startswith("utf")):
        print(line)
    held = validation_of(table)
    for part, count in (("validation", 0 if held is None else len(held)), ("test", 0 if test is None else len(test))):
        if count:
            print(f"\na part for {part} came with it: {count:,} rows" + (" of these" if part == "validation" else ""))


def _broken(table: Table, schema: Schema) -> Iterator[Finding]:
    """What training would say of pictures that cannot be read: each is decoded once."""
    try:
        check(table, schema, say=lambda line: print(line, file=sys.stderr))
    except ColumnTypeError as error:
        message = f"{error.where}: {error.message}\n  {error.got}"
        yield Finding("broken", "error", (), message, error.remedy or "")
