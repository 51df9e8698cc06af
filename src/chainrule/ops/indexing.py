"""`x[...]`: reading and writing with integers, slices, None, Ellipsis, integer and boolean arrays.

The rules are NumPy's (and PyTorch's): slices and integers make a view of the same order; where arrays take part
(integers beside them count as arrays), they are broadcast together and pick single elements, and their common
dimensions stand where the arrays stood, or first if something stood between them.
"""

from __future__ import annotations

import operator
from typing import Any, Literal, NamedTuple, overload

import numpy as np

from chainrule.core import shape as shapes
from chainrule.core.dtype import INTEGER, bool_, int64
from chainrule.core.types import Tensor
from chainrule.errors import DTypeError, IndexingError, ShapeError
from chainrule.ops.compare import where
from chainrule.ops.convert import TensorLike, as_tensor, broadcast, constant
from chainrule.ops.creation import arange, asarray
from chainrule.ops.index import GATHER, PUT, SCATTER_ADD, TAKE
from chainrule.ops.layout import pad, unbind
from chainrule.ops.movement import SLICE, cast

Index = Any


def getitem(input: Tensor, index: Index) -> Tensor:
    """The part of `input` that `index` names."""
    items = _expand(index, input.ndim)
    # None becomes a dimension of length 1 first, so that below every item stands for one dimension.
    lengths = iter(input.shape)
    shape = tuple(1 if item is None else next(lengths) for item in items)
    for dim, (length, item) in enumerate(zip(shape, items, strict=True)):
        if isinstance(item, _Mask) and item.length != length:
            raise IndexingError(
                "a mask must have the lengths of what it indexes.",
                expected=f"{length} in dimension {dim}",
                got=item.length,
            )
    items = [item.positions if isinstance(item, _Mask) else item for item in items]
    tensor = input if shape == input.shape else input.reshape(shape)
    items = [slice(None) if item is None else item for item in items]
    if any(isinstance(item, Tensor) for item in items):
        items = [_as_array(item) if isinstance(item, int) else item for item in items]
    tensor = _slices(tensor, items)
    if any(isinstance(item, Tensor) for item in items):
        return _arrays(tensor, items)
    return tensor.reshape(tuple(n for n, item in zip(tensor.shape, items, strict=True) if not isinstance(item, int)))


class _Mask(NamedTuple):
    """One dimension of a bool mask: where its True elements stand, and how long it is."""

    positions: Tensor
    length: int


def _expand(index: Index, ndim: int) -> list[Any]:
    """The items of an index, one a dimension (and the Nones): Ellipsis filled in, bool arrays taken apart."""
    items: list[Any] = []
    for item in index if isinstance(index, tuple) else (index,):
        items.extend(_item(item))
    named = sum(item is not None and item is not Ellipsis for item in items)
    dots = sum(item is Ellipsis for item in items)
    if named > ndim or dots > 1:
        raise IndexingError(
            "the index names more dimensions than there are." if named > ndim else "an index has at most one Ellipsis.",
            expected=f"at most {ndim}",
            got=named if named > ndim else dots,
        )
    at = next((i for i, item in enumerate(items) if item is Ellipsis), len(items))
    return [*items[:at], *[slice(None)] * (ndim - named), *items[at + 1 :]]


def _item(item: Any) -> list[Any]:
    """An item as what the rest understands: int, slice, None, Ellipsis, int64 tensors, or a mask for each dimension."""
    if item is None or item is Ellipsis or isinstance(item, slice):
        return [item]
    if isinstance(item, (bool, np.bool_)):
        raise IndexingError("True and False do not index.", remedy="use a mask of the tensor's shape, or None")
    if isinstance(item, (Tensor, np.ndarray, list, tuple, range)):
        tensor = asarray(list(item) if isinstance(item, (tuple, range)) else item)
        if tensor.dtype == bool_:
            if tensor.ndim == 0:
                raise IndexingError("a 0-d bool does not index.", got=repr(item))
            found = np.nonzero(tensor.node.read())
            return [_Mask(constant(places), n) for places, n in zip(found, tensor.shape, strict=True)]
        if tensor.dtype not in INTEGER and (tensor.numel() or isinstance(item, (Tensor, np.ndarray))):
            raise IndexingError("only integers and bools index.", got=tensor.dtype, remedy="cast first: index.long()")
        if isinstance(item, Tensor) and tensor.ndim == 0 and tensor.node.value is not None:
            return [int(tensor.item())]
        return [cast(tensor, int64)]
    try:
        return [operator.index(item)]
    except TypeError:
        raise IndexingError(
            f"{type(item).__name__} does not index.",
            expected="integers, slices, None, ..., or arrays of integers or bools",
        ) from None


def _as_array(item: int) -> Tensor:
    return constant(np.asarray(item, np.int64))


