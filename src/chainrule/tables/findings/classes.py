"""Classes too small, too unequal, or unknown to the training part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.tables.findings.base import Divided, Finding, Sample, listed, percent
from chainrule.tables.splits import is_class

_FEW_ROWS, _UNEQUAL = 10, 10


def check(sample: Sample) -> Iterator[Finding]:
    """How many rows each class has, over all rows of the table."""
    for target in filter(is_class, sample.schema.targets):
        values = sample.table.column(target.name)
        values = values.take(~values.missing)
        _, first, counts = np.unique(values.array, return_index=True, return_counts=True)
        names = [values.text(int(row)) for row in first]
        column = (target.name,)
        if len(counts) < 2:
            message = f"{target.name!r} has one class: there is nothing to tell apart"
            yield Finding("classes", "error", column, message)
            continue
        few = np.flatnonzero(counts < _FEW_ROWS)
        if len(few):
            alone = bool((counts == 1).any())
            rarest = f"{names[int(counts.argmin())]!r} has {counts.min()}"
            of = f"{len(few)} of the {len(counts)} classes of {target.name!r}"
            message = f"{of} {'has' if len(few) == 1 else 'have'} fewer than {_FEW_ROWS} rows: {rarest}"
            remedy = "join rare classes, or leave their rows out"
            yield Finding("classes", "error" if alone else "warning", column, message, remedy)
        if counts.max() >= _UNEQUAL * counts.min() and sample.settings.class_weight is None:
            largest, smallest = int(counts.argmax()), int(counts.argmin())
            shares = [f"{percent(counts[each] / counts.sum())} {names[each]!r}" for each in (largest, smallest)]
            message = f"the classes of {target.name!r} are unequal: {' against '.join(shares)}"
            yield Finding("classes", "warning", column, message, "--class-weight balanced")


def check_parts(divided: Divided) -> Iterator[Finding]:
    """Classes of the validation and the test that the training part does not have."""
    parts = divided.parts
    for target in filter(is_class, divided.schema.targets):
        column, apart = divided.table.column(target.name), divided.test_table.column(target.name)
        known = set(column.take(parts.train).texts())
        new = (set(column.take(parts.validation).texts()) | set(apart.take(parts.test).texts())) - known
        if new:
            message = f"the training part has no row of {listed(sorted(new))}, classes of {target.name!r}"
            remedy = "split at random, or leave such rows out"
            yield Finding("classes", "error", (target.name,), message, remedy)
