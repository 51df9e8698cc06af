"""Trying something out: whatever tensors are assigned is put back at the end, or if it fails."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chainrule.core import modes
from chainrule.core.changes import changes
from chainrule.core.held import Buffer, Symbol
from chainrule.core.modes import Interpreter
from chainrule.core.node import Handle, Node, View

if TYPE_CHECKING:
    from chainrule.core.primitive import Params, Primitive, Spec
    from chainrule.core.steering import Steering
    from chainrule.core.types import Tensor


class Before(NamedTuple):
    """What a handle held before it was first written to."""

    handle: weakref.ref[Handle]
    node: Node
    part_of: View | None
    grad: Tensor | Buffer | None


class Kept:
    """What handles held before they were first written to. Handles that nobody else holds are not kept alive."""

    def __init__(self) -> None:
        self._before: dict[int, Before] = {}

    def keep(self, handle: Handle) -> None:
        """Keep what `handle` holds, unless it has been written to already."""
        kept = self._before.get(id(handle))
        if kept is None or kept.handle() is not handle:
            self._before[id(handle)] = Before(weakref.ref(handle), handle.node, handle.part_of, handle._grad)

    def living(self) -> list[tuple[Handle, Before]]:
        """The handles that are still there, with what they held."""
        # What a handle was a part of lives as long as what is kept of the handle: so until nothing more goes.
        while gone := [key for key, kept in self._before.items() if kept.handle() is None]:
            for key in gone:
                del self._before[key]
        return [(handle, kept) for kept in self._before.values() if (handle := kept.handle()) is not None]

    def restore(self) -> None:
        """Put everything back."""
        for handle, kept in self.living():
            kept.node.stale = False
            handle.node, handle.part_of, handle._grad = kept.node, kept.part_of, kept.grad
        changes.tensors += 1


class _Rewind(Interpreter):
    """The interpreter that was at work before, with a note of everything that is written."""

    def __init__(self, inner: Interpreter, kept: Kept) -> None:
        self._inner = inner
        self._kept = kept

    def run(
        self, primitive: Primitive, inputs: tuple[Tensor, ...], params: Params, out: Spec
    ) -> np.ndarray | Symbol | None:
        return self._inner.run(primitive, inputs, params, out)

    def held(self, handle: Handle) -> np.ndarray | Symbol | None:
        return self._inner.held(handle)

    def read(self, handle: Handle, for_shape: bool) -> np.ndarray:
        return self._inner.read(handle, for_shape)

    def made(self, thing: Node | Steering) -> None:
        self._inner.made(thing)

    def writes(self, handle: Handle) -> None:
        self._kept.keep(handle)
        self._inner.writes(handle)

    def writes_grad(self, handle: Handle) -> None:
        self._kept.keep(handle)
        self._inner.writes_grad(handle)

    def reads_grad(self, handle: Handle) -> None:
        self._inner.reads_grad(handle)

    def walks(self, node: Node) -> None:
        self._inner.walks(node)

    def steered_by(self, thing: Steering, *, settled: bool = False) -> None:
        self._inner.steered_by(thing, settled=settled)

    def sets(self, thing: Steering, name: str) -> None:
        self._inner.sets(thing, name)


@contextmanager
def rewind() -> Iterator[None]:
    """Compute as usual within the block; what was assigned to tensors is put back after it.

    Weights, gradients, an optimizer's moments, running means, the random state: all are as before.

    >>> from chainrule.core.rewind import rewind
    >>> x = cr.tensor([1.0, 2.0])
    >>> with rewind():
    ...     x.mul_(10)
    tensor([10., 20.])
    >>> x
    tensor([1., 2.])
    """
    kept = Kept()
    try:
        with modes.interpreter(_Rewind(modes.state.interpreter, kept)):
            yield
    finally:
        kept.restore()


@contextmanager
def undone_if_failing() -> Iterator[None]:
    """Compute as usual within the block; if it raises, what was assigned to tensors is put back.

    >>> from chainrule.core.rewind import undone_if_failing
    >>> x = cr.tensor([1.0, 2.0])
    >>> try:
    ...     with undone_if_failing():
    ...         _ = x.mul_(10)
    ...         raise ValueError
    ... except ValueError:
    ...     print(x)
    tensor([1., 2.])
    """
    kept = Kept()
    try:
        with modes.interpreter(_Rewind(modes.state.interpreter, kept)):
            yield
    except BaseException:
        kept.restore()
        raise
