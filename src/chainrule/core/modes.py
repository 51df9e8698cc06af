"""What steers the applying of operations, for each thread: gradient mode, interpreter, the layer at work."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, contextmanager
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import numpy as np

if TYPE_CHECKING:
    from chainrule.core.node import Handle, Node
    from chainrule.core.primitive import Params, Primitive, Spec


class Interpreter(Protocol):
    """What becomes of an operation: its value, or something that stands for it."""

    def run(self, primitive: Primitive, inputs: tuple[Node, ...], params: Params, out: Spec) -> np.ndarray | None:
        """The value of the operation's result; None where only its shape and dtype are known."""

    def writes(self, handle: Handle) -> None:
        """Told before `handle` is bound to another node or gradient, so that the old ones can be kept."""


class Scope(Protocol):
    """The layer whose `forward` is at work."""

    def label(self) -> str:
        """The layer as the user knows it, such as `Linear 'encoder.0'`."""


class Evaluate:
    """The reference interpreter: each operation is worked out at once, by its definition in NumPy."""

    def run(self, primitive: Primitive, inputs: tuple[Node, ...], params: Params, out: Spec) -> np.ndarray | None:
        """The value of `primitive` at the values of `inputs`."""
        # Infinities and NaN mean what they mean (1/0, log(-1)): no warnings.
        with np.errstate(all="ignore"):
            return np.asarray(primitive.evaluate(*[node.read() for node in inputs], **params))

    def writes(self, handle: Handle) -> None:
        """Nothing to keep: what is written stays written."""


class _State(threading.local):
    grad_enabled = True
    interpreter: Interpreter = Evaluate()
    scope: Scope | None = None


state = _State()


@contextmanager
def interpreter(chosen: Interpreter) -> Iterator[None]:
    """Run the block under another interpreter."""
    previous, state.interpreter = state.interpreter, chosen
    try:
        yield
    finally:
        state.interpreter = previous


_Function = TypeVar("_Function", bound=Callable[..., Any])


class _GradMode(ContextDecorator):
    enabled: bool

    def __init__(self) -> None:
        self._previous: list[bool] = []

    def __enter__(self) -> None:
        self._previous.append(state.grad_enabled)
        state.grad_enabled = self.enabled

    def __exit__(self, *exc: object) -> None:
        state.grad_enabled = self._previous.pop()

    def _recreate_cm(self) -> Self:
        # Each call of a decorated function has modes of its own: calls of several threads may overlap.
        fresh = copy.copy(self)
        fresh._previous = []
        return fresh


class no_grad(_GradMode):
    """Within the block (or the decorated function) nothing is remembered for derivatives.

    >>> import chainrule as cr
    >>> w = cr.tensor(2.0, requires_grad=True)
    >>> with cr.no_grad():
    ...     (w * 3).requires_grad
    False
    """

    enabled = False


class enable_grad(_GradMode):
    """Within the block derivatives are remembered again, inside a `no_grad`.

    >>> w = cr.tensor(2.0, requires_grad=True)
    >>> with cr.no_grad(), cr.enable_grad():
    ...     (w * 3).requires_grad
    True
    """

    enabled = True


class set_grad_enabled(_GradMode):
    """Derivatives are remembered or not from now on, as `mode` says; or only within the block, or the function.

    >>> with cr.set_grad_enabled(False):
    ...     cr.is_grad_enabled()
    False
    >>> cr.is_grad_enabled()
    True
    """

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.enabled = mode
        self._before = state.grad_enabled
        state.grad_enabled = mode

    def __enter__(self) -> None:
        self._previous.append(self._before)
        state.grad_enabled = self.enabled

    def __call__(self, func: _Function) -> _Function:
        state.grad_enabled = self._before
        return (enable_grad() if self.enabled else no_grad())(func)


def is_grad_enabled() -> bool:
    """Whether operations are remembered for derivatives here.

    >>> with cr.no_grad():
    ...     cr.is_grad_enabled()
    False
    """
    return state.grad_enabled
