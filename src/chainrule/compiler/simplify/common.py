"""Common subexpressions: what is computed twice is computed once."""

from __future__ import annotations

from collections.abc import Hashable

from chainrule.graph import Apply, Constant, Graph, Value, rewrite
from chainrule.graph.rewrite import with_inputs
from chainrule.ops.arithmetic import ADD, MUL
from chainrule.ops.compare import AND, EQ, OR, XOR

# Those that do not care for the order of their inputs. (The maximum of 0.0 and -0.0 does.)
_COMMUTATIVE = (ADD, MUL, EQ, AND, OR, XOR)
# In bytes; of larger constants only the same array is known to be the same.
_COMPARED = 2**12


def merge(graph: Graph) -> Graph:
    """Values of the same primitive, inputs and parameters become one; so do equal small constants."""
    seen: dict[Hashable, Value] = {}

    def first(value: Apply) -> Value:
        inputs = tuple([seen.setdefault(_contents(x), x) if isinstance(x, Constant) else x for x in value.inputs])
        operands = frozenset(inputs) if value.primitive in _COMMUTATIVE else inputs
        key = (value.primitive, operands, _frozen(value.params))
        if key not in seen:
            seen[key] = value if inputs == value.inputs else with_inputs(value, inputs)
        return seen[key]

    return rewrite(graph, first)


def _contents(constant: Constant) -> Hashable:
    array = constant.array
    return (constant.shape, constant.dtype, array.tobytes() if array.nbytes <= _COMPARED else id(array))


def _frozen(param: object) -> Hashable:
    """A parameter as a key, equal only to the same: 1, 1.0 and True are not, nor are 0.0 and -0.0."""
    if isinstance(param, dict):
        if not param:
            return ()
        return tuple((name, _frozen(each)) for name, each in sorted(param.items()))
    if isinstance(param, tuple):
        return (type(param), *map(_frozen, param))
    if isinstance(param, float):
        return (float, param.hex())
    return (type(param), param)
