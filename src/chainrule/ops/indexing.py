"""`x[...]`: reading and writing with integers, slices, None, Ellipsis, integer and boolean arrays.

The rules are NumPy's (and PyTorch's): slices and integers make a view of the same order; where arrays take part
(integers beside them count as arrays), they are broadcast together and pick single elements, and their common
dimensions stand where the arrays stood, or first if something stood between them.
"""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import numpy as np

from chainrule.core import shape as shapes
from chainrule.core.dtype import INTEGER, bool_, int64
from chainrule.core.shape import Shape
from chainrule.core.types import Tensor
from chainrule.errors import IndexingError, ShapeError
from chainrule.ops.compare import where
from chainrule.ops.convert import TensorLike, as_tensor, broadcast, constant
from chainrule.ops.creation import arange, asarray
from chainrule.ops.index import PUT, SCATTER_ADD, TAKE
from chainrule.ops.movement import SLICE, UPDATE, cast

Index = Any


def getitem(input: Tensor, index: Index) -> Tensor:
    """The part of `input` that `index` names."""
    items = _items(index, input.shape)
    if not any(isinstance(item, Tensor) for item in items):
        tensor = _sliced(input, _ranges([item for item in items if item is not None], input.shape))
        shape = _basic_shape(items, tensor.shape)
        return tensor if shape == tensor.shape else tensor.reshape(shape)
    # None becomes a dimension of length 1 first, and integers arrays: now every item stands for one dimension.
    lengths = iter(input.shape)
    tensor = input.reshape(tuple(1 if item is None else next(lengths) for item in items))
    items = [slice(None) if item is None else _as_array(item) if isinstance(item, int) else item for item in items]
    return _arrays(_sliced(tensor, _ranges(items, tensor.shape)), items)


def put(input: Tensor, index: Index, value: TensorLike) -> Tensor:
    """A tensor like `input`, with `value` at `index`; `input` stays as it is.

    Args:
        input: Any shape.
        index: What would stand in `input[index]`.
        value: Broadcast to the shape of `input[index]`, in the dtype of `input`. Where an index is named twice,
            the last value stands.

    Raises:
        IndexingError: If the index does not fit.
        ShapeError: If the value does not stretch to what is indexed.

    >>> cr.put(cr.zeros(3), slice(0, 2), 5)
    tensor([5., 5., 0.])
    """
    items = _items(index, input.shape)
    if any(isinstance(item, Tensor) for item in items):
        positions, values = _places(input, index, value)
        return PUT(input.reshape(-1), positions, values).reshape(input.shape)
    ranges = _ranges([item for item in items if item is not None], input.shape)
    lengths = ranges.lengths()
    part = _stretched(value, input, _basic_shape(items, lengths)).reshape(lengths)
    if ranges.reversed_dims:
        part = part.flip(ranges.reversed_dims)
    return UPDATE(input, part, start=ranges.start, stop=ranges.stop, step=ranges.step)


def put_add(input: Tensor, index: Index, value: TensorLike) -> Tensor:
    """A tensor like `input`, with `value` added at `index`; an index named twice is added to twice.

    Args:
        input: Any shape.
        index: What would stand in `input[index]`.
        value: Broadcast to the shape of `input[index]`, in the dtype of `input`.

    Raises:
        IndexingError: If the index does not fit.
        ShapeError: If the value does not stretch to what is indexed.

    >>> cr.put_add(cr.zeros(3), cr.tensor([0, 0, 2]), 1.0)
    tensor([2., 0., 1.])
    """
    positions, values = _places(input, index, value)
    added = SCATTER_ADD(values, positions, axis=0, length=input.numel())
    return input + added.reshape(input.shape)


def _places(input: Tensor, index: Index, value: TensorLike) -> tuple[Tensor, Tensor]:
    """The flat positions that `index` names, and the value for each."""
    positions = getitem(arange(input.numel()).reshape(input.shape), index)
    return positions.reshape(-1), _stretched(value, input, positions.shape).reshape(-1)


