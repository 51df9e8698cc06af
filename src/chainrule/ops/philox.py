"""Philox 4×32-10, the counter-based generator, in NumPy.

J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). A block of four
32-bit words is a pure function of a counter and a key, so that the same bits come out in any order, on any
number of threads, and in native code.
"""

from __future__ import annotations

import numpy as np

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
# So many numbers are made at a time that all words of them stay in the cache: ten times as fast as all at once.
_AT_ONCE = 1 << 14


def blocks(key: int, first: int, count: int) -> np.ndarray:
    """Blocks `first` to `first + count - 1` under `key`: (count, 4) words, as uint64 below 2³².

    Args:
        key: 64 bits.
        first: The first block's counter, 64 bits (of the 128 the generator has).
        count: How many blocks.
    """
    counter = np.uint64(first) + np.arange(count, dtype=np.uint64)
    zero = np.zeros(count, np.uint64)
    return rounds((counter & _LOW, counter >> _32, zero, zero), (key & 0xFFFFFFFF, key >> 32 & 0xFFFFFFFF))


def rounds(counter: tuple[np.ndarray, ...], key: tuple[int, int]) -> np.ndarray:
    """The ten rounds, over arrays of counters of four words each."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = (
            (p1 >> _32) ^ c1 ^ np.uint64(k0),
            p1 & _LOW,
            (p0 >> _32) ^ c3 ^ np.uint64(k1),
            p0 & _LOW,
        )
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=-1)


def uniform(key: int, first: int, count: int, dtype: np.dtype) -> np.ndarray:
    """`count` numbers from 0 (included) to 1 (not): one word each for float32 (24 bits), two for float64 (53)."""
    out = np.empty(count, dtype)
    for start in range(0, count, _AT_ONCE):
        part = out[start : start + _AT_ONCE]
        part[:] = _uniform(key, first + blocks_needed(start, dtype), len(part), dtype)
    return out


def _uniform(key: int, first: int, count: int, dtype: np.dtype) -> np.ndarray:
    words = blocks(key, first, blocks_needed(count, dtype)).reshape(-1)
    if dtype == np.float32:
        return (words[:count] >> np.uint64(8)).astype(np.float32) * np.float32(2.0**-24)
    high, low = words[0 : 2 * count : 2], words[1 : 2 * count : 2]
    return ((high >> np.uint64(5)) * 67108864.0 + (low >> np.uint64(6))) * 2.0**-53


def blocks_needed(count: int, dtype: np.dtype) -> int:
    """How many blocks `uniform` uses."""
    return -(-count // (4 if dtype == np.float32 else 2))
