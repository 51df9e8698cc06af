"""Rows of the test that the model has seen in training."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.tables.equal_rows import repeated
from chainrule.tables.findings.base import Divided, Finding, percent, sample_rows

_EFFORT = {"number": 0, "date": 0, "picture": 2}


def check(divided: Divided) -> Iterator[Finding]:
    """Rows of the test of which all values, also of the target, stand in a row of the training or validation."""
    fields = (*divided.schema.inputs, *divided.schema.targets)
    # Numbers first: most rows are told apart by one of them. Pictures last, since their files have to be read.
    names = [field.name for field in sorted(fields, key=lambda field: _EFFORT.get(field.kind, 1))]
    pictures = [field.name for field in fields if field.kind == "picture"]
    parts, test = divided.parts, sample_rows(divided.parts.test, divided.settings.seed)
    seen = np.concatenate([parts.train, parts.validation])
    copies = int(repeated(names, divided.test_table, test, divided.table, seen, pictures).sum())
    if copies:
        of = "" if len(test) == len(parts.test) else " that were looked at"
        message = (
            f"{copies:,} of the {len(test):,} rows of the test{of} ({percent(copies / len(test))}) also stand in the "
            "training part: on rows that are new in every way the model may do worse"
        )
        yield Finding("duplicates", "warning" if copies >= 0.01 * len(test) else "note", (), message)
