"""Masks read off results: the backward pass of ReLU asks of `h` what it would have asked of `z`.

`h` is kept anyway, for the product that it goes into; so `z`, and the mask, need not be.
"""

from __future__ import annotations

from chainrule.compiler.simplify.rules import instead, is_apply, number
from chainrule.graph import Apply, Graph, Value, rewire
from chainrule.ops.arithmetic import MUL
from chainrule.ops.compare import LE, LT
from chainrule.ops.elementwise import WHERE


def read_off_results(graph: Graph) -> Graph:
    """All other users of the mask that a rectifier was made with take one that is computed from its result."""
    order = [value for value in graph.order() if isinstance(value, Apply)]
    by_mask = {value.inputs[0]: (value, mask) for value in order if (mask := _of_result(value)) is not None}
    changed: dict[Apply, tuple[Value, ...]] = {}
    for value in order:
        if any(x in by_mask for x in value.inputs):
            changed[value] = tuple(
                by_mask[x][1] if x in by_mask and by_mask[x][0] is not value else x for x in value.inputs
            )
    return rewire(graph, changed)


def _of_result(h: Apply) -> Apply | None:
    """For `h = where(mask, ...)`: what the mask is, in terms of `h`. A NaN in z is one in h, and compares as in z."""
    if h.primitive is not WHERE or not isinstance(h.inputs[0], Apply):
        return None
    mask, a, b = h.inputs
    if is_apply(mask, LE) and mask.inputs == (b, a) and number(a) is not None:
        # ReLU: where(z <= 0, 0, z). Where z is at most 0, h is 0; elsewhere it is z.
        return instead(mask, LE, h, a)
    if is_apply(mask, LT) and number(mask.inputs[0]) == 0 and mask.inputs[1] is a and _not_above_zero(b, a):
        # Leaky ReLU: where(0 < z, z, z * slope). Where z is not above 0, neither is h.
        return instead(mask, LT, mask.inputs[0], h)
    return None


def _not_above_zero(value: Value, z: Value) -> bool:
    """Whether `value` is z times a number that is not negative."""
    if not is_apply(value, MUL) or z not in value.inputs:
        return False
    slope = number(value.inputs[1] if value.inputs[0] is z else value.inputs[0])
    return slope is not None and slope >= 0
