"""Working out shapes and dtypes without values.

Under this interpreter any tensor code runs in microseconds an operation, whatever its sizes: `summary()` learns
output shapes and costs from it, and `fit` finds mistakes in a model before training starts. What the code
assigns (a running mean, the random state, a gradient) is put back at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chainrule.core import modes
from chainrule.core.modes import Interpreter
from chainrule.core.node import Handle, Node
from chainrule.core.primitive import Params, Primitive, Spec
from chainrule.core.rewind import Kept

if TYPE_CHECKING:
    from chainrule.core.types import Tensor

Listener = Callable[[Primitive, tuple[Node, ...], Params, Spec], None]


class Abstract(Interpreter):
    """The interpreter: no values, and a note of everything that is written."""

    def __init__(self, listener: Listener | None = None) -> None:
        self._listener = listener
        self.kept = Kept()

    def run(self, primitive: Primitive, inputs: tuple[Tensor, ...], params: Params, out: Spec) -> None:
        """No value; the listener, if any, hears of the operation."""
        if self._listener:
            self._listener(primitive, tuple([tensor.node for tensor in inputs]), params, out)

    def writes(self, handle: Handle) -> None:
        """Keep what `handle` held when it was first written to."""
        self.kept.keep(handle)


@contextmanager
def shapes_only(listener: Listener | None = None) -> Iterator[None]:
    """Within the block operations make tensors that have a shape and a dtype but no value.

    Args:
        listener: Called with (primitive, inputs, params, output) of every operation.
    """
    abstract = Abstract(listener)
    try:
        with modes.interpreter(abstract):
            yield
    finally:
        abstract.kept.restore()
