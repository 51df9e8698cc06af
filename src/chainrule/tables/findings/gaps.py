"""Columns in which much is missing."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.tables.findings.base import Finding, Sample, Severity, options, percent

_MUCH, _ALMOST_ALL = 0.4, 0.95


def check(sample: Sample) -> Iterator[Finding]:
    """Inputs of which a good part of the rows has no value."""
    for field in sample.inputs:
        facts = sample.facts(field.name)
        share = facts.missing / max(facts.rows, 1)
        if share >= _MUCH:
            message = f"{field.name!r} is missing in {percent(share)} of the rows ({facts.missing:,} of {facts.rows:,})"
            severity: Severity = "warning" if share >= _ALMOST_ALL else "note"
            yield Finding("gaps", severity, (field.name,), message, options("--drop", [field.name]))
