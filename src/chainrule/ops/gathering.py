"""Picking and placing single elements by index tensors: gather, scatter, take, one_hot ..."""

from __future__ import annotations

from typing import Literal, overload

import numpy as np

from chainrule.core import shape as shapes
from chainrule.core.dtype import INTEGER, int64
from chainrule.core.types import Tensor
from chainrule.errors import DTypeError, ShapeError
from chainrule.ops.convert import TensorLike, as_tensor, broadcast, constant
from chainrule.ops.creation import arange
from chainrule.ops.index import GATHER, PUT, SCATTER_ADD, TAKE
from chainrule.ops.indexing import getitem
from chainrule.ops.layout import unbind
from chainrule.ops.movement import cast
from chainrule.ops.padding import pad


def _whole(index: Tensor) -> Tensor:
    if index.dtype not in INTEGER:
        raise DTypeError("an index must be of integers.", expected="int64", got=index.dtype, remedy="index.long()")
    return cast(index, int64)


def _agreeing(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """`input` cut down to the lengths of `index` in all dimensions but `dim`."""
    if input.ndim != index.ndim or any(
        d != dim and n < m for d, (n, m) in enumerate(zip(input.shape, index.shape, strict=True))
    ):
        raise ShapeError(
            f"the index does not fit the tensor outside of dimension {dim}.",
            expected=f"within {input.shape}",
            got=index.shape,
        )
    cut = tuple(slice(None) if d == dim else slice(0, m) for d, m in enumerate(index.shape))
    return getitem(input, cut)


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """`out[i][j][k] = input[i][index[i][j][k]][k]` for `dim=1`, and so for any `dim`.

    Args:
        input: Any shape.
        dim: The dimension along which to pick.
        index: Integers, of as many dimensions as `input` and not longer than it in the others than `dim`.

    Raises:
        ShapeError: If the index does not fit.
        IndexingError: If an index is below 0 or not below the length of `dim`.

    >>> cr.gather(cr.tensor([[1, 2], [3, 4]]), 1, cr.tensor([[1], [0]]))
    tensor([[2],
            [3]])
    """
    if input.ndim == 0:
        return input
    axis = shapes.axis(dim, input.ndim)
    return GATHER(_agreeing(input, axis, index), _whole(index), axis=axis)


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`input` with every element of `src` added where `index` says along `dim`: the reverse of `gather`.

    Raises:
        ShapeError: If `index` is longer than `src`, or than `input` in another dimension than `dim`.
        IndexingError: If an index is below 0 or not below the length of `dim`.

    >>> cr.scatter_add(cr.zeros(3), 0, cr.tensor([0, 0, 2]), cr.ones(3))
    tensor([2., 0., 1.])
    """
    axis = shapes.axis(dim, input.ndim)
    _agreeing(input, axis, index)
    added = SCATTER_ADD(_source(src, index), _whole(index), axis=axis, length=input.shape[axis])
    missing = [(0, n - m) for n, m in zip(input.shape, added.shape, strict=True)]
    return input + pad(added, [width for pair in reversed(missing) for width in pair])


def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements of the flattened `input` at the positions `index`; negative ones count from the end.

    >>> cr.take(cr.tensor([[1, 2], [3, 4]]), cr.tensor([0, -1]))
    tensor([1, 4])
    """
    return getitem(input.reshape(-1), _whole(index))


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of `input` along `dim` at the positions of a 1-d `index`.

    >>> cr.index_select(cr.tensor([[1, 2], [3, 4]]), 1, cr.tensor([1]))
    tensor([[2],
            [4]])
    """
    return TAKE(input, _whole(index), axis=shapes.axis(dim, input.ndim))


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather` at `indices`, in NumPy's order of arguments; other dimensions broadcast. Without `dim`, flattened.

    >>> cr.take_along_dim(cr.tensor([3, 1, 2]), cr.tensor([1, 2, 0]), 0)
    tensor([1, 2, 3])
    """
    if dim is None:
        return gather(input.reshape(-1), 0, indices.reshape(-1))
    axis = shapes.axis(dim, input.ndim)
    if input.ndim != indices.ndim:
        raise ShapeError("indices must have as many dimensions as the tensor.", expected=input.ndim, got=indices.ndim)
    others = shapes.broadcast(*[(*t.shape[:axis], 1, *t.shape[axis + 1 :]) for t in (input, indices)])
    whole, index = ((*others[:axis], t.shape[axis], *others[axis + 1 :]) for t in (input, indices))
    return gather(broadcast(input, whole), axis, broadcast(indices, index))


def one_hot(input: Tensor, num_classes: int = -1) -> Tensor:
    """A 1 at the place of each class index, 0 elsewhere, along a new last dimension (int64).

    Args:
        input: Integers from 0.
        num_classes: How many classes; -1: one more than the largest index.

    Raises:
        IndexingError: If an index is negative or not below `num_classes`.

    >>> cr.one_hot(cr.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    index = _whole(input)
    if num_classes == -1:
        num_classes = int(index.read(for_shape=True).max(initial=-1)) + 1
    place = index.unsqueeze(-1)
    return SCATTER_ADD(place.ones_like(), place, axis=index.ndim, length=num_classes)


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where `mask` is True, as a 1-d tensor; the two broadcast.

    >>> cr.masked_select(cr.tensor([1, 2, 3]), cr.tensor([True, False, True]))
    tensor([1, 3])
    """
    shape = shapes.broadcast(input.shape, mask.shape)
    return getitem(broadcast(as_tensor(input), shape), broadcast(as_tensor(mask), shape))


def scatter(input: Tensor, dim: int, index: Tensor, src: TensorLike) -> Tensor:
    """`input` with every element of `src` written where `index` says along `dim`; the last one stands.

    Args:
        input: Any shape.
        dim: The dimension along which to write.
        index: Integers, of as many dimensions as `input` and not longer than it in the others than `dim`.
        src: A tensor at least as long as `index`, or a number.

    Raises:
        ShapeError: If `index` is longer than `src`, or than `input` in another dimension than `dim`.
        IndexingError: If an index is below 0 or not below the length of `dim`.

    >>> cr.scatter(cr.zeros(2, 3), 1, cr.tensor([[2], [0]]), 1.0)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    axis = shapes.axis(dim, input.ndim)
    _agreeing(input, axis, index)
    # The position of each target in the flattened tensor, gathered as `input` itself would be.
    positions = gather(arange(input.numel()).reshape(input.shape), axis, index)
    source = as_tensor(src, input.dtype)
    values = _source(source, index) if source.ndim else broadcast(source, index.shape)
    return PUT(input.reshape(-1), positions.reshape(-1), cast(values, input.dtype).reshape(-1)).reshape(input.shape)


def _source(src: Tensor, index: Tensor) -> Tensor:
    """`src` cut down to the shape of `index`."""
    source = getitem(src, tuple(slice(0, n) for n in index.shape))
    if source.shape != index.shape:
        raise ShapeError("src has fewer elements than index.", expected=f"at least {index.shape}", got=src.shape)
    return source


@overload
def nonzero(input: Tensor, *, as_tuple: Literal[False] = False) -> Tensor: ...
@overload
def nonzero(input: Tensor, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]: ...
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Tensor | tuple[Tensor, ...]:
    """Where the elements that are not 0 stand: (count, ndim), int64. The shape depends on the values.

    With `as_tuple` the columns come one by one, so that they index: `x[nonzero(x, as_tuple=True)]`.

    >>> cr.nonzero(cr.tensor([0, 5, 6]))
    tensor([[1],
            [2]])
    """
    found = constant(np.argwhere(input.read(for_shape=True)).astype(np.int64))
    return tuple(unbind(found, 1)) if as_tuple else found
