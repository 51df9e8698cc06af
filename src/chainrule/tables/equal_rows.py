"""Rows that say the same: found by a fingerprint of 64 bits a row, a column at a time."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from chainrule.data.table import Table
from chainrule.data.values import Values

Rows = NDArray[np.int64]
Fingerprints = NDArray[np.uint64]

_MISSING = 0x9E3779B97F4A7C15


def repeated(names: Sequence[str], table: Table, rows: Rows, other: Table, other_rows: Rows) -> NDArray[np.bool_]:
    """For each of these rows, whether all of its values in these columns also stand in one of the other rows.

    Example:
        >>> from chainrule.data.table import ArrayTable
        >>> table, other = ArrayTable({"a": [1, 2], "b": ["x", "y"]}), ArrayTable({"a": [2.0, 1.0], "b": ["y", "y"]})
        >>> repeated(["a", "b"], table, np.arange(2), other, np.arange(2))
        array([False,  True])
    """
    found = np.zeros(len(rows), dtype=np.uint64)
    others = np.zeros(len(other_rows), dtype=np.uint64)
    for name in names:
        found = _joined(found, table.column(name).take(rows))
        others = _joined(others, other.column(name).take(other_rows))
        # Rows that are unlike all of these in the columns so far need no further look: most are done after a few.
        like = np.isin(others, found)
        others, other_rows = others[like], other_rows[like]
        if not len(others):
            break
    return np.isin(found, others)


def _joined(before: Fingerprints, values: Values) -> Fingerprints:
    """The fingerprints with one more column (the mixing is that of SplitMix64)."""
    mixed = before * np.uint64(0x9E3779B97F4A7C15) + np.where(values.missing, np.uint64(_MISSING), _bits(values))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    found: Fingerprints = mixed ^ (mixed >> np.uint64(31))
    return found


def _bits(values: Values) -> Fingerprints:
    array = values.array
    if values.words is not None:
        used = np.flatnonzero(np.bincount(array, minlength=1))
        digests = np.zeros(used.max(initial=0) + 1, dtype=np.uint64)
        digests[used] = _digests([str(word).encode() for word in values.words[used]])
        return np.take(digests, array)
    if array.ndim > 1:
        return _digests([np.ascontiguousarray(row).tobytes() for row in array])
    if array.dtype.kind == "f":
        # As the whole numbers that they are, so that 1.0 equals 1.
        whole: NDArray[np.bool_] = (np.abs(array) < 2.0**62) & (np.rint(array) == array)
        bits = np.where(whole, np.where(whole, array, 0.0).astype(np.int64), array.view(np.int64))
    else:
        bits = array.astype(np.int64)
    found: Fingerprints = bits.view(np.uint64)
    return found


def _digests(texts: Sequence[bytes]) -> Fingerprints:
    return np.frombuffer(b"".join(blake2b(text, digest_size=8).digest() for text in texts), dtype=np.uint64)
