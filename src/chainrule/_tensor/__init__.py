"""The tensor: `tensor` is the class, `methods` the functions that are its methods, `at` changed copies, `hook` hooks.

(The leading underscore leaves the name `chainrule.tensor` to the function that makes one.)
"""

from chainrule._tensor.at import At
from chainrule._tensor.hook import RemovableHook
from chainrule._tensor.tensor import Tensor

__all__ = ["At", "RemovableHook", "Tensor"]
