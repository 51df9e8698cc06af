"""How tensors and arrays that are given at each call reach a program."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.changes import changes
from chainrule.core.dtype import DType
from chainrule.core.held import Buffer, address_of
from chainrule.core.node import Handle, Node, leaf
from chainrule.jit.memory import node_after
from chainrule.jit.streams import Stream
from chainrule.jit.trace import Written


def located(held: Any, dtype: DType) -> tuple[int, Any]:
    """The address of a value, and what must be kept alive as long as it is used: the value itself, or a copy."""
    if isinstance(held, Buffer):
        return held.address, held
    if held.dtype != dtype:
        held = held.astype(dtype)
    flags = held.flags
    if not (flags.c_contiguous and flags.aligned):
        held = np.require(held, requirements=("C", "ALIGNED"))
    # The quick way takes arrays that could be written to, and are not empty.
    if flags.writeable and held.size:
        return address_of(held), held
    return held.ctypes.data, held


class Given:
    """An argument that is only read.

    Args:
        position: Which of the program's addresses is its.
        index: Which of the arguments' leaves it is.
        dtype: Its dtype in the program.
    """

    __slots__ = ("_dtype", "_kept", "index", "position")

    def __init__(self, position: int, index: int, dtype: DType) -> None:
        self.position = position
        self.index = index
        self._dtype = dtype
        self._kept: Any = None

    def give(self, value: Any, addresses: Any) -> None:
        """Let the program read `value`, a tensor or an array."""
        if isinstance(value, Handle):
            self._kept = node = value.node
            addresses[self.position] = node.address or self._find(node)
        else:
            array = value.array if isinstance(value, Stream) else value
            if array is not self._kept:
                addresses[self.position], self._kept = located(array, self._dtype)

    def _find(self, node: Node) -> int:
        """Where the value of a node lies, which the node remembers as long as that cannot change."""
        address, self._kept = located(node.held, self._dtype)
        # A copy is made again at each call, as the array may have been changed; what lies in a program's memory is
        # copied out of it when somebody looks.
        if self._kept is node.held and isinstance(self._kept, np.ndarray):
            node.address = address
        return address


class Changed:
    """An argument that is changed in place, or whose gradient is read or changed.

    Args:
        position: Which of the program's addresses is its.
        index: Which of the arguments' leaves it is.
        of_gradient: Whether this is its gradient.
        after: What it is after a call, if it is written.
    """

    def __init__(self, position: int, index: int, of_gradient: bool, after: Written | None) -> None:
        self.index = index
        self._position = position
        self._of_gradient = of_gradient
        self._after = after
        self._array = np.empty(0)

    def give(self, tensor: Handle, addresses: Any) -> None:
        """Let the program read and write a copy."""
        if self._of_gradient:
            grad = tensor.grad
            found = np.empty(tensor.node.shape, tensor.node.dtype) if grad is None else grad.node.read()
        else:
            found = tensor.node.read()
        self._array = np.array(found, order="C")
        addresses[self._position] = self._array.ctypes.data

    def take(self, tensor: Handle) -> None:
        """Let the tensor hold what the program has written."""
        if self._after is None:
            return
        if self._of_gradient:
            tensor.grad = Handle.of(leaf(self._array))
        else:
            node = node_after(tensor, self._array, self._after)
            tensor.node.stale = True
            tensor.node = node
            changes.tensors += 1
