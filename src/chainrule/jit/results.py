"""What a program returns: new tensors, which later calls do not change."""

from __future__ import annotations

from typing import Any

from chainrule.core.compiled import Compiled
from chainrule.core.held import Buffer
from chainrule.core.node import Handle, Node
from chainrule.core.primitive import Spec
from chainrule.core.types import Tensor
from chainrule.jit.trace import Computed

# Up to this many bytes are copied out of memory that stays where it is; more get memory of their own at each call.
_COPIED = 4096


class Output:
    """A result that the program computes.

    Args:
        position: Which of the program's addresses is its.
        spec: Its shape and dtype.
        result: Whether it depends on what requires a gradient.
        scope: The compiled function, for the error where derivatives would lead into it.
    """

    def __init__(self, position: int, spec: Spec, result: Computed, scope: Compiled, addresses: Any) -> None:
        self._position = position
        self._shape, self._dtype = spec
        self._tracked = result.tracked
        self._scope = scope
        buffer = Buffer(*spec)
        self._array = buffer.array
        self.moves = self._array.nbytes > _COPIED
        addresses[position] = buffer.address

    def move(self, addresses: Any, turns: int | None = None) -> None:
        """Let the next run write to memory of its own; of a run of several turns, all their results."""
        self.moves = True
        shape = self._shape if turns is None else (turns, *self._shape)
        buffer = Buffer(shape, self._dtype)
        self._array = buffer.array
        addresses[self._position] = buffer.address

    def take(self) -> Tensor:
        """A tensor with the result of the last run."""
        array = self._array if self.moves else self._array.copy()
        node = Node(array.shape, self._dtype, array, None, self._tracked)
        if self._tracked:
            node.freed, node.scope = True, self._scope
        return Handle.of(node)
