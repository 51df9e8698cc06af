"""The state of a training as it was: what is gone back to when something has gone wrong since."""

from __future__ import annotations

import numpy as np

from chainrule._tensor import Tensor
from chainrule.core.held import Buffer
from chainrule.core.modes import no_grad
from chainrule.nn.module import Module
from chainrule.ops.convert import constant
from chainrule.ops.random import default_generator
from chainrule.optim import Optimizer


class KeptState:
    """Copies of all that a step changes.

    Args:
        tensors: What a step changes.
    """

    def __init__(self, tensors: list[Tensor]) -> None:
        self._kept = [(tensor, in_memory(tensor).copy()) for tensor in tensors]

    @classmethod
    def of(cls, model: Module, optimizer: Optimizer) -> KeptState:
        """Weights, running means, what the optimizer remembers, and the random state, as they are now."""
        remembered = [tensor for state in optimizer.state.values() for tensor in state.values()]
        return cls([*model.parameters(), *model.buffers(), *remembered, default_generator().state])

    def restore(self) -> None:
        """Put everything back."""
        with no_grad():
            for tensor, array in self._kept:
                tensor.copy_(constant(array))


def in_memory(tensor: Tensor) -> np.ndarray:
    """The value, to be looked at before the next step: where it lies in the memory of a program, this memory itself.

    To ask for the value would make the tensor leave that memory, and the next step bring it back.
    """
    held = tensor.node.held
    return held.array if isinstance(held, Buffer) else tensor.node.read()
