"""Hooks on the gradients that pass through a module."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chainrule._tensor import Tensor
from chainrule.errors import GradientError
from chainrule.ops.movement import BROADCAST

if TYPE_CHECKING:
    from chainrule.nn.module import Module

Gradients = tuple[Tensor | None, ...]
BackwardHook = Callable[["Module", Gradients, Gradients], Any]


class Passage:
    """One call of a module: marks where its input comes in and its output goes out, for the way back.

    Args:
        module: The module, which has backward hooks.
        args: What it is called with.

    Attributes:
        args: The same, with the input marked.
    """

    def __init__(self, module: Module, args: tuple[Any, ...]) -> None:
        self._module = module
        tracked = [i for i, arg in enumerate(args) if isinstance(arg, Tensor) and arg.requires_grad]
        if len(tracked) > 1:
            # The gradients of several inputs come one by one, and nobody could say that no more will come.
            raise GradientError(
                "a backward hook is for modules with one input that requires a gradient.",
                got=f"{len(tracked)} of them",
                remedy="x.register_hook(...) on each of the inputs",
            )
        self._at = tracked[0] if tracked else None
        self._grad_input: list[Tensor | None] = [None] * len(args)
        self._grad_output: Tensor | None = None
        self.args = tuple(_mark(arg, self._came_in) if i == self._at else arg for i, arg in enumerate(args))

    def leave(self, output: Any) -> Any:
        """The output, marked."""
        if not isinstance(output, Tensor):
            raise GradientError(
                "a backward hook is for modules with one output.", expected="a tensor", got=type(output).__name__
            )
        return _mark(output, self._goes_out) if output.requires_grad else output

    def _goes_out(self, gradient: Tensor) -> None:
        self._grad_output = gradient
        if self._at is None:
            self._tell()

    def _came_in(self, gradient: Tensor) -> Tensor | None:
        assert self._at is not None
        self._grad_input[self._at] = gradient
        self._tell()
        return self._grad_input[self._at]

    def _tell(self) -> None:
        for hook in tuple(self._module._backward_hooks):
            changed = hook(self._module, tuple(self._grad_input), (self._grad_output,))
            if changed is not None:
                self._grad_input = list(changed) if isinstance(changed, (tuple, list)) else [changed]


def _mark(tensor: Tensor, hook: Callable[[Tensor], Tensor | None]) -> Tensor:
    """The same value as a node of its own, with a hook on its gradient."""
    marked = BROADCAST(tensor, shape=tensor.shape)
    if marked.requires_grad:
        marked.node.hooks.append(hook)
    return marked
