"""What a traced function computes: values, each from others by a primitive. Passes make new graphs; none changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.core.primitive import Params, Primitive, Spec
from chainrule.core.shape import Shape


@dataclass(frozen=True)
class Note:
    """Where a value comes from in the user's program.

    Attributes:
        layer: The layer's name within the model, such as `encoder.0`; empty outside of all layers. In an update, the
            weight's name, such as `encoder.0.bias`.
        kind: The layer's class, such as `Linear`; empty outside of all layers. In an update, the optimizer's.
        phase: `forward`, `backward` or `update`.
        line: The user's line, as `file.py:12`; empty where it is not known.
    """

    layer: str = ""
    kind: str = ""
    phase: str = "forward"
    line: str = ""

    @property
    def owner(self) -> str:
        """Whose value it is, as the user knows it: `Linear 'encoder.0'`; empty outside of all layers."""
        return f"{self.kind} '{self.layer}'".lstrip() if self.layer else self.kind

    @property
    def module(self) -> str:
        """The name of the layer that the work is done for: of an update, the one that holds the weight."""
        return self.layer.rpartition(".")[0] if self.phase == "update" else self.layer

    def __str__(self) -> str:
        return ", ".join(part for part in (self.owner, self.phase, self.line) if part)


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor in the graph: an `Input`, a `Constant` or an `Apply`. Two are equal only if they are the same object."""

    shape: Shape
    dtype: np.dtype

    @property
    def spec(self) -> Spec:
        """Its shape and dtype."""
        return Spec(self.shape, self.dtype)


@dataclass(frozen=True, eq=False)
class Input(Value):
    """What the program is given at each call: an argument, or state (a weight, a moment, the random state).

    A stream is an argument of a program that runs many times in one call: each turn takes the next of as many arrays,
    which stand in memory one after another. Then each turn has results of its own, one after another likewise.
    """

    name: str
    stream: bool = False


@dataclass(frozen=True, eq=False)
class Constant(Value):
    """An array that is the same at every call."""

    array: np.ndarray = field(repr=False)

    @staticmethod
    def of(array: np.ndarray) -> Constant:
        """A constant that holds a copy of `array`, which nobody can change."""
        kept = np.array(array, order="C")
        kept.flags.writeable = False
        return Constant(kept.shape, kept.dtype, kept)


@dataclass(frozen=True, eq=False)
class Apply(Value):
    """The result of a primitive."""

    primitive: Primitive
    inputs: tuple[Value, ...] = field(repr=False)
    params: Params
    note: Note = Note()

    @staticmethod
    def of(primitive: Primitive, *inputs: Value, note: Note | None = None, **params: Any) -> Apply:
        """A primitive applied to values; its shape and dtype are what the primitive infers."""
        out = primitive.infer(*[value.spec for value in inputs], **params)
        return Apply(out.shape, out.dtype, primitive, inputs, params, note or Note())


@dataclass(frozen=True)
class Graph:
    """A program: inputs, what it returns, and what it writes back.

    Attributes:
        inputs: In the order in which a call gives them.
        results: What a call gives back as new arrays.
        writes: (index of an input, the value it holds after the call). All inputs keep their old values until the end:
            a value computed from an input always sees the old one.
    """

    inputs: tuple[Input, ...]
    results: tuple[Value, ...]
    writes: tuple[tuple[int, Value], ...] = ()

    @property
    def outputs(self) -> tuple[Value, ...]:
        """Everything that a call must compute: results, then writes."""
        return (*self.results, *(value for _, value in self.writes))

    def order(self) -> list[Value]:
        """Every value that the outputs depend on, each after those it is computed from."""
        return list(self._order)

    @cached_property
    def primitives(self) -> frozenset[Primitive]:
        """The operations that it has at least one of."""
        return frozenset(value.primitive for value in self._order if isinstance(value, Apply))

    @cached_property
    def _order(self) -> list[Value]:
        return topological(self.outputs)


def inputs_of(value: Value) -> tuple[Value, ...]:
    """What a value is directly computed from."""
    return value.inputs if isinstance(value, Apply) else ()


def topological(roots: Iterable[Value], inputs_of: Callable[[Value], tuple[Value, ...]] = inputs_of) -> list[Value]:
    """The roots and all they are computed from, each after its inputs; always in the same order."""
    order: list[Value] = []
    seen: set[Value] = set()
    # None above a value says that all its inputs are in order.
    stack: list[Value | None] = [*reversed(tuple(roots))]
    while stack:
        value = stack.pop()
        if value is None:
            done = stack.pop()
            assert done is not None
            order.append(done)
        elif value not in seen:
            seen.add(value)
            stack += (value, None, *reversed(inputs_of(value)))
    return order
