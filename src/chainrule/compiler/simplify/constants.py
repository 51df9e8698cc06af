"""Constant folding: what is computed of constants alone is computed now."""

from __future__ import annotations

import numpy as np

from chainrule.core import shape as shapes
from chainrule.errors import ChainruleError
from chainrule.graph import Apply, Constant, Graph, Value, rewrite
from chainrule.ops.movement import BROADCAST

# A larger constant costs more to keep and to read than it saves.
_LARGEST = 2**20


def fold(graph: Graph) -> Graph:
    """Results of constants become constants, unless they are large, or an error (which is the call's, not ours)."""
    return rewrite(graph, _folded)


def _folded(value: Apply) -> Value:
    arrays = [each.array for each in value.inputs if isinstance(each, Constant)]
    if len(arrays) < len(value.inputs) or _is_better_computed(value, arrays):
        return value
    try:
        with np.errstate(all="ignore"):
            return Constant.of(np.asarray(value.primitive.evaluate(*arrays, **value.params)))
    except ChainruleError:
        return value


def _is_better_computed(value: Apply, arrays: list[np.ndarray]) -> bool:
    """Whether the result is large; or a broadcast, which costs nothing, where its result is to be read from memory."""
    size = shapes.size(value.shape)
    return size * value.dtype.itemsize > _LARGEST or (value.primitive is BROADCAST and size > arrays[0].size)
