"""`chainrule data`: what is seen in data, before anything is trained."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from chainrule.data.readers import read_parts
from chainrule.tables.findings import look_at_columns
from chainrule.tables.overview import overview, overview_lines
from chainrule.tables.schema import infer_schema
from chainrule.tables.settings import parse


def show_data(data: Sequence[str], given: dict[str, Any]) -> None:
    """Print each column, its type with the reason, its gaps and its distribution, and what was found."""
    settings = parse(given, "the command line")
    table, test = read_parts(list(data) if len(data) > 1 else data[0], **settings.reading)
    schema = infer_schema(table, settings.target, kinds=settings.columns)
    schema, findings = look_at_columns(table, schema, settings)
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    for line in overview_lines(overview(table, schema, settings, findings), ascii=not encoding.startswith("utf")):
        print(line)
    if test is not None:
        print(f"\na test part came with it: {len(test):,} rows")
