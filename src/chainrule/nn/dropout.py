"""Dropout: noise in training, nothing in evaluation."""

from __future__ import annotations

import chainrule.nn.functional as F
from chainrule._tensor import Tensor
from chainrule.nn.arguments import between
from chainrule.nn.module import Module


class _Dropout(Module):
    def __init__(self, p: float | Tensor = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if isinstance(p, Tensor):
            self.register_buffer("p", p, persistent=False)
        else:
            self.p = between(self, "p", p, 0.0, 1.0)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class Dropout(_Dropout):
    """In training each element is 0 with probability `p`, and the others are scaled by `1 / (1 - p)`.

    N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (JMLR 2014).

    Args:
        p: The probability; a 0-d tensor where a schedule changes it.
        inplace: PyTorch's; it changes nothing here, as no layer writes over its input.

    Shape:
        Any, to the same.

    Raises:
        ArgumentError: If `p` is not from 0 to 1.

    >>> cr.nn.Dropout(0.5).eval()(cr.ones(3))
    tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training)


class AlphaDropout(_Dropout):
    """Dropout for SELU networks: dropped elements become SELU's lowest value, and mean 0 and variance 1 are kept.

    G. Klambauer et al., "Self-normalizing neural networks" (NIPS 2017).

    Args:
        p: The probability; a 0-d tensor where a schedule changes it.
        inplace: PyTorch's; it changes nothing here.

    Shape:
        Any, to the same.

    Raises:
        ArgumentError: If `p` is not from 0 to 1.

    >>> cr.nn.AlphaDropout(0.1).eval()(cr.ones(3))
    tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training)
