"""What a rule is: a small function that knows one better way to write a value.

A rule gets a value whose inputs are simplified already, and gives what shall stand in its place (of the same shape and
dtype), or None. It looks only at the value and at what it is computed from. A family file lists its rules by the
primitive that they rewrite; to add one, write the function and put it in the list.

A rule must keep NaN, infinities and signed zeros true (only the sign and the payload of a NaN are nobody's): the value
is the same, bit for bit. Where it is the same up to rounding, the rule's docstring says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeGuard

import numpy as np

from chainrule.core.dtype import is_floating
from chainrule.core.primitive import Primitive
from chainrule.core.shape import Shape
from chainrule.graph import Apply, Constant, Graph, Value, rewrite
from chainrule.ops.movement import BROADCAST, RESHAPE

Rule: TypeAlias = Callable[[Apply], "Value | None"]
Rules: TypeAlias = Mapping[Primitive, Sequence[Rule]]


def apply_rules(graph: Graph, rules: Rules, settled: set[Value] | None = None) -> Graph:
    """The graph with every value rewritten until no rule has anything to say about it.

    Args:
        graph: The program.
        rules: The rules.
        settled: Values that no rule has anything to say about, which are not looked at again. More are added.
    """
    settled = set() if settled is None else settled

    def simplest(value: Apply) -> Value:
        result: Value = value
        while isinstance(result, Apply) and result not in settled:
            better = _first(result, rules.get(result.primitive, ()))
            if better is None:
                settled.add(result)
                break
            result = better
        return result

    return rewrite(graph, simplest)


def _first(value: Apply, rules: Sequence[Rule]) -> Value | None:
    for rule in rules:
        better = rule(value)
        if better is not None:
            return better
    return None


def instead(old: Apply, primitive: Primitive, *inputs: Value, **params: Any) -> Apply:
    """A value that takes the place of `old`, or is computed for it: it has its note."""
    return Apply.of(primitive, *inputs, note=old.note, **params)


def is_apply(value: Value, primitive: Primitive) -> TypeGuard[Apply]:
    """Whether `value` is the result of `primitive`."""
    return isinstance(value, Apply) and value.primitive is primitive


def number(value: Value) -> bool | int | float | None:
    """The number that `value` is at every call, if it is a 0-d constant."""
    if isinstance(value, Constant) and value.shape == ():
        found: bool | int | float = value.array.item()
        return found
    return None


def is_number(value: Value, wanted: float) -> bool:
    """Whether `value` is the 0-d constant `wanted`, its sign included: -0.0 is not 0.0."""
    found = number(value)
    return found is not None and found == wanted and math.copysign(1, found) == math.copysign(1, wanted)


def number_like(value: Value, what: float) -> Constant:
    """The 0-d constant `what` in the dtype of `value`."""
    return Constant.of(np.asarray(what, value.dtype))


def floats(value: Value) -> bool:
    """Whether `value` is of a floating dtype."""
    return is_floating(value.dtype)


def stretched(old: Apply, value: Value, shape: Shape) -> Value:
    """`value` in this shape: itself, or broadcast."""
    return value if value.shape == shape else instead(old, BROADCAST, value, shape=shape)


def reshaped(old: Apply, value: Value, shape: Shape) -> Value:
    """`value` in this shape: itself, or reshaped."""
    return value if value.shape == shape else instead(old, RESHAPE, value, shape=shape)


def together(*families: Rules) -> Rules:
    """The rules of all families; for each primitive in the order of the families."""
    result: dict[Primitive, tuple[Rule, ...]] = {}
    for family in families:
        for primitive, rules in family.items():
            result[primitive] = (*result.get(primitive, ()), *rules)
    return result
