"""Programs of real steps, and what they compute; for tests of the runtime."""

from __future__ import annotations

import functools

import numpy as np

import chainrule as cr
from chainrule.compiler import compile_graph
from chainrule.graph import Graph
from chainrule.native.executable import Executable, build
from tests.graph.recorder import record, training_step


class Running:
    """An executable with arrays at its addresses."""

    def __init__(self, executable: Executable, arrays: list[np.ndarray], graph: Graph) -> None:
        self.executable = executable
        self.inputs = [np.array(array, order="C") for array in arrays]
        self.results = [np.zeros(value.shape, value.dtype) for value in graph.results]
        for number, array in enumerate([*self.inputs, *self.results]):
            executable.addresses[number] = array.ctypes.data

    def content(self) -> tuple[bytes, ...]:
        """The bits of everything that it has read and written."""
        return tuple(array.tobytes() for array in [*self.inputs, *self.results])


def started(graph: Graph, arrays: list[np.ndarray], **options: object) -> Running:
    """A compiled graph, ready to run on copies of the arrays."""
    return Running(build(lambda: compile_graph(graph), **options), arrays, graph)


@functools.cache
def small() -> tuple[Graph, list[np.ndarray]]:
    """A step of Adam that is not worth a second thread. It looks up class indices, and so may fault."""
    return training_step()


@functools.cache
def shareable() -> tuple[Graph, list[np.ndarray]]:
    """A step of a few sections that are worth four threads, with a table that is looked up first."""
    generator = cr.Generator(7)
    table, weight = cr.randn(50, 128, generator=generator), cr.randn(128, 160, generator=generator) * 0.05
    rows = cr.randint(0, 50, (300,), generator=generator)

    def step() -> list[cr.Tensor]:
        product = cr.tanh(table[rows] @ weight)
        loss = (product * product).mean(1).exp().mean()
        with cr.no_grad():
            weight.copy_(weight - 0.01 * (table[rows].T @ product))
        return [loss, product]

    return record(step, [table, weight, rows])
