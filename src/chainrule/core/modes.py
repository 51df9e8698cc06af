"""What steers the applying of operations, for each thread: gradient mode, interpreter, the layer and phase at work."""

from __future__ import annotations

import copy
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, contextmanager
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import numpy as np

if TYPE_CHECKING:
    from chainrule.core.held import Symbol
    from chainrule.core.node import Handle, Node
    from chainrule.core.primitive import Params, Primitive, Spec
    from chainrule.core.steering import Steering
    from chainrule.core.types import Tensor


class Interpreter:
    """What becomes of an operation: its value, or something that stands for it. Most are told more than they use."""

    def run(
        self, primitive: Primitive, inputs: tuple[Tensor, ...], params: Params, out: Spec
    ) -> np.ndarray | Symbol | None:
        """What the node of the result shall hold; None where only its shape and dtype are known."""
        raise NotImplementedError

    def held(self, handle: Handle) -> np.ndarray | Symbol | None:
        """What a node shall hold that has the value of `handle`."""
        return handle.node.value

    def read(self, handle: Handle, for_shape: bool) -> np.ndarray:
        """The value of `handle`, for Python code; `for_shape` if the shape of a result depends on it."""
        return handle.node.read()

    def made(self, thing: Node | Steering) -> None:
        """Told of each node that was not computed but made of an array, and of each module that is made."""

    def writes(self, handle: Handle) -> None:
        """Told before `handle` is bound to another node, so that the old one can be kept."""

    def writes_grad(self, handle: Handle) -> None:
        """Told before `handle` gets another gradient."""
        self.writes(handle)

    def reads_grad(self, handle: Handle) -> None:
        """Told before the gradient of `handle` is looked at."""

    def walks(self, node: Node) -> None:
        """Told of each node that a reverse walk comes to."""

    def steered_by(self, thing: Steering, *, settled: bool = False) -> None:
        """Told of each module and optimizer at work; `settled` if it has just changed and will stay as it is."""

    def sets(self, thing: Steering, name: str) -> None:
        """Told before an attribute of a module becomes another."""


class Scope(Protocol):
    """Where a value came to be."""

    def label(self) -> str:
        """The place as the user knows it, such as `Linear 'encoder.0'`."""


class Layer(ABC):
    """The layer whose `forward` is at work, as a scope. A class, not a protocol: those are slow to tell by."""

    @property
    @abstractmethod
    def module(self) -> Steering:
        """The layer itself."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The layer's name within the model, such as `encoder.0`."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """The layer's class, such as `Linear`."""

    @abstractmethod
    def label(self) -> str:
        """The layer as the user knows it, such as `Linear 'encoder.0'`."""


class Updated:
    """A weight that an optimizer updates, as the scope of what it computes for that.

    Args:
        weight: The weight.
        kind: The optimizer's class, such as `Adam`.
    """

    __slots__ = ("kind", "weight")

    def __init__(self, weight: Handle, kind: str) -> None:
        # Weakly, since what is computed remembers its scope, and may outlive the weight.
        self.weight = weakref.ref(weight)
        self.kind = kind

    def label(self) -> str:
        """The optimizer's class."""
        return self.kind


class Evaluate(Interpreter):
    """The reference interpreter: each operation is worked out at once, by its definition in NumPy."""

    def run(self, primitive: Primitive, inputs: tuple[Tensor, ...], params: Params, out: Spec) -> np.ndarray:
        """The value of `primitive` at the values of `inputs`."""
        # Infinities and NaN mean what they mean (1/0, log(-1)): no warnings.
        with np.errstate(all="ignore"):
            return np.asarray(primitive.evaluate(*[tensor.node.read() for tensor in inputs], **params))


EVALUATE = Evaluate()


class _State(threading.local):
    grad_enabled = True
    interpreter: Interpreter = EVALUATE
    scope: Scope | None = None
    phase = "forward"


state = _State()


class phase:
    """Within the block operations belong to this part of a step: `forward`, `backward` or `update`.

    The block may change the layer at work; after it both are as before.
    """

    __slots__ = ("_before", "_name")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._before = state.phase, state.scope
        state.phase = self._name

    def __exit__(self, *exc: object) -> None:
        state.phase, state.scope = self._before


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
