"""What runs a graph: the interface, and the reference that runs it in NumPy."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from chainrule.core.primitive import Spec
from chainrule.graph import Graph
from chainrule.graph.evaluate import evaluate


class Executable(Protocol):
    """A graph that can be run.

    Attributes:
        addresses: A ctypes array of pointers: the inputs in the graph's order, then the results. What the graph writes
            is written to the inputs' memory.
    """

    addresses: Any

    def run(self, repeat: int = 1) -> int:
        """Run it so many times. What is wrong with the data is an exception; then nothing that was written counts."""


Backend = Callable[[Graph], Executable]


class Reference:
    """Runs a graph by the definition of its primitives, on memory that is given by addresses."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.addresses = (ctypes.c_void_p * (len(graph.inputs) + len(graph.results)))()

    def run(self, repeat: int = 1) -> int:
        """Run it so many times."""
        graph = self._graph
        specs = [value.spec for value in (*graph.inputs, *graph.results)]
        streaming = any(value.stream for value in graph.inputs)
        moving = [value.stream for value in graph.inputs] + [streaming] * len(graph.results)
        for turn in range(repeat):
            arrays = [
                _at(address, spec, turn if moves else 0)
                for address, spec, moves in zip(self.addresses, specs, moving, strict=True)
            ]
            inputs, outs = arrays[: len(graph.inputs)], arrays[len(graph.inputs) :]
            results, written = evaluate(graph, inputs)
            for out, result in zip(outs, results, strict=True):
                out[...] = result
            for (index, _), value in zip(graph.writes, written, strict=True):
                inputs[index][...] = value
        return repeat


def _at(address: int | None, spec: Spec, turn: int) -> np.ndarray:
    """The array at an address, or so many arrays further on."""
    count = int(np.prod(spec.shape, dtype=np.int64)) * spec.dtype.itemsize
    start = (address or 0) + turn * count
    memory = memoryview((ctypes.c_uint8 * count).from_address(start)) if count else bytearray()
    return np.frombuffer(memory, spec.dtype).reshape(spec.shape)
