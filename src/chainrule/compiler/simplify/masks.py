"""Masks read off results: the backward pass of ReLU asks of `h` what it would have asked of `z`.

`h` is kept anyway, for the product that it goes into; so `z`, and the mask, need not be. But where `z` is a
normalisation of `x`, the backward pass reads `x` anyway, for that normalisation's own gradient: there the mask stays
one of `z`, which is computed from `x` again, and `h` need not be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chainrule.compiler.simplify.rules import instead, is_apply, number
from chainrule.graph import Apply, Graph, Value, rewire
from chainrule.ops.arithmetic import ADD, MUL, SUB
from chainrule.ops.compare import LE, LT
from chainrule.ops.elementwise import WHERE
from chainrule.ops.movement import BROADCAST


def read_off_results(graph: Graph) -> Graph:
    """All other users of the mask that a rectifier was made with take one that is computed from its result."""
    order = [value for value in graph.order() if isinstance(value, Apply)]
    by_mask = {value.inputs[0]: (value, mask) for value in order if (mask := _of_result(value)) is not None}
    for kept in _beside_sources(order, by_mask):
        del by_mask[kept]
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


def _beside_sources(order: list[Apply], masks: Mapping[Value, Any]) -> set[Apply]:
    """The masks of what is computed from one array that stands, in a product, beside what the mask has chosen."""
    sources = {mask: source for mask in masks if isinstance(mask, Apply) and (source := _source(mask)) is not None}
    chosen: dict[Value, Apply] = {}
    for value in order:
        if value.primitive is WHERE and isinstance(mask := value.inputs[0], Apply) and mask in sources:
            chosen[value] = mask
    found = set()
    for value in order:
        if value.primitive is MUL and value.inputs[0].shape == value.inputs[1].shape:
            for one, other in (value.inputs, value.inputs[::-1]):
                found |= {chosen[x] for x in _along(one) if x in chosen and sources[chosen[x]] in _along(other)}
    return found


def _source(mask: Apply) -> Value | None:
    """The one array that a mask is computed from by a few cheap steps."""
    steps = list(_along(mask))
    return steps[-1] if len(steps) > 2 and isinstance(steps[-1], Apply) else None


def _along(value: Value) -> Iterator[Value]:
    """A value, and what it is computed from by steps of which all other operands are the same along some dimension."""
    yield value
    while isinstance(value, Apply) and value.primitive in (ADD, SUB, MUL, LE, LT):
        arrays = [x for x in value.inputs if x.shape == value.shape and not is_apply(x, BROADCAST)]
        if len(arrays) != 1:
            return
        (value,) = arrays
        yield value
