"""Numbers with a long tail."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.findings.base import Finding, Sample, is_ordered, listed, numbers

_LONG = 3.0


def check(sample: Sample) -> Iterator[Finding]:
    """Columns of numbers whose skewness (the third moment, standardised) is far from 0."""
    found = {}
    for field in (*sample.inputs, *sample.schema.targets):
        values = sample.values(field.name)
        if field.kind == "number" and is_ordered(values) and abs(skewness(numbers(values))) >= _LONG:
            found[field.name] = skewness(numbers(values))
    if found:
        most = max(found, key=lambda name: abs(found[name]))
        verb = "have" if len(found) > 1 else "has"
        message = f"{listed(found)} {verb} a long tail (skewness of {most!r}: {found[most]:.1f})"
        yield Finding("skew", "note", tuple(found), message)


def skewness(x: NDArray[np.float64]) -> float:
    """The mean of the cubes of the standardised numbers; 0 where there is no spread."""
    x = x[np.isfinite(x)]
    if len(x) < 3 or x.std() == 0:
        return 0.0
    return float((((x - x.mean()) / x.std()) ** 3).mean())