def _slices(tensor: Tensor, items: list[Any]) -> Tensor:
    """The slices and integers of an index applied; integers leave a dimension of length 1, arrays all of theirs."""
    start, stop, step, reversed_dims = [], [], [], []
    for dim, (length, item) in enumerate(zip(tensor.shape, items, strict=True)):
        a, b, c = 0, length, 1
        if isinstance(item, int):
            if not -length <= item < length:
                raise IndexingError(
                    f"index {item} is out of range.",
                    expected=f"{-length} to {length - 1} in dimension {dim}",
                    got=item,
                )
            a, b = item % length, item % length + 1
        elif isinstance(item, slice):
            a, b, c = _bounds(item, length)
            if c < 0:
                # The same elements, from the lowest up; turned round below.
                count = len(range(a, b, c))
                a, b, c = (a + (count - 1) * c, a + 1, -c) if count else (0, 0, 1)
                reversed_dims.append(dim)
            b = max(a, b)
        start.append(a)
        stop.append(b)
        step.append(c)
    if tuple(start) != (0,) * tensor.ndim or tuple(stop) != tensor.shape or any(c != 1 for c in step):
        tensor = SLICE(tensor, start=tuple(start), stop=tuple(stop), step=tuple(step))
    return tensor.flip(reversed_dims) if reversed_dims else tensor


def _bounds(item: slice, length: int) -> tuple[int, int, int]:
    try:
        return item.indices(length)
    except (TypeError, ValueError) as error:
        raise IndexingError(str(error), expected="whole numbers, and a step other than 0", got=item) from None


def _arrays(tensor: Tensor, items: list[Any]) -> Tensor:
    """The integer arrays of an index applied, as one `take` along their dimensions made one."""
    dims = [dim for dim, item in enumerate(items) if isinstance(item, Tensor)]
    rest = [dim for dim in range(tensor.ndim) if dim not in dims]
    try:
        common = shapes.broadcast(*[items[dim].shape for dim in dims])
    except ShapeError:
        raise IndexingError("the index arrays do not broadcast.", got=[items[dim].shape for dim in dims]) from None
    linear = constant(np.zeros((), np.int64))
    for dim in dims:
        length = tensor.shape[dim]
        index = where(items[dim] < 0, items[dim] + length, items[dim])
        # Each index is checked on its own: once combined, two wrong ones could look right.
        checked = TAKE(arange(length), index, axis=0)
        linear = linear * length + checked
    merged = tensor.permute([*dims, *rest])
    merged = merged.reshape(shapes.size([tensor.shape[dim] for dim in dims]), *[tensor.shape[dim] for dim in rest])
    out = TAKE(merged, broadcast(linear, common), axis=0)
    first = dims[0] if dims == list(range(dims[0], dims[-1] + 1)) else 0
    before = range(len(common), len(common) + first)
    after = range(len(common) + first, out.ndim)
    return out.permute([*before, *range(len(common)), *after])


def put(input: Tensor, index: Index, value: TensorLike) -> Tensor:
    """A tensor like `input`, with `value` at `index`; `input` stays as it is.

    Args:
        input: Any shape.
        index: What would stand in `input[index]`.
        value: Broadcast to the shape of `input[index]`, in the dtype of `input`. Where an index is named twice,
            the last value stands.

    >>> cr.put(cr.zeros(3), slice(0, 2), 5)
    tensor([5., 5., 0.])
    """
    positions, values = _places(input, index, value)
    return PUT(input.reshape(-1), positions, values).reshape(input.shape)


def put_add(input: Tensor, index: Index, value: TensorLike) -> Tensor:
    """A tensor like `input`, with `value` added at `index`; an index named twice is added to twice.

    >>> cr.put_add(cr.zeros(3), cr.tensor([0, 0, 2]), 1.0)
    tensor([2., 0., 1.])
    """
    positions, values = _places(input, index, value)
    added = SCATTER_ADD(values, positions, axis=0, length=input.numel())
    return input + added.reshape(input.shape)


def _places(input: Tensor, index: Index, value: TensorLike) -> tuple[Tensor, Tensor]:
    """The flat positions that `index` names, and the value for each."""
    positions = getitem(arange(input.numel()).reshape(input.shape), index)
    values = as_tensor(value, input.dtype)
    # Leading dimensions of length 1 may be dropped, as NumPy has it.
    while values.ndim > positions.ndim and values.shape[0] == 1:
        values = values.squeeze(0)
    return positions.reshape(-1), broadcast(cast(values, input.dtype), positions.shape).reshape(-1)


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
        num_classes = int(index.node.read().max(initial=-1)) + 1
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
    found = constant(np.argwhere(input.node.read()).astype(np.int64))
    return tuple(unbind(found, 1)) if as_tuple else found
