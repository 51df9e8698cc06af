"""State that programs write in place: one piece of memory a tensor, shared by all programs that write it.

Between calls the tensor's node holds the memory itself, and nobody copies anything. Whoever asks for the value makes
the node keep a copy (`Node.value`), and the next call that writes gives the tensor a new node.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Protocol, TypeVar

import numpy as np

from chainrule import config
from chainrule.core.changes import changes
from chainrule.core.held import Buffer
from chainrule.core.node import Handle, Node
from chainrule.jit.trace import Written

# Bytes whose first touch is worth a thread: some milliseconds.
_LARGE = 1 << 24


class Memory(Protocol):
    """The memory of something that programs write."""

    buffer: Buffer

    def load(self) -> None:
        """Before a program runs: take over what is there, if that is something else than what is here."""

    def store(self, after: Written) -> None:
        """After a program has run: let what is here be the value, if that is not so already."""

    def forget(self) -> None:
        """After a program has failed: what is here cannot be trusted, unless it is all there is."""


@contextmanager
def loading(memories: Sequence[Memory]) -> Iterator[None]:
    """Load memories while something else is done: a new one is memory that the system has yet to provide.

    Whatever goes wrong with that goes wrong again, and is told, when they are loaded before the program runs.
    """

    def load() -> None:
        with suppress(MemoryError):
            for memory in memories:
                memory.load()

    size = sum(memory.buffer.array.nbytes for memory in memories)
    if size < _LARGE or config.get_num_threads() == 1:
        yield
        return
    thread = Thread(target=load, name="chainrule memory")
    try:
        thread.start()
    except RuntimeError:
        # The system gives no thread.
        yield
        return
    try:
        yield
    finally:
        thread.join()


class TensorMemory:
    """The memory of a tensor's value."""

    __slots__ = ("__weakref__", "_handle", "_node", "buffer")

    def __init__(self, handle: Handle) -> None:
        self.buffer = Buffer(handle.node.shape, handle.node.dtype)
        self._handle = handle
        # The node whose value is here.
        self._node: Node | None = None

    def load(self) -> None:
        node = self._handle.node
        if node is not self._node:
            np.copyto(self.buffer.array, node.read())
            self._node = node

    def store(self, after: Written) -> None:
        node = self._handle.node
        if node.held is not self.buffer:
            node.stale = True
            self._node = self._handle.node = node_after(self._handle, self.buffer, after)
            changes.tensors += 1

    def forget(self) -> None:
        if self._handle.node.held is not self.buffer:
            self._node = None


class GradientMemory:
    """The memory of a tensor's gradient, which is the tensor's `_grad` until somebody asks for it."""

    __slots__ = ("__weakref__", "_handle", "buffer")

    def __init__(self, handle: Handle) -> None:
        self.buffer = Buffer(handle.node.shape, handle.node.dtype)
        self._handle = handle

    def load(self) -> None:
        grad = self._handle._grad
        if isinstance(grad, Handle):
            np.copyto(self.buffer.array, grad.node.read())
        elif grad is not None and grad is not self.buffer:
            np.copyto(self.buffer.array, grad.array)

    def store(self, after: Written) -> None:
        if self._handle._grad is not self.buffer:
            self._handle._grad = self.buffer
            changes.tensors += 1

    def forget(self) -> None:
        pass


def node_after(handle: Handle, held: Buffer | np.ndarray, after: Written) -> Node:
    """The node of a tensor that a program has changed."""
    before = handle.node
    node = Node(before.shape, before.dtype, held, tracked=after.tracked)
    node.freed = not after.is_leaf
    node.hooks = before.hooks
    node.owner = weakref.ref(handle) if after.owned else None
    return node


_Kind = TypeVar("_Kind", TensorMemory, GradientMemory)

_tensors: weakref.WeakValueDictionary[int, TensorMemory] = weakref.WeakValueDictionary()
_gradients: weakref.WeakValueDictionary[int, GradientMemory] = weakref.WeakValueDictionary()


def memory_of(handle: Handle) -> TensorMemory:
    """The one memory of a tensor's value."""
    return _find(_tensors, TensorMemory, handle)


def gradient_memory_of(handle: Handle) -> GradientMemory:
    """The one memory of a tensor's gradient."""
    return _find(_gradients, GradientMemory, handle)


def _find(known: weakref.WeakValueDictionary[int, _Kind], kind: type[_Kind], handle: Handle) -> _Kind:
    # By id, as tensors compare element by element; the memory holds its tensor, so that the id stays its own.
    found = known.get(id(handle))
    node = handle.node
    if found is None or (found.buffer.array.shape, found.buffer.array.dtype) != (node.shape, node.dtype):
        found = known[id(handle)] = kind(handle)
    return found
