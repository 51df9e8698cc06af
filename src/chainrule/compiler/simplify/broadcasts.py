"""Stretching late: what is computed of stretched values is computed before they are stretched.

So the bias corrections of an optimizer stay numbers, and what is done to a row of a matrix is done once.
"""

from __future__ import annotations

from chainrule.compiler.simplify.rules import Rules, instead, is_apply, stretched
from chainrule.core.primitive import PRIMITIVES
from chainrule.graph import Apply, Value
from chainrule.ops.elementwise import WHERE, Binary, Unary, Where
from chainrule.ops.movement import BROADCAST, CAST


def stretch_late(value: Apply) -> Value | None:
    """`f(broadcast(a), broadcast(b)) = broadcast(f(a, b))`, where a and b have one shape or are numbers."""
    if 0 in value.shape:
        return None  # f of the numbers might be an error (7 // 0), where f of no elements is none
    sources = [_source(x) for x in value.inputs]
    common = max((source.shape for source in sources if source is not None), key=len, default=value.shape)
    if common == value.shape or any(source is None or source.shape not in ((), common) for source in sources):
        return None
    known = [source for source in sources if source is not None]
    if value.primitive is WHERE:
        known[0] = stretched(value, known[0], common)
    return instead(value, BROADCAST, instead(value, value.primitive, *known, **value.params), shape=value.shape)


def number_beside(value: Apply) -> Value | None:
    """A stretched number beside a tensor need not be stretched."""
    # A condition has the whole shape.
    fixed = 1 if value.primitive is WHERE else 0
    inputs = value.inputs[:fixed] + tuple([_unstretched(x) for x in value.inputs[fixed:]])
    if inputs == value.inputs or all(x.shape != value.shape for x in inputs):
        return None
    return instead(value, value.primitive, *inputs, **value.params)


def _source(value: Value) -> Value | None:
    """What was stretched to `value`; itself if it is a number; None if it was not stretched."""
    if is_apply(value, BROADCAST):
        return value.inputs[0]
    return value if value.shape == () else None


def _unstretched(value: Value) -> Value:
    """The number that was stretched to `value`; itself if none was."""
    return value.inputs[0] if is_apply(value, BROADCAST) and value.inputs[0].shape == () else value


def rules() -> Rules:
    """For every elementwise primitive there is; asked for when all are there."""
    elementwise = [p for p in PRIMITIVES.values() if isinstance(p, (Unary, Binary, Where)) or p is CAST]
    return dict.fromkeys(elementwise, (stretch_late, number_beside))
