"""The checks that people forget, made before training: one a file, in this order."""

from __future__ import annotations

from dataclasses import replace

from chainrule.data.table import Table
from chainrule.tables.findings import (
    answers,
    cardinality,
    classes,
    constants,
    drift,
    duplicates,
    gaps,
    identifiers,
    order,
    skew,
    sums,
    texts,
    twins,
)
from chainrule.tables.findings.base import Check, Divided, Finding, PartsCheck, Sample, options
from chainrule.tables.schema import Schema
from chainrule.tables.settings import Settings
from chainrule.tables.splits import Parts

__all__ = ["CHECKS", "PARTS_CHECKS", "Finding", "look_at_columns", "look_at_parts"]

# What leaves columns out comes first, so that later checks speak of what is left.
CHECKS: list[Check] = [
    constants.check,
    identifiers.check,
    order.check,
    answers.check,
    sums.check,
    classes.check,
    twins.check,
    gaps.check,
    cardinality.check,
    skew.check,
    texts.check,
]
PARTS_CHECKS: list[PartsCheck] = [classes.check_parts, duplicates.check, drift.check]


def look_at_columns(table: Table, schema: Schema, settings: Settings) -> tuple[Schema, list[Finding]]:
    """What is found in the columns, before rows are split, and the schema without what should be left out.

    Large tables are judged by a sample of rows that depends on the seed alone.

    Args:
        table: The rows.
        schema: Its columns.
        settings: What the user wants; columns in `keep` are found, and kept.
    """
    sample, findings = Sample(table, schema, settings), []
    for check in CHECKS:
        for finding in check(sample):
            if finding.drops:
                finding = _dropped_or_kept(finding, sample)
            findings.append(finding)
    reasons = {name: finding.message for finding in findings if finding.drops for name in finding.columns}
    fields = tuple(
        replace(field, role="ignored", reason=reasons[field.name]) if field.name in reasons else field
        for field in schema.fields
    )
    return Schema(fields), findings


def look_at_parts(
    table: Table, schema: Schema, settings: Settings, parts: Parts, test_table: Table | None = None
) -> list[Finding]:
    """What is found when the parts of a split are compared.

    Args:
        table: The rows that were split.
        schema: What is left of the columns.
        settings: What the user wants.
        parts: The split.
        test_table: Where the rows of the test stand, if they were given apart.
    """
    divided = Divided(table, schema, settings, parts, test_table or table)
    return [finding for check in PARTS_CHECKS for finding in check(divided)]


def _dropped_or_kept(finding: Finding, sample: Sample) -> Finding:
    names = [name for name in finding.columns if name not in sample.settings.keep]
    if not names:
        return replace(finding, drops=False, remedy="kept, as you said")
    if {field.name for field in sample.inputs} <= set(names):
        return replace(finding, drops=False, remedy="kept: there is no other input")
    sample.dropped.update(names)
    remedy = f"left out; {options('--keep', names[:1])} keeps {'it' if len(names) == 1 else 'that one'}"
    return replace(finding, columns=tuple(names), remedy=remedy)
