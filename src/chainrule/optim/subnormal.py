"""Running means that nothing is added to any more, kept from becoming subnormal.

What a weight without gradients (behind a ReLU that no input reaches) remembers decays by a factor at each step until it
is below the smallest normal number, and stays there: subnormal numbers round back to themselves. Processors take a
hundred times as long over each of them. So means end at 0, and means of squares a little above the smallest normal
number: what decays of that is normal too, and its root is still far below any `eps`; no weight is changed by it.
"""

from __future__ import annotations

import numpy as np

from chainrule._tensor import Tensor
from chainrule.ops.arithmetic import maximum
from chainrule.ops.compare import where


def settled(mean: Tensor) -> Tensor:
    """A mean of numbers of either sign: 0 where it is subnormal."""
    return where(mean.abs() < _smallest(mean), 0.0, mean)


def settled_squares(mean: Tensor) -> Tensor:
    """A mean of squares: so far above 0 that it can be divided by, and that any usual decay of it is normal."""
    return maximum(mean, 4 * _smallest(mean))


def _smallest(like: Tensor) -> float:
    return float(np.finfo(like.dtype).tiny)
