"""Columns in which there is nothing to learn from: always the same, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.tables.findings.base import Finding, Sample, listed

# More such columns than these are told in one line, as the corners of pictures.
_ONE_BY_ONE = 3


def check(sample: Sample) -> Iterator[Finding]:
    """Inputs with the same value in all rows, and those that the schema has left out as empty."""
    everywhere = f"in all {len(sample.table):,} rows"
    for field in sample.schema.of("ignored"):
        if sample.table.column(field.name).missing.all():
            yield Finding("constant", "note", (field.name,), f"{field.name!r} is empty {everywhere}")
    names = tuple(field.name for field in sample.inputs if sample.facts(field.name).constant)
    if len(names) > _ONE_BY_ONE:
        yield Finding("constant", "note", names, f"{listed(names)} are the same {everywhere}", drops=True)
        return
    for name in names:
        message = f"{name!r} is {sample.values(name).text(0)!r} {everywhere}"
        yield Finding("constant", "note", (name,), message, drops=True)
