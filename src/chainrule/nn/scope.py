"""Which layer is at work, so that values, gradients and errors carry its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chainrule.core.modes import Layer, state
from chainrule.errors import ChainruleError

if TYPE_CHECKING:
    from chainrule.nn.module import Module


class LayerScope(Layer):
    """The `forward` of a module, within the `forward` of the model.

    Attributes:
        module: The module at work.
        root: The outermost module whose `forward` is at work.
    """

    __slots__ = ("_module", "root")

    def __init__(self, module: Module, root: Module) -> None:
        self._module = module
        self.root = root

    @property
    def module(self) -> Module:
        """The module at work."""
        return self._module

    @property
    def name(self) -> str:
        """The module's name within the model, such as `encoder.0`; empty for the model itself."""
        # Looked up only when somebody asks, so that naming costs nothing in training.
        return next((name for name, module in self.root.named_modules() if module is self.module), "")

    @property
    def kind(self) -> str:
        """The module's class, such as `Linear`."""
        return type(self.module).__name__

    def label(self) -> str:
        """The module as a user knows it, such as `Linear 'encoder.0'`."""
        return f"{self.kind} '{self.name}'" if self.name else self.kind


@contextmanager
def within(module: Module) -> Iterator[None]:
    """Within the block `module` is at work; errors that do not know their place yet are given its label."""
    outer = state.scope
    scope = LayerScope(module, outer.root if isinstance(outer, LayerScope) else module)
    state.scope = scope
    state.interpreter.steered_by(module)
    try:
        yield
    except ChainruleError as error:
        error.locate(scope.label())
        raise
    finally:
        state.scope = outer
