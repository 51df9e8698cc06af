"""What an optimizer remembers of a weight, before the first step."""

from __future__ import annotations

import numpy as np

from chainrule._tensor import Tensor
from chainrule.ops.creation import make


def at_rest(param: Tensor) -> Tensor:
    """Zeros in the shape and dtype of a weight: one zero, stretched, that takes no memory.

    A compiled step copies its state to memory of its own, and at that moment whole zeros would stand beside it.
    """
    return make(np.broadcast_to(np.zeros((), param.dtype), param.shape), requires_grad=False)
