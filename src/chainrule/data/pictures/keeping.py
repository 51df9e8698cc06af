"""Decoding all pictures once, ahead of training: into memory, or where they are too many into a mapped file.

Decoding a photograph takes a hundred times longer than reading its decoded bytes from a disk, and training reads every
picture in every epoch. So they are decoded once, on all processors, whatever is broken is known before training, and
steps gather their rows from the file as they do from memory, without waiting for anybody. Only where the disk has no
room for it are pictures decoded for each batch, ahead of the step that needs them.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.pictures.files import PictureFiles, broken

# Seconds between two lines that say how far it is.
EVERY = 6.0


def kept(files: PictureFiles, memory: int | None, say: Callable[[str], None]) -> NDArray[np.uint8] | PictureFiles:
    """All pictures decoded; or as they were, where there is no room for them.

    Args:
        files: The pictures.
        memory: From so many bytes on they go into a file. Default: a quarter of the machine's memory.
        say: Tells how far it is, and where they are kept.

    Raises:
        ColumnTypeError: If files are missing or broken: all are counted, the first are named.
    """
    begun = time.perf_counter()
    limit = memory or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
    size = f"{files.nbytes / 1e6:,.1f} MB"
    free = shutil.disk_usage(tempfile.gettempdir()).free
    in_file = files.nbytes > limit
    # Half of the disk is left to others.
    if in_file and files.nbytes > free // 2:
        faults = files.check(Progress(len(files), say))
        if faults:
            raise broken(files, faults)
        say(f"{len(files):,} pictures, {size} decoded, for which there is no room: decoded for each batch, ahead of it")
        return files
    decoded = room(files.shape, np.dtype(np.uint8), in_file)
    files.decode(decoded, Progress(len(files), say))
    where = "a file that is mapped into memory" if in_file else "memory"
    say(f"{len(files):,} pictures decoded in {time.perf_counter() - begun:.1f} s, {size} in {where}")
    return decoded


def room(shape: tuple[int, ...], dtype: np.dtype[Any], in_file: bool) -> NDArray[Any]:
    """An array to be filled; in a file that is mapped into memory, and goes when it is dropped, if asked for."""
    if not in_file or not math.prod(shape):
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile(prefix="chainrule-") as file:
        return np.memmap(file, dtype, "w+", shape=shape)


class Progress:
    """Says now and then how many are done."""

    def __init__(self, total: int, say: Callable[[str], None]) -> None:
        self._total, self._say = total, say
        self._begun = self._said = time.perf_counter()

    def __call__(self, done: int) -> None:
        now = time.perf_counter()
        if now > self._said + EVERY and done < self._total:
            self._said = now
            left = (now - self._begun) / done * (self._total - done)
            self._say(f"{done:,} of {self._total:,} pictures decoded, {left:.0f} s left")
