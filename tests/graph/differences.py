"""Comparing what runs a graph with the reference, and finding the first value in which they differ."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from chainrule.graph import Apply, Constant, Graph, Input, evaluate, text
from chainrule.graph.evaluate import Arrays, values
from tests.graph.random_graphs import close

Evaluate = Callable[[Graph, Sequence[np.ndarray]], tuple[Arrays, Arrays]]


class Difference(NamedTuple):
    """The smallest graph found whose result is another, with its inputs."""

    graph: Graph
    arrays: list[np.ndarray]
    expected: np.ndarray
    got: np.ndarray

    def __str__(self) -> str:
        given = [f"{each.name} = {array!r}" for each, array in zip(self.graph.inputs, self.arrays, strict=True)]
        return "\n".join([text(self.graph), *given, f"expected {self.expected!r}", f"got {self.got!r}"])


def assert_same(graph: Graph, arrays: Sequence[np.ndarray], other: Evaluate) -> None:
    """Fail, with the first difference, unless `other` gives what `evaluate` does, up to rounding."""
    expected, got = evaluate(graph, arrays), other(graph, arrays)
    pairs = [pair for side in (0, 1) for pair in zip(got[side], expected[side], strict=True)]
    if not all(close(x, y) for x, y in pairs):
        found = first_difference(graph, arrays, other)
        raise AssertionError(str(found) if found else f"each value for itself is right:\n{text(graph)}")


def first_difference(graph: Graph, arrays: Sequence[np.ndarray], other: Evaluate) -> Difference | None:
    """The first value, in the order of the graph, that `other` makes something else of.

    The graph found ends in that value; if the value's operation alone goes wrong already, it is all there is.
    """
    arrays = list(arrays)
    expected = values(graph, arrays)
    for value in graph.order():
        if isinstance(value, Apply):
            cut = Graph(graph.inputs, (value,))
            ((got,), _) = other(cut, arrays)
            if not close(got, expected[value]):
                alone, given = _alone(value, expected)
                ((again,), _) = other(alone, given)
                if close(again, expected[value]):
                    return Difference(cut, arrays, expected[value], got)
                return Difference(alone, given, expected[value], again)
    return None


def _alone(value: Apply, arrays: dict) -> tuple[Graph, list[np.ndarray]]:
    """One operation, of inputs in place of what was computed before it."""
    stand_ins = {
        x: x if isinstance(x, Constant) else Input(x.shape, x.dtype, f"input{i}") for i, x in enumerate(value.inputs)
    }
    given = {stand_in: arrays[x] for x, stand_in in stand_ins.items() if isinstance(stand_in, Input)}
    inputs = tuple(stand_ins[x] for x in value.inputs)
    alone = Apply(value.shape, value.dtype, value.primitive, inputs, value.params, value.note)
    return Graph(tuple(given), (alone,)), list(given.values())
