"""Categories with more values than can be learned."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.tables.findings.base import Finding, Sample, options

_MANY, _ROWS_A_VALUE = 50, 5


def check(sample: Sample) -> Iterator[Finding]:
    """Categories whose values have a few rows each."""
    for field in sample.inputs:
        if field.kind != "category":
            continue
        values = sample.values(field.name)
        present = values.array[~values.missing]
        different = len(np.unique(present))
        if different > _MANY and len(present) < _ROWS_A_VALUE * different:
            rows = f"{len(present):,} rows, {len(present) / different:.1f} each"
            message = f"{field.name!r} has {different:,} values in {rows}: most are too rare to learn from"
            yield Finding("cardinality", "warning", (field.name,), message, options("--drop", [field.name]))
