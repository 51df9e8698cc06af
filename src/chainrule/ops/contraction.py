"""Products that sum over a dimension: matmul, and what is composed of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core import shape as shapes
from chainrule.core.dtype import bool_
from chainrule.core.primitive import Array, Primitive, Spec
from chainrule.core.types import Tensor
from chainrule.errors import DTypeError, ShapeError
from chainrule.ops.compare import where
from chainrule.ops.convert import TensorLike, as_tensor, broadcast, constant, promote


class _MatMul(Primitive):
    """(*batch, m, k) times (*batch, k, n) to (*batch, m, n)."""

    def infer(self, a: Spec, b: Spec) -> Spec:
        return Spec((*a.shape[:-1], b.shape[-1]), a.dtype)

    def evaluate(self, a: Array, b: Array) -> Array:
        return np.asarray(np.matmul(a, b))

    def vjp(self, arg: int, g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return MATMUL(g, b.mT) if arg == 0 else MATMUL(a.mT, g)

    def flops(self, out: Spec, *inputs: Spec, **params: Any) -> int:
        return 2 * shapes.size(out.shape) * inputs[0].shape[-1]


MATMUL = _MatMul("matmul")


def matmul(input: TensorLike, other: TensorLike) -> Tensor:
    """The matrix product; leading dimensions broadcast, a 1-d operand is a row at the left, a column at the right.

    Args:
        input: (*, m, k) or (k,).
        other: (*, k, n) or (k,).

    Raises:
        ShapeError: If the inner lengths differ, or an operand is 0-d.

    >>> cr.matmul(cr.tensor([[1.0, 2.0]]), cr.tensor([[3.0], [4.0]]))
    tensor([[11.]])
    """
    a, b = promote(input, other)
    if a.ndim == 0 or b.ndim == 0:
        raise ShapeError("matmul takes no 0-d tensors.", got=f"{a.shape} @ {b.shape}", remedy="multiply with *")
    if a.dtype == bool_:
        raise DTypeError("matmul does not take bools.", remedy="cast first: x.float()")
    inner = b.shape[-2] if b.ndim > 1 else b.shape[0]
    if a.shape[-1] != inner:
        raise ShapeError(
            "the inner lengths of a matrix product differ.",
            expected=f"(..., {a.shape[-1]}) @ ({a.shape[-1]}, ...)",
            got=f"{a.shape} @ {b.shape}",
            remedy="transpose one of them (x.mT), or check the layer before this one",
        )
    left = a.unsqueeze(0) if a.ndim == 1 else a
    right = b.unsqueeze(1) if b.ndim == 1 else b
    out = _batched(left, right)
    if a.ndim == 1:
        out = out.squeeze(-2)
    return out.squeeze(-1) if b.ndim == 1 else out


def _batched(a: Tensor, b: Tensor) -> Tensor:
    """The product of two tensors of at least two dimensions."""
    if b.ndim == 2 and a.ndim > 2:
        # One matrix for the whole batch: one large product in place of many small ones.
        return MATMUL(a.reshape(shapes.size(a.shape[:-1]), a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[-1])
    batch = shapes.broadcast(a.shape[:-2], b.shape[:-2])
    return MATMUL(broadcast(a, (*batch, *a.shape[-2:])), broadcast(b, (*batch, *b.shape[-2:])))


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of the products of two 1-d tensors of one length.

    Raises:
        ShapeError: If they are not 1-d, or their lengths differ.

    >>> cr.dot(cr.tensor([1.0, 2.0]), cr.tensor([3.0, 4.0]))
    tensor(11.)
    """
    return matmul(*_of_dimensions("dot", input, 1, tensor, 1))


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """A matrix `input` (n, m) times a vector `vec` (m,).

    Raises:
        ShapeError: If they are no matrix and vector, or the inner lengths differ.

    >>> cr.mv(cr.tensor([[1.0, 2.0], [3.0, 4.0]]), cr.tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    return matmul(*_of_dimensions("mv", input, 2, vec, 1))


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """Matrix products for a batch: `input` (b, n, m) times `mat2` (b, m, p).

    Raises:
        ShapeError: If they are not 3-d, or lengths differ.

    >>> cr.bmm(cr.ones(2, 1, 3), cr.ones(2, 3, 1)).shape
    (2, 1, 1)
    """
    a, b = _of_dimensions("bmm", input, 3, mat2, 3)
    if a.shape[0] != b.shape[0]:
        raise ShapeError("bmm takes two batches of one length.", expected=a.shape[0], got=b.shape[0])
    return matmul(a, b)


def _of_dimensions(name: str, a: TensorLike, first: int, b: TensorLike, second: int) -> tuple[Tensor, Tensor]:
    """Both as tensors, or an error unless they have these numbers of dimensions."""
    left, right = as_tensor(a), as_tensor(b)
    if (left.ndim, right.ndim) != (first, second):
        raise ShapeError(
            f"{name} takes a {first}-d and a {second}-d tensor.",
            got=f"{left.shape} and {right.shape}",
            remedy="use matmul, which takes any",
        )
    return left, right


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every product of an element of `input` (n,) with one of `vec2` (m,), both 1-d: (n, m).

    >>> cr.outer(cr.tensor([1.0, 2.0]), cr.tensor([3.0, 4.0]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    a, b = _of_dimensions("outer", input, 1, vec2, 1)
    return a.unsqueeze(1) * b


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of the last two dimensions, up to `diagonal`; zeros above.

    >>> cr.tril(cr.ones(2, 2))
    tensor([[1., 0.],
            [1., 1.]])
    """
    return _triangle(input, lambda rows, columns: columns - rows <= diagonal)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of the last two dimensions, from `diagonal`; zeros below.

    >>> cr.triu(cr.ones(2, 2))
    tensor([[1., 1.],
            [0., 1.]])
    """
    return _triangle(input, lambda rows, columns: columns - rows >= diagonal)


def _triangle(input: Tensor, kept: Any) -> Tensor:
    tensor = as_tensor(input)
    if tensor.ndim < 2:
        raise ShapeError("a triangle needs two dimensions.", got=tensor.shape)
    rows, columns = np.ogrid[: tensor.shape[-2], : tensor.shape[-1]]
    return where(constant(kept(rows, columns)), tensor, 0)
