"""`chainrule data`: what is seen in data, before anything is trained."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from chainrule.data.readers import read_parts
from chainrule.tables.findings import look_at_columns
from chainrule.tables.overview import overview, overview_lines
from chainrule.tables.schema import infer_schema
from chainrule.tables.settings import Settings


def show_data(
    data: Sequence[str], target: Sequence[str], kinds: Mapping[str, str], missing: Sequence[str], memory: int | None
) -> None:
    """Print each column, its type with the reason, its gaps and its distribution, and what was found."""
    settings = Settings(target=tuple(target), columns=dict(kinds), missing=tuple(missing), memory=memory)
    source = list(data) if len(data) > 1 else data[0]
    table, test = read_parts(source, missing=settings.missing, kinds=settings.columns, memory=memory)
    schema = infer_schema(table, settings.target, kinds=settings.columns)
    schema, findings = look_at_columns(table, schema, settings)
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    for line in overview_lines(overview(table, schema, settings, findings), ascii=not encoding.startswith("utf")):
        print(line)
    if test is not None:
        print(f"\na test part came with it: {len(test):,} rows")
