"""The one place where the circle between tensors and operations is opened.

Rules and operations read naturally (`g * y`, `x.sum(dim=0)`) because they are written with the methods of
`Tensor`; yet `Tensor` stands above them, as its methods are these operations. At run time nothing here
imports upward: operations make tensors with `Handle.of`, which knows the class because `_tensor/` registers
it when it is loaded, and ask `isinstance(x, Tensor)` of `Handle`, its base. A type checker is shown the full class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule._tensor import Tensor as Tensor
else:
    from chainrule.core.node import Handle as Tensor

__all__ = ["Tensor"]
