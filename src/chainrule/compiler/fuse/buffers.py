"""Which buffer each value stands in."""

from __future__ import annotations

import math

import numpy as np

from chainrule.compiler.expression import Buffer
from chainrule.compiler.fuse.order import Schedule
from chainrule.graph import Apply, Constant, Graph, Value


class Buffers:
    """The buffers of a program; those of the arena are made as they are asked for."""

    def __init__(self, graph: Graph, schedule: Schedule) -> None:
        self.inputs = tuple(
            Buffer(value.name, math.prod(value.shape), value.dtype, "input", number)
            for number, value in enumerate(graph.inputs)
        )
        self.results = tuple(
            Buffer(f"result{number}", math.prod(value.shape), value.dtype, "result", number)
            for number, value in enumerate(graph.results)
        )
        self.constants: list[np.ndarray] = []
        self.arena: list[Buffer] = []
        self._of: dict[Value, Buffer] = {
            **dict(zip(graph.inputs, self.inputs, strict=True)),
            **dict(zip(graph.results, self.results, strict=True)),
            **{value: self.inputs[number] for value, number in schedule.in_place.items()},
        }

    def of(self, value: Value) -> Buffer:
        """The buffer that a value stands in."""
        if value not in self._of:
            self._of[value] = self._made(value)
        return self._of[value]

    def _made(self, value: Value) -> Buffer:
        size = math.prod(value.shape)
        if isinstance(value, Constant):
            self.constants.append(np.ascontiguousarray(value.array))
            return Buffer(f"constant{len(self.constants) - 1}", size, value.dtype, "constant", len(self.constants) - 1)
        assert isinstance(value, Apply)
        name = f"{value.note.layer or value.note.kind}.{value.primitive.name}".lstrip(".")
        buffer = Buffer(f"{name}.{len(self.arena)}", size, value.dtype, "arena", len(self.arena))
        self.arena.append(buffer)
        return buffer
