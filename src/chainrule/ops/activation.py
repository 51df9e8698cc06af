"""The activations that are tensor methods as well; the others stand in `nn.functional`."""

from __future__ import annotations

from chainrule.core.types import Tensor
from chainrule.ops.compare import where
from chainrule.ops.convert import TensorLike, as_floating, as_tensor
from chainrule.ops.naming import numpy_names
from chainrule.ops.statistics import below_largest


def relu(input: TensorLike) -> Tensor:
    """`max(input, 0)`; NaN stays NaN, and the derivative at 0 is 0.

    >>> cr.relu(cr.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    tensor = as_tensor(input)
    return where(tensor <= 0, 0, tensor)


@numpy_names
def softmax(input: TensorLike, dim: int) -> Tensor:
    """Positive numbers that add up to 1 along `dim`: `exp(input) / sum(exp(input))`, without overflow.

    >>> cr.softmax(cr.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    shifted, _ = below_largest(as_floating(input), dim)
    powers = shifted.exp()
    return powers / powers.sum(dim=dim, keepdim=True)


@numpy_names
def log_softmax(input: TensorLike, dim: int) -> Tensor:
    """The logarithm of `softmax`, without the loss of digits.

    >>> cr.log_softmax(cr.tensor([0.0, 0.0]), dim=0)
    tensor([-0.6931, -0.6931])
    """
    shifted, _ = below_largest(as_floating(input), dim)
    return shifted - shifted.exp().sum(dim=dim, keepdim=True).log()
