"""Trying something out: whatever tensors are assigned is put back at the end, or if it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from chainrule.core import modes
from chainrule.core.modes import Interpreter
from chainrule.core.node import Handle, Node, View

if TYPE_CHECKING:
    from chainrule.core.primitive import Params, Primitive, Spec
    from chainrule.core.types import Tensor


class Kept:
    """What handles held before they were first written to."""

    def __init__(self) -> None:
        self._before: dict[int, tuple[Handle, Node, View | None, Tensor | None]] = {}

    def keep(self, handle: Handle) -> None:
        """Keep what `handle` holds, unless it has been written to already."""
        self._before.setdefault(id(handle), (handle, handle.node, handle.part_of, handle._grad))

    def restore(self) -> None:
        """Put everything back."""
        for handle, node, part_of, grad in self._before.values():
            node.stale = False
            handle.node, handle.part_of, handle._grad = node, part_of, grad


class _Rewind:
    """The interpreter that was at work before, with a note of everything that is written."""

    def __init__(self, inner: Interpreter, kept: Kept) -> None:
        self._inner = inner
        self._kept = kept

    def run(self, primitive: Primitive, inputs: tuple[Node, ...], params: Params, out: Spec) -> np.ndarray | None:
        return self._inner.run(primitive, inputs, params, out)

    def writes(self, handle: Handle) -> None:
        self._kept.keep(handle)
        self._inner.writes(handle)


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
