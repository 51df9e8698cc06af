"""Dropout as functions: the noise that keeps units from relying on one another."""

from __future__ import annotations

import math

from chainrule._tensor import Tensor
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.functional.activation import SELU_ALPHA, SELU_SCALE
from chainrule.ops.compare import where
from chainrule.ops.convert import TensorLike, as_floating, as_tensor
from chainrule.ops.movement import cast
from chainrule.ops.random import rand_like


def dropout(input: TensorLike, p: float | Tensor = 0.5, training: bool = True) -> Tensor:
    """Set each element to 0 with probability `p`, and scale the others by `1 / (1 - p)`, which keeps the mean.

    Args:
        input: Any shape.
        p: From 0 to 1; a 0-d tensor where a schedule changes it.
        training: Whether to do anything at all.

    Raises:
        ArgumentError: If `p` is no probability.

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014).

    >>> y = cr.nn.functional.dropout(cr.ones(1000), p=0.25)
    >>> sorted(set(y.tolist()))
    [0.0, 1.3333333730697632]
    """
    x = as_floating(input)
    chance = _probability("dropout", p, x)
    if not training or _never(p):
        return x
    # At p = 1 the scale is infinite, but nothing is kept.
    return x * where(rand_like(x) >= chance, 1 / (1 - chance), 0.0)


def alpha_dropout(input: TensorLike, p: float | Tensor = 0.5, training: bool = False) -> Tensor:
    """Dropout for SELU networks: dropped elements become SELU's lowest value, and mean 0 and variance 1 are kept.

    Args:
        input: Any shape.
        p: From 0 to 1; a 0-d tensor where a schedule changes it.
        training: Whether to do anything at all. False by default, as in PyTorch.

    Raises:
        ArgumentError: If `p` is no probability.

    Source: Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017.

    >>> cr.nn.functional.alpha_dropout(cr.randn(10000), p=0.1, training=True).std() > 0.9
    tensor(True)
    """
    x = as_floating(input)
    chance = _probability("alpha_dropout", p, x)
    if not training or _never(p):
        return x
    lowest = -SELU_SCALE * SELU_ALPHA
    # Scaled by `gain` and moved, so that mean and variance of the result are those of the input again.
    spread = (1 - chance) * (1 + chance * lowest**2)
    gain = where(spread > 0, spread.rsqrt(), 0.0)
    return (where(rand_like(x) >= chance, x, lowest) - chance * lowest) * gain


def _never(p: float | Tensor) -> bool:
    """Whether nothing can be dropped; of a tensor nothing is assumed, as it may change from step to step."""
    return not isinstance(p, Tensor) and p == 0


def _probability(name: str, p: float | Tensor, beside: Tensor) -> Tensor:
    """`p` as a 0-d tensor of the dtype of `beside`, checked as far as its value is known."""
    chance = as_tensor(p, beside.dtype)
    if chance.ndim:
        raise ShapeError("p is a single number.", where=name, expected="a number or a 0-d tensor", got=chance.shape)
    value = chance.node.value
    if value is not None and not (0 <= float(value) <= 1 or math.isnan(float(value))):
        raise ArgumentError("p is a probability.", where=name, expected="0 to 1", got=float(value))
    return cast(chance, beside.dtype)
