"""Columns that name the row instead of saying something about it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from chainrule.data.values import Values
from chainrule.tables.findings.base import Finding, Sample, options, percent

# Fewer rows may all differ by chance.
_LEAST_ROWS = 20

_NAME = re.compile(
    r"(.*[\W_])?(id|ids|uuid|guid|index|idx|no|nr|key|rowid|row)|unnamed\W.*|.*[a-z0-9](Id|ID|UUID|Index|Key|No|Nr)",
)
_ALONE = re.compile(r"id|uuid|guid|index|idx|no|nr|key|rowid|row|unnamed\W.*", re.IGNORECASE)


def check(sample: Sample) -> Iterator[Finding]:
    """Texts and whole numbers of which each row has its own; and, if rows share them, a group that was not said."""
    for field in sample.inputs:
        values = sample.values(field.name)
        # What paths are called says nothing, but that rows are of one picture does.
        pictures = field.kind == "picture"
        if field.kind in ("text", "date") or not _may_name(values):
            continue
        present = int((~values.missing).sum())
        different = len(np.unique(values.array[~values.missing]))
        named = pictures or bool(_NAME.fullmatch(field.name) or _ALONE.fullmatch(field.name))
        reason = _reason(sample, field.name, values, named, different / max(present, 1))
        if present >= _LEAST_ROWS and reason and not pictures:
            message = f"{field.name!r} names the row: {reason}"
            yield Finding("identifier", "warning", (field.name,), message, drops=True)
        elif named and 10 <= different <= present / 2 and not _is_split_by(sample):
            message = (
                f"{field.name!r} has {different:,} values in {present:,} rows: rows of one may stand on both sides of "
                "the split, and the test then shows more than the model can do on new ones"
            )
            yield Finding("identifier", "warning", (field.name,), message, options("--group", [field.name]))


def counts_up(sample: Sample, name: str) -> bool:
    """Whether each row's whole number is a step above that of the row before."""
    values = sample.values(name)
    if values.missing.any() or len(values) < _LEAST_ROWS or values.array.dtype.kind != "i" or values.words is not None:
        return False
    rise, rows = values.array - values.array[0], sample.rows - sample.rows[0]
    step = rise[-1] // rows[-1]
    return bool(step != 0 and (rise == step * rows).all())


def _reason(sample: Sample, name: str, values: Values, named: bool, share: float) -> str | None:
    if values.words is not None:
        return f"{percent(share)} of its texts are different" if share >= (0.9 if named else 0.99) else None
    facts = sample.facts(name)
    whole = values.array.dtype.kind == "i" and facts.missing == 0
    if counts_up(sample, name):
        return "it counts up from row to row"
    if whole and share == 1 and facts.highest - facts.lowest == facts.rows - 1:
        return f"it is each number from {facts.lowest:,.0f} to {facts.highest:,.0f}, once"
    if named and share >= 0.98:
        return "by its name, and almost each row has a number of its own"
    return None


def _may_name(values: Values) -> bool:
    return values.array.ndim == 1 and (values.words is not None or _is_whole(values))


def _is_whole(values: Values) -> bool:
    present = values.array[~values.missing]
    return present.dtype.kind == "i" or bool(present.dtype.kind == "f" and (present == np.rint(present)).all())


def _is_split_by(sample: Sample) -> bool:
    return sample.settings.time is not None or sample.settings.group is not None
