"""Common subexpressions: what is computed twice is computed once."""

from __future__ import annotations

from collections.abc import Hashable

from chainrule.graph import Apply, Constant, Graph, Value
from chainrule.graph.rewrite import rewrite
from chainrule.ops.arithmetic import ADD, MUL
from chainrule.ops.compare import AND, EQ, OR, XOR

# Which order the inputs have makes no difference. (Not so for the maximum, which of 0.0 and -0.0 takes one by its place.)
_COMMUTATIVE = (ADD, MUL, EQ, AND, OR, XOR)
# Of larger constants only the same array is known to be the same.
_COMPARED = 2**12


def merge(graph: Graph) -> Graph:
    """Values of the same primitive, inputs and parameters become one, as do equal small constants."""
    seen: dict[Hashable, Value] = {}

    def first(value: Apply) -> Value:
        inputs = [seen.setdefault(_key(x), x) if isinstance(x, Constant) else x for x in value.inputs]
        ids = [id(x) for x in inputs]
        if value.primitive in _COMMUTATIVE:
            ids.sort()
        same = seen.get(key := (value.primitive, *ids, freeze(value.params)))
        if same is None:
            same = value if tuple(inputs) == value.inputs else replace(value, inputs=tuple(inputs))
            seen[key] = same
        return same

    return rewrite(graph, first)
