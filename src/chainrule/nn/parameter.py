"""Weights: tensors that a module trains."""

from __future__ import annotations

from typing import Any

from chainrule._tensor import Tensor
from chainrule.core.node import Handle
from chainrule.ops import creation


class Parameter(Tensor):
    """A tensor that becomes one of a module's weights when it is assigned to an attribute.

    Args:
        data: A tensor or array of floating dtype; its value is taken over.
        requires_grad: False for a weight that is kept as it is (frozen).

    >>> w = cr.nn.Parameter(cr.zeros(2))
    >>> w.requires_grad
    True
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        tensor = data if isinstance(data, Tensor) else creation.tensor(data)
        Handle.__init__(self, creation.detach(tensor).node)
        self.requires_grad_(requires_grad)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()
