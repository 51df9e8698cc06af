"""Columns of text, which are not read yet."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.tables.findings.base import Finding, Sample, listed


def check(sample: Sample) -> Iterator[Finding]:
    """Columns that are left out because they are texts."""
    names = tuple(field.name for field in sample.schema.of("ignored") if field.kind == "text")
    if names:
        message = f"{listed(names)} {'are' if len(names) > 1 else 'is'} left out: there is no encoder of texts yet"
        yield Finding("texts", "note", names, message)
