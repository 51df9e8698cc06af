"""Columns in which there is nothing to learn from: always the same, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.tables.findings.base import Finding, Sample


def check(sample: Sample) -> Iterator[Finding]:
    """Inputs with the same value in all rows, and those that the schema has left out as empty."""
    for field in sample.schema.of("ignored"):
        if sample.table.column(field.name).missing.all():
            message = f"{field.name!r} is empty in all {len(sample.table):,} rows"
            yield Finding("constant", "warning", (field.name,), message)
    for field in sample.inputs:
        if sample.facts(field.name).constant:
            value = sample.values(field.name).text(0)
            message = f"{field.name!r} is {value!r} in all {len(sample.table):,} rows"
            yield Finding("constant", "warning", (field.name,), message, drops=True)