def _stretched(value: TensorLike, beside: Tensor, shape: Shape) -> Tensor:
    """`value` in the dtype of `beside`, stretched to `shape`; leading dimensions of length 1 may be dropped."""
    values = cast(as_tensor(value, beside.dtype), beside.dtype)
    while values.ndim > len(shape) and values.shape[0] == 1:
        values = values.squeeze(0)
    return broadcast(values, shape)


class _Mask(NamedTuple):
    """One dimension of a bool mask: where its True elements stand, and how long it is."""

    positions: Tensor
    length: int


def _items(index: Index, shape: Shape) -> list[Any]:
    """The items of an index, one a dimension (and the Nones): integers, slices, or int64 tensors."""
    items: list[Any] = []
    for item in index if isinstance(index, tuple) else (index,):
        items.extend(_item(item))
    named = sum(item is not None and item is not Ellipsis for item in items)
    dots = sum(item is Ellipsis for item in items)
    if named > len(shape) or dots > 1:
        raise IndexingError(
            "an index has at most one Ellipsis." if dots > 1 else "the index names more dimensions than there are.",
            expected=f"at most {1 if dots > 1 else len(shape)}",
            got=dots if dots > 1 else named,
        )
    at = next((i for i, item in enumerate(items) if item is Ellipsis), len(items))
    items = [*items[:at], *[slice(None)] * (len(shape) - named), *items[at + 1 :]]
    return _fitting_masks(items, shape)


def _fitting_masks(items: list[Any], shape: Shape) -> list[Any]:
    """The items with positions in place of masks, which must be as long as what they index."""
    lengths = iter(enumerate(shape))
    for i, item in enumerate(items):
        dim, length = next(lengths) if item is not None else (0, 0)
        if isinstance(item, _Mask):
            if item.length != length:
                raise IndexingError(
                    "a mask must have the lengths of what it indexes.",
                    expected=f"{length} in dimension {dim}",
                    got=item.length,
                )
            items[i] = item.positions
    return items


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
            found = np.nonzero(tensor.read(for_shape=True))
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


class _Ranges(NamedTuple):
    """Every `step`-th element from `start` up to `stop` in each dimension, and what is turned round then."""

    start: Shape
    stop: Shape
    step: Shape
    reversed_dims: Shape

    def lengths(self) -> Shape:
        """How many elements that are, in each dimension."""
        return tuple([len(range(a, b, c)) for a, b, c in zip(self.start, self.stop, self.step, strict=True)])


def _ranges(items: list[Any], shape: Shape) -> _Ranges:
    """The slices and integers of an index; integers leave a dimension of length 1, arrays all of theirs."""
    start, stop, step, reversed_dims = [], [], [], []
    for dim, (length, item) in enumerate(zip(shape, items, strict=True)):
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
                # The same elements, from the lowest up; turned round afterwards.
                count = len(range(a, b, c))
                a, b, c = (a + (count - 1) * c, a + 1, -c) if count else (0, 0, 1)
                reversed_dims.append(dim)
            b = max(a, b)
        start.append(a)
        stop.append(b)
        step.append(c)
    return _Ranges(tuple(start), tuple(stop), tuple(step), tuple(reversed_dims))


def _sliced(tensor: Tensor, ranges: _Ranges) -> Tensor:
    start, stop, step, reversed_dims = ranges
    if stop != tensor.shape or any(start) or any(c != 1 for c in step):
        tensor = SLICE(tensor, start=start, stop=stop, step=step)
    return tensor.flip(reversed_dims) if reversed_dims else tensor


def _basic_shape(items: list[Any], lengths: Shape) -> Shape:
    """What is left of `lengths` without the integers, and with a 1 for each None."""
    remaining = iter(lengths)
    kept = [(item, 1 if item is None else next(remaining)) for item in items]
    return tuple([length for item, length in kept if not isinstance(item, int)])


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
