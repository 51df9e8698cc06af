"""Running a graph by the definition of its primitives, in NumPy: what compiled programs are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.graph import Apply, Constant, Graph, Value

Arrays: TypeAlias = tuple[np.ndarray, ...]


def evaluate(graph: Graph, arrays: Sequence[np.ndarray]) -> tuple[Arrays, Arrays]:
    """What a call of the program gives for these inputs, and what it writes back.

    Args:
        graph: The program.
        arrays: One for each of its inputs. None is changed.

    Returns:
        The results, and the arrays to be written to the inputs that `graph.writes` names; all of them new.

    Raises:
        ShapeError: If an array does not have its input's shape and dtype.
    """
    found = values(graph, arrays)
    return (
        tuple(np.array(found[value], order="C") for value in graph.results),
        tuple(np.array(found[value], order="C") for _, value in graph.writes),
    )


def values(graph: Graph, arrays: Sequence[np.ndarray]) -> dict[Value, np.ndarray]:
    """Every value that the outputs depend on, inputs and constants too, for these inputs."""
    found: dict[Value, np.ndarray] = {}
    for given, array in zip(graph.inputs, arrays, strict=True):
        if (array.shape, array.dtype) != given.spec:
            raise ShapeError(
                "the array does not fit its input.",
                where=given.name,
                expected=f"{given.shape} {given.dtype}",
                got=f"{array.shape} {array.dtype}",
            )
        found[given] = array
    # Infinities and NaN mean what they mean (1/0, log(-1)): no warnings.
    with np.errstate(all="ignore"):
        for value in graph.order():
            if isinstance(value, Constant):
                found[value] = value.array
            elif isinstance(value, Apply):
                inputs = [found[each] for each in value.inputs]
                found[value] = np.asarray(value.primitive.evaluate(*inputs, **value.params))
    return found
