"""Runs programs between guards: memory before and after everything they are given, which must stay as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest

from chainrule.compiler.kernel import Program
from chainrule.graph import Graph
from chainrule.graph.evaluate import Arrays
from chainrule.native import cost, executable
from chainrule.native.executable import Executable
from chainrule.native.program import compiled_program
from chainrule.native.target import Target

_GUARD, _BYTE = 1024, 0xA5


class Guards:
    """Blocks of memory, each between two guards."""

    def __init__(self) -> None:
        self._rooms: list[tuple[np.ndarray, int, int]] = []

    def block(self, size: int, alignment: int = 64) -> np.ndarray:
        """Bytes at a multiple of the alignment; a guard ends right before them, another starts right after them."""
        room = np.full(size + 2 * _GUARD + alignment, _BYTE, np.uint8)
        start = _GUARD + -(room.ctypes.data + _GUARD) % alignment
        self._rooms.append((room, start, start + size))
        return room[start : start + size]

    def copy(self, array: np.ndarray) -> np.ndarray:
        """A copy of an array at an odd place: only as aligned as its elements are."""
        room = self.block(array.nbytes + array.itemsize)[array.itemsize :]
        # What lies between the guard and the array belongs to the guard.
        found, start, end = self._rooms[-1]
        self._rooms[-1] = found, start + array.itemsize, end
        found[start : start + array.itemsize] = _BYTE
        view = room.view(array.dtype).reshape(array.shape)
        view[...] = array
        return view

    def check(self) -> None:
        """Fail if a guard has changed."""
        for room, start, end in self._rooms:
            before, after = np.flatnonzero(room[:start] != _BYTE), np.flatnonzero(room[end:] != _BYTE)
            assert not before.size, f"written {start - before[-1]} bytes before a block of {end - start}"
            assert not after.size, f"written {after[0]} bytes after a block of {end - start}"


class Guarded:
    """A program compiled for a target, which runs between guards.

    Args:
        program: Of the graph.
        graph: What it computes.
        target: One that can run here.
    """

    def __init__(self, program: Program, graph: Graph, target: Target) -> None:
        self._program, self._graph = program, graph
        self._entry = compiled_program(program, target)

    def __call__(self, arrays: Sequence[np.ndarray], turns: int = 1) -> tuple[Arrays, Arrays]:
        """Results and what was written, as `graph.evaluate` gives them. Inputs that are not written must not change."""
        guards = Guards()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(executable, "aligned_block", guards.block)
            running = Executable(self._entry, lambda: self._program)
            inputs = [guards.copy(array) for array in arrays]
            results = [guards.copy(np.zeros(value.shape, value.dtype)) for value in self._graph.results]
            for number, array in enumerate([*inputs, *results]):
                running.addresses[number] = array.ctypes.data
            for _ in range(turns):
                running.run()
        guards.check()
        changed = {number for number, _ in self._graph.writes}
        for number, (array, before) in enumerate(zip(inputs, arrays, strict=True)):
            assert number in changed or array.tobytes() == before.tobytes(), f"input {number} has changed"
        return tuple(results), tuple(inputs[number] for number, _ in self._graph.writes)


@contextmanager
def always_shared() -> Iterator[None]:
    """Programs compiled meanwhile share all kernels among as many threads as there are, however little work it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cost, "worthwhile_threads", lambda kernel, units: max(1, min(units, 64)))
        yield


def bits(arrays: tuple[Arrays, Arrays]) -> list[bytes]:
    """What must be equal in any two runs."""
    return [array.tobytes() for side in arrays for array in side]
