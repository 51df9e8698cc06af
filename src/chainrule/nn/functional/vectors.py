"""What is computed of whole vectors: the linear map, the direction, the angle."""

from __future__ import annotations

from chainrule._tensor import Tensor
from chainrule.errors import ShapeError
from chainrule.ops.convert import TensorLike, align, as_floating
from chainrule.ops.statistics import norm


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input @ weight.T + bias`.

    Args:
        input: (..., in).
        weight: (out, in), or (in,) for a single output without dimension.
        bias: (out,), or None.

    Returns:
        (..., out).

    Raises:
        ShapeError: If the lengths do not fit.

    >>> cr.nn.functional.linear(cr.ones(2, 3), cr.ones(4, 3)).shape
    (2, 4)
    """
    if weight.ndim not in (1, 2) or input.ndim == 0 or input.shape[-1] != weight.shape[-1]:
        raise ShapeError(
            "the input does not fit the weight.",
            where="linear",
            expected=f"(..., {weight.shape[-1]})" if weight.ndim in (1, 2) else "a weight (out, in)",
            got=f"input {input.shape}, weight {weight.shape}",
        )
    out = input @ weight.T
    if bias is None:
        return out
    if bias.shape not in ((), weight.shape[:-1]):
        raise ShapeError(
            "the bias does not fit the weight.", where="linear", expected=weight.shape[:-1], got=bias.shape
        )
    return out + bias


def normalize(input: TensorLike, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """`input / max(norm, eps)`: vectors of length 1 along `dim`; vectors of 0 stay 0.

    Args:
        input: Any shape.
        p: Which norm: see `chainrule.norm`.
        dim: The dimension of the vectors: 1, as in PyTorch; our channels are -1.
        eps: What the norm is at least.

    >>> cr.nn.functional.normalize(cr.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    x = as_floating(input)
    return x / norm(x, p, dim, keepdim=True).clip(min=eps)


def cosine_similarity(x1: TensorLike, x2: TensorLike, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between the vectors along `dim`, from -1 to 1; 0 where one of them is 0.

    Args:
        x1: Any shape.
        x2: Broadcast with `x1`.
        dim: The dimension of the vectors, which is reduced.
        eps: What each norm is at least.

    >>> cr.nn.functional.cosine_similarity(cr.tensor([1.0, 0.0]), cr.tensor([1.0, 1.0]), dim=0)
    tensor(0.7071)
    """
    a, b = align(as_floating(x1), as_floating(x2))
    return (normalize(a, dim=dim, eps=eps) * normalize(b, dim=dim, eps=eps)).sum(dim=dim)
