"""Primitives that reduce dimensions, and cumsum; with the functions that are one primitive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chainrule.core import shape as shapes
from chainrule.core.dtype import DType, DTypeLike, as_dtype, bool_, float32, float64, int64, is_floating
from chainrule.core.primitive import Array, Primitive, Spec
from chainrule.core.shape import Dims, Shape
from chainrule.core.types import Tensor
from chainrule.errors import ShapeError
from chainrule.ops.branchless import SHORT, first_extreme
from chainrule.ops.compare import logical_not
from chainrule.ops.convert import TensorLike, as_tensor
from chainrule.ops.movement import cast
from chainrule.ops.naming import numpy_names


class _Reduction(Primitive):
    """A primitive that drops the dimensions `dims`."""

    needs_values = True

    def infer(self, x: Spec, *, dims: Shape) -> Spec:
        if self.needs_values and shapes.size([x.shape[d] for d in dims]) == 0:
            raise ShapeError(f"{self.name} of no elements is not defined.", got=f"shape {x.shape}, dimensions {dims}")
        return Spec(shapes.reduced(x.shape, dims, keepdim=False), x.dtype)

    def flops(self, out: Spec, *inputs: Spec, **params: Any) -> int:
        return shapes.size(inputs[0].shape)


def _kept(y: Tensor, x: Tensor, dims: Shape) -> Tensor:
    """`y` with the dropped dimensions back as 1, so that it broadcasts against `x`."""
    return y.reshape(shapes.reduced(x.shape, dims, keepdim=True))


def _wide(x: Array) -> DType:
    """The dtype to add `x` up in: NumPy adds row after row, and of 10⁶ in float32 only five digits would be left."""
    return float64 if x.dtype == float32 else x.dtype


class _Sum(_Reduction):
    """The sum; 0 of no elements."""

    needs_values = False

    def evaluate(self, x: Array, *, dims: Shape) -> Array:
        return np.asarray(x.sum(axis=dims, dtype=_wide(x)), x.dtype)

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, *, dims: Shape) -> Tensor:
        return _kept(g, x, dims).expand(x.shape)


class _Extreme(_Reduction):
    """The largest or smallest; NaN if any is NaN. Those that tie share the gradient equally."""

    def __init__(self, name: str, ufunc: np.ufunc) -> None:
        self._ufunc = ufunc
        super().__init__(name)

    def evaluate(self, x: Array, *, dims: Shape) -> Array:
        return np.asarray(self._ufunc.reduce(x, axis=dims))

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, *, dims: Shape) -> Tensor:
        chosen = cast(x == _kept(y, x, dims), g.dtype)
        return _kept(g, x, dims) * chosen / _kept(SUM(chosen, dims=dims), x, dims)


class _ArgExtreme(Primitive):
    """Where the largest or smallest stands along one dimension; the first of those that tie, or the first NaN."""

    def __init__(self, name: str, search: Callable[..., Array], extreme: np.ufunc) -> None:
        self._search = search
        self._extreme = extreme
        super().__init__(name)

    def infer(self, x: Spec, *, dim: int) -> Spec:
        if not x.shape or x.shape[dim] == 0:
            raise ShapeError(f"{self.name} of no elements is not defined.", got=f"shape {x.shape}, dimension {dim}")
        return Spec(shapes.reduced(x.shape, (dim,), keepdim=False), int64)

    def evaluate(self, x: Array, *, dim: int) -> Array:
        if dim < x.ndim - 1 and x.shape[dim] <= SHORT:
            return first_extreme(x, dim, self._extreme)
        return self._search(x, axis=dim)

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, *, dim: int) -> None:
        return None


class _Cumsum(Primitive):
    """The sum of all elements up to each, along one dimension."""

    def infer(self, x: Spec, *, dim: int) -> Spec:
        return x

    def evaluate(self, x: Array, *, dim: int) -> Array:
        return np.asarray(x.cumsum(axis=dim, dtype=_wide(x)), x.dtype)

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, *, dim: int) -> Tensor:
        return g.flip(dim).cumsum(dim).flip(dim)


SUM = _Sum("sum")
AMAX = _Extreme("amax", np.maximum)
AMIN = _Extreme("amin", np.minimum)
ARGMAX = _ArgExtreme("argmax", np.argmax, np.maximum)
ARGMIN = _ArgExtreme("argmin", np.argmin, np.minimum)
CUMSUM = _Cumsum("cumsum")


class ValuesAndIndices(NamedTuple):
    """What `max(dim=...)`, `min(dim=...)`, `sort` and `topk` give: the values, and where they stood."""

    values: Tensor
    indices: Tensor


def reduce(primitive: Primitive, tensor: Tensor, dim: Dims, keepdim: bool) -> Tensor:
    """Apply a reduction over `dim`, keeping the dimensions as 1 if asked."""
    dims = shapes.axes(dim, tensor.ndim)
    out = primitive(tensor, dims=dims)
    return out.reshape(shapes.reduced(tensor.shape, dims, keepdim=True)) if keepdim else out


def accumulating(tensor: Tensor, dtype: DTypeLike | None) -> Tensor:
    """`tensor` in the dtype it is summed in: that asked for, else int64 for integers and bools."""
    if dtype is not None:
        return cast(tensor, as_dtype(dtype))
    return tensor if is_floating(tensor.dtype) else cast(tensor, int64)


@numpy_names
def sum(input: TensorLike, dim: Dims = None, keepdim: bool = False, *, dtype: DTypeLike | None = None) -> Tensor:
    """The sum over `dim` (all dimensions if None). Integers and bools are summed as int64.

    Args:
        input: Any shape.
        dim: A dimension or several; None for all.
        keepdim: Keep the summed dimensions with length 1.
        dtype: The dtype to sum in.

    >>> cr.sum(cr.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """
    return reduce(SUM, accumulating(as_tensor(input), dtype), dim, keepdim)


@numpy_names
def amax(input: TensorLike, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The largest over `dim`; NaN if any is NaN. Those that tie share the gradient equally.

    >>> cr.amax(cr.tensor([[1.0, 2.0], [4.0, 3.0]]), dim=1)
    tensor([2., 4.])
    """
    return reduce(AMAX, as_tensor(input), dim, keepdim)


@numpy_names
def amin(input: TensorLike, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The smallest over `dim`; NaN if any is NaN. Those that tie share the gradient equally.

    >>> cr.amin(cr.tensor([[1.0, 2.0], [4.0, 3.0]]), dim=1)
    tensor([1., 3.])
    """
    return reduce(AMIN, as_tensor(input), dim, keepdim)


@numpy_names
def argmax(input: TensorLike, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest stands (int64); the first in a tie. Without `dim`, in the flattened tensor.

    >>> cr.argmax(cr.tensor([[1.0, 2.0], [4.0, 3.0]]), dim=1)
    tensor([1, 0])
    """
    return _arg(ARGMAX, as_tensor(input), dim, keepdim)


@numpy_names
def argmin(input: TensorLike, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest stands (int64); the first in a tie. Without `dim`, in the flattened tensor.

    >>> cr.argmin(cr.tensor([[1.0, 2.0], [4.0, 3.0]]), dim=1)
    tensor([0, 1])
    """
    return _arg(ARGMIN, as_tensor(input), dim, keepdim)


def _arg(primitive: Primitive, tensor: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    if dim is None:
        out = primitive(tensor.reshape(-1), dim=0)
        return out.reshape((1,) * tensor.ndim) if keepdim else out
    axis = shapes.axis(dim, tensor.ndim)
    if tensor.ndim == 0:
        return primitive(tensor.reshape(1), dim=0)
    out = primitive(tensor, dim=axis)
    return out.unsqueeze(axis) if keepdim else out


@numpy_names
def max(input: TensorLike, dim: int | TensorLike | None = None, keepdim: bool = False) -> Tensor | ValuesAndIndices:
    """The largest: of all elements; or along `dim`, with where it stands; or of two tensors.

    Args:
        input: Any shape.
        dim: None for all elements; a dimension; or another tensor, as in `maximum`.
        keepdim: Keep the dimension with length 1.

    Returns:
        A 0-d tensor; or `(values, indices)` if `dim` is a dimension: then the first of those that tie
        gets the gradient, where without `dim` they share it.

    >>> cr.max(cr.tensor([[1.0, 2.0], [4.0, 3.0]]), dim=1)
    ValuesAndIndices(values=tensor([2., 4.]), indices=tensor([1, 0]))
    """
    return _extreme(AMAX, ARGMAX, input, dim, keepdim)


@numpy_names
def min(input: TensorLike, dim: int | TensorLike | None = None, keepdim: bool = False) -> Tensor | ValuesAndIndices:
    """The smallest: of all elements; or along `dim`, with where it stands; or of two tensors. See `max`.

    >>> cr.min(cr.tensor([3.0, 1.0, 2.0]))
    tensor(1.)
    """
    return _extreme(AMIN, ARGMIN, input, dim, keepdim)


def _extreme(
    whole: Primitive, where: Primitive, input: TensorLike, dim: int | TensorLike | None, keepdim: bool
) -> Tensor | ValuesAndIndices:
    tensor = as_tensor(input)
    if dim is None:
        return reduce(whole, tensor, None, keepdim)
    if not isinstance(dim, int):
        return tensor.maximum(dim) if whole is AMAX else tensor.minimum(dim)
    if tensor.ndim == 0:
        return ValuesAndIndices(tensor, _arg(where, tensor, dim, keepdim))
    indices = _arg(where, tensor, dim, keepdim=True)
    values = tensor.gather(dim, indices)
    return ValuesAndIndices(values, indices) if keepdim else ValuesAndIndices(values.squeeze(dim), indices.squeeze(dim))


@numpy_names
def any(input: TensorLike, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether any element is non-zero, over `dim`.

    >>> cr.any(cr.tensor([False, True]))
    tensor(True)
    """
    tensor = as_tensor(input)
    truth = tensor if tensor.dtype == bool_ else tensor != 0
    return truth.sum(dim=dim, keepdim=keepdim) > 0


@numpy_names
def all(input: TensorLike, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether all elements are non-zero, over `dim`.

    >>> cr.all(cr.tensor([[True, True], [False, True]]), dim=1)
    tensor([ True, False])
    """
    return logical_not(any(logical_not(input), dim, keepdim))


@numpy_names
def cumsum(input: TensorLike, dim: int, *, dtype: DTypeLike | None = None) -> Tensor:
    """The sum of all elements up to each, along `dim`. Integers and bools are summed as int64.

    >>> cr.cumsum(cr.tensor([1, 2, 3]), dim=0)
    tensor([1, 3, 6])
    """
    tensor = accumulating(as_tensor(input), dtype)
    axis = shapes.axis(dim, tensor.ndim)
    return CUMSUM(tensor, dim=axis) if tensor.ndim else tensor
