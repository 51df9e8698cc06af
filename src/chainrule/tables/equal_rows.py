"""Rows that say the same: found by a fingerprint of 64 bits a row, a column at a time."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chainrule.data.table import Table
from chainrule.data.values import Values

Rows = NDArray[np.int64]
Fingerprints = NDArray[np.uint64]

_MISSING = 0x9E3779B97F4A7C15


def repeated(
    names: Sequence[str], table: Table, rows: Rows, other: Table, other_rows: Rows, files: Collection[str] = ()
) -> NDArray[np.bool_]:
    """For each of these rows, whether all of its values in these columns also stand in one of the other rows.

    Args:
        names: The columns.
        table: Where the rows stand.
        rows: Which.
        other: Where the others stand.
        other_rows: Which.
        files: Columns of paths of files: what is in these counts, whatever they are called.

    Example:
        >>> from chainrule.data.table import ArrayTable
        >>> table, other = ArrayTable({"a": [1, 2], "b": ["x", "y"]}), ArrayTable({"a": [2.0, 1.0], "b": ["y", "y"]})
        >>> repeated(["a", "b"], table, np.arange(2), other, np.arange(2))
        array([False,  True])
    """
    found = np.zeros(len(rows), dtype=np.uint64)
    others = np.zeros(len(other_rows), dtype=np.uint64)
    for name in names:
        values, other_values = table.column(name).take(rows), other.column(name).take(other_rows)
        if name in files and values.words is not None and other_values.words is not None:
            bits, other_bits = _bits_of_files(values, other_values)
        else:
            bits, other_bits = _bits(values), _bits(other_values)
        found, others = _joined(found, values, bits), _joined(others, other_values, other_bits)
        # Rows that are unlike all of these in the columns so far need no further look: most are done after a few.
        like = np.isin(others, found)
        others, other_rows = others[like], other_rows[like]
        if not len(others):
            break
    return np.isin(found, others)


def _joined(before: Fingerprints, values: Values, bits: Fingerprints) -> Fingerprints:
    """The fingerprints with one more column (the mixing is that of SplitMix64)."""
    mixed = before * np.uint64(0x9E3779B97F4A7C15) + np.where(values.missing, np.uint64(_MISSING), bits)
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


def _bits_of_files(values: Values, other: Values) -> tuple[Fingerprints, Fingerprints]:
    """The same by what is in files. Only those are read of whose length there are some on both sides."""
    paths = [[(each.folder or Path()) / text for text in each.each_text()] for each in (values, other)]
    sizes = [np.array([_size(path) for path in each], dtype=np.int64) for each in paths]
    shared = np.intersect1d(sizes[0], sizes[1])
    found = []
    for files, lengths in zip(paths, sizes, strict=True):
        bits = lengths.astype(np.uint64)
        alike = np.flatnonzero(np.isin(lengths, shared))
        # One after another: they may be more than fits into memory.
        bits[alike] = _digests(_content(files[row]) for row in alike)
        found.append(bits)
    return found[0], found[1]


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return -1


def _content(path: Path) -> bytes:
    """What is in a file; of one that is empty or cannot be read its name, which is that of no other."""
    with suppress(OSError):
        if content := path.read_bytes():
            return content
    return str(path).encode(errors="surrogateescape")


def _digests(texts: Iterable[bytes]) -> Fingerprints:
    return np.frombuffer(b"".join(blake2b(text, digest_size=8).digest() for text in texts), dtype=np.uint64)
