"""What a value is.

A `Node` is immutable: a shape, a dtype, a value, and the operation it came from. Chains of nodes are what
derivatives are taken of. A `Handle` is what a user's tensor is made of: a mutable reference to a node.
Changing a tensor in place binds its handle to a new node and marks the old one stale; a derivative that
later needs the stale value is an error, and everything else stays right, because nodes never change.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from chainrule.core.changes import changes
from chainrule.core.held import Buffer, Symbol
from chainrule.core.modes import Scope, state
from chainrule.core.shape import Shape
from chainrule.errors import InPlaceError, LeakedTensorError, ShapeError, UntracedValueError

if TYPE_CHECKING:
    from chainrule.core.primitive import Params, Primitive
    from chainrule.core.types import Tensor


class Origin(NamedTuple):
    """The operation that a node came from."""

    primitive: Primitive
    inputs: tuple[Node, ...]
    params: Params


class View(NamedTuple):
    """What a tensor is a part of, so that changing the part in place changes the whole.

    Attributes:
        base: The whole; a weak reference for what was only detached from it, which shall not keep its past alive.
        node: What the whole held when the part was taken. If it holds another by now, the part is out of date.
        primitive: What took the part; None for `detach`.
        params: Its parameters.
    """

    base: Tensor | weakref.ref[Tensor]
    node: Node
    primitive: Primitive | None
    params: Params


class Node:
    """An immutable value with its shape, dtype and origin.

    Attributes:
        address: Where the array starts in memory, as soon as a compiled program that reads it has asked; until then 0.
        held: The array; or the memory of a compiled program, as long as nobody has asked for the value; or a symbol
            while a function is traced; or None while only shapes are worked out.
        origin: The operation it came from; None for a leaf, or where nothing is remembered.
        tracked: Whether derivatives with respect to it, or through it, can be asked for.
        freed: Whether its origin was given back after a backward pass.
        stale: Whether the tensor that held it has been changed in place since.
        owner: The tensor whose `.grad` the gradient is added to: that of a leaf, or what `retain_grad` was called for.
        hooks: Called with the gradient of this node; what they return, if anything, replaces it.
        scope: The layer in whose `forward` it came to be.
    """

    __slots__ = (
        "__weakref__",
        "address",
        "dtype",
        "freed",
        "held",
        "hooks",
        "origin",
        "owner",
        "scope",
        "shape",
        "stale",
        "tracked",
    )

    def __init__(
        self,
        shape: Shape,
        dtype: np.dtype,
        held: np.ndarray | Buffer | Symbol | None,
        origin: Origin | None = None,
        tracked: bool = False,
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.held = held
        self.address = 0
        self.origin = origin
        self.tracked = tracked
        self.freed = False
        self.stale = False
        self.owner: weakref.ref[Handle] | None = None
        self.hooks: list[Callable[[Tensor], Tensor | None]] = []
        self.scope: Scope | None = state.scope

    @property
    def is_leaf(self) -> bool:
        """Whether it came from nothing that derivatives lead through."""
        return self.origin is None and not self.freed

    @property
    def value(self) -> np.ndarray | None:
        """The array; None where the value is not known."""
        held = self.held
        if isinstance(held, Buffer):
            self.held = held = held.snapshot()
        return None if isinstance(held, Symbol) else held

    def read(self) -> np.ndarray:
        """The value, for an operation that needs it."""
        if self.stale:
            raise InPlaceError(
                "a value that the derivative needs was changed in place after it was used.",
                where=self.scope.label() if self.scope else None,
                got=f"a tensor of shape {self.shape}",
                remedy="change it after backward(), or write x = x + 1 in place of x += 1",
            )
        held = self.held
        if isinstance(held, np.ndarray):
            return held
        value = self.value
        if value is None:
            raise self.unknown()
        return value

    def unknown(self) -> UntracedValueError:
        """The error for a value that is asked for but not known."""
        got = f"a tensor of shape {self.shape}"
        if isinstance(self.held, Symbol):
            return LeakedTensorError(
                "this tensor was made while a function was traced, and has no value outside of it.",
                where=f"made at {self.held.line}",
                got=got,
                remedy="return it from the compiled function",
            )
        return UntracedValueError(
            "the value of this tensor is not known yet: only shapes are being worked out.",
            got=got,
            remedy="keep item(), numpy(), bool() and float() of tensors out of forward()",
        )


_new = object.__new__


class Handle:
    """A mutable reference to a node: what `chainrule.Tensor` is made of.

    `Tensor`, with its operators and methods, stands above the operations; so that operations can make
    tensors, `_tensor/` registers its class here (see `core/types.py` for the whole story).
    """

    __slots__ = ("__weakref__", "_grad", "node", "part_of")

    concrete: ClassVar[type[Tensor]]

    def __init__(self, node: Node) -> None:
        self.node = node
        self.part_of: View | None = None
        self._grad: Tensor | Buffer | None = None

    @staticmethod
    def of(node: Node) -> Tensor:
        """A tensor that holds `node`."""
        tensor: Tensor = _new(Handle.concrete)
        # What `__init__` does, without another call: every result of every operation comes by here.
        tensor.node = node
        tensor.part_of = tensor._grad = None
        return tensor

    @property
    def grad(self) -> Tensor | None:
        """The gradient that `backward` has added up, or None."""
        state.interpreter.reads_grad(self)
        grad = self._grad
        if isinstance(grad, Buffer):
            # A compiled program has left it in its memory: now that somebody looks, it becomes a tensor.
            grad = self._grad = Handle.of(leaf(grad.snapshot()))
        return grad

    @grad.setter
    def grad(self, grad: Tensor | None) -> None:
        if grad is not None and (grad.shape, grad.dtype) != (self.node.shape, self.node.dtype):
            raise ShapeError(
                "a gradient has its tensor's shape and dtype.",
                expected=f"{self.node.shape}, {self.node.dtype}",
                got=f"{grad.shape}, {grad.dtype}",
            )
        state.interpreter.writes_grad(self)
        if grad is not self._grad:
            self._grad = grad
            changes.tensors += 1

    def rebind(self, node: Node) -> None:
        """Hold `node` from now on; a derivative that needs the value held until now becomes an error."""
        state.interpreter.writes(self)
        self.node.stale = True
        self.node = node
        changes.tensors += 1

    def read(self, *, for_shape: bool = False) -> np.ndarray:
        """The value, for Python code that wants it; while a function is traced this is an error for most tensors.

        Args:
            for_shape: Whether the shape of a result depends on it.
        """
        return state.interpreter.read(self, for_shape)


def leaf(value: np.ndarray, *, requires_grad: bool = False) -> Node:
    """A node that came from no operation."""
    node = Node(value.shape, value.dtype, value, tracked=requires_grad)
    state.interpreter.made(node)
    return node
