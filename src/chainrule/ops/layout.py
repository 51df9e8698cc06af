"""Rearranging: reshape, permute, split, stack, roll ... over the movement primitives."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.core import shape as shapes
from chainrule.core.shape import Dims
from chainrule.core.types import Tensor
from chainrule.errors import ArgumentError, DTypeError, ShapeError
from chainrule.ops.convert import as_tensor, broadcast, promote
from chainrule.ops.movement import CONCATENATE, FLIP, PERMUTE, RESHAPE, SLICE
from chainrule.ops.naming import numpy_names


def reshape(input: Tensor, *lengths: int | Sequence[int], shape: Sequence[int] | None = None) -> Tensor:
    """The same values in the same order, in another shape; one length may be -1 and is worked out.

    Args:
        input: Any shape.
        lengths: The new shape: `reshape(x, 2, 3)`, `reshape(x, (2, 3))` or `reshape(x, shape=(2, 3))`.
        shape: The new shape, by name.

    Raises:
        ShapeError: If the number of elements differs.

    >>> cr.reshape(cr.arange(6), (2, -1))
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    tensor = as_tensor(input)
    target = shapes.resolve(shapes.flatten_sizes(lengths, shape), shapes.size(tensor.shape))
    return tensor if target == tensor.shape else RESHAPE(tensor, shape=target)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions `start_dim` to `end_dim`, both included, made one.

    >>> cr.flatten(cr.zeros(2, 3, 4), start_dim=1).shape
    (2, 12)
    """
    tensor = as_tensor(input)
    if tensor.ndim == 0:
        return tensor.reshape(1)
    first, last = shapes.axis(start_dim, tensor.ndim), shapes.axis(end_dim, tensor.ndim)
    if first > last:
        raise ArgumentError("flatten must start before it ends.", got=f"start_dim={start_dim}, end_dim={end_dim}")
    # The product is named rather than -1, which no elements would leave open.
    middle = shapes.size(tensor.shape[first : last + 1])
    return reshape(tensor, (*tensor.shape[:first], middle, *tensor.shape[last + 1 :]))


def permute(input: Tensor, *order: int | Sequence[int], dims: Sequence[int] | None = None) -> Tensor:
    """The dimensions in the order `order` (or `dims`, by name).

    Raises:
        ArgumentError: Unless every dimension is named once.

    >>> cr.permute(cr.zeros(2, 3, 4), (2, 0, 1)).shape
    (4, 2, 3)
    """
    tensor = as_tensor(input)
    axes = tuple(shapes.axis(d, tensor.ndim) for d in shapes.flatten_sizes(order, dims))
    if sorted(axes) != list(range(tensor.ndim)):
        raise ArgumentError("permute names every dimension once.", expected=f"{tensor.ndim} different ones", got=axes)
    return PERMUTE(tensor, dims=axes) if axes != tuple(range(tensor.ndim)) else tensor


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """The dimensions `dim0` and `dim1` exchanged.

    >>> cr.transpose(cr.tensor([[1, 2], [3, 4]]), 0, 1)
    tensor([[1, 3],
            [2, 4]])
    """
    tensor = as_tensor(input)
    order = list(range(tensor.ndim))
    a, b = shapes.axis(dim0, tensor.ndim), shapes.axis(dim1, tensor.ndim)
    if tensor.ndim:
        order[a], order[b] = b, a
    return permute(tensor, order)


def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; a vector stays as it is.

    Raises:
        ShapeError: For more than two dimensions.

    >>> cr.t(cr.tensor([[1, 2], [3, 4]]))
    tensor([[1, 3],
            [2, 4]])
    """
    tensor = as_tensor(input)
    if tensor.ndim > 2:
        raise ShapeError("t() takes at most two dimensions.", got=tensor.shape, remedy="use .mT or permute")
    return permute(tensor, tuple(range(tensor.ndim))[::-1])


def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Dimension `source` moved to `destination` (or several at once); the others keep their order.

    Raises:
        ArgumentError: If a dimension is named twice, or there are not as many destinations as sources.

    >>> cr.movedim(cr.zeros(2, 3, 4), 0, -1).shape
    (3, 4, 2)
    """
    tensor = as_tensor(input)
    moved, to = ([shapes.axis(d, tensor.ndim) for d in shapes.flatten_sizes((dims,))] for dims in (source, destination))
    if len(set(moved)) != len(moved) or len(set(to)) != len(to) or len(moved) != len(to):
        raise ArgumentError(
            "movedim takes one destination for each of different dimensions.", got=(source, destination)
        )
    order = [d for d in range(tensor.ndim) if d not in moved]
    for place, d in sorted(zip(to, moved, strict=True)):
        order.insert(place, d)
    return permute(tensor, order)


@numpy_names
def squeeze(input: Tensor, dim: Dims = None) -> Tensor:
    """Without the dimensions of length 1, or only those of `dim` that have length 1.

    >>> cr.squeeze(cr.zeros(1, 3, 1)).shape
    (3,)
    """
    tensor = as_tensor(input)
    dims = () if dim == () else shapes.axes(dim, tensor.ndim)
    return reshape(tensor, tuple(n for i, n in enumerate(tensor.shape) if not (i in dims and n == 1)))


@numpy_names
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a dimension of length 1 inserted at `dim`.

    >>> cr.unsqueeze(cr.zeros(3), 0).shape
    (1, 3)
    """
    tensor = as_tensor(input)
    at = shapes.axis(dim, tensor.ndim + 1)
    return reshape(tensor, (*tensor.shape[:at], 1, *tensor.shape[at:]))


def expand(input: Tensor, *sizes: int | Sequence[int]) -> Tensor:
    """Dimensions of length 1 stretched, and new ones added at the left; -1 keeps a length.

    >>> cr.expand(cr.tensor([[1], [2]]), (2, 3))
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    tensor = as_tensor(input)
    target = list(shapes.flatten_sizes(sizes))
    added = len(target) - tensor.ndim
    for i, length in enumerate(target):
        if length == -1 and i >= added:
            target[i] = tensor.shape[i - added]
    if added < 0 or min(target, default=0) < 0:
        raise ShapeError(
            "the tensor cannot be expanded so.",
            expected=f"what {tensor.shape} stretches to",
            got=tuple(target),
        )
    return broadcast(tensor, tuple(target))


def broadcast_to(input: Tensor, shape: Sequence[int]) -> Tensor:
    """`input` stretched to `shape`, by NumPy's rule.

    >>> cr.broadcast_to(cr.tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    return expand(input, tuple(shape))


def flip(input: Tensor, *along: int | Sequence[int], dims: Sequence[int] | None = None) -> Tensor:
    """In reverse order along some dimensions: `flip(x, 0)`, `flip(x, (0, 1))` or `flip(x, dims=(0, 1))`.

    >>> cr.flip(cr.tensor([1, 2, 3]), 0)
    tensor([3, 2, 1])
    """
    tensor = as_tensor(input)
    chosen = shapes.flatten_sizes(along, dims)
    return FLIP(tensor, dims=shapes.axes(chosen, tensor.ndim)) if chosen and tensor.ndim else tensor.clone()


@numpy_names
def concatenate(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one after another along `dim`; their dtypes are promoted. `cat` is the same.

    Empty 1-d tensors are left out, as in PyTorch: `x = cat([x, more])` may begin with `x = tensor([])`.

    Raises:
        ShapeError: If they differ in another dimension than `dim`.

    >>> cr.concatenate([cr.tensor([1, 2]), cr.tensor([3])])
    tensor([1, 2, 3])
    """
    if isinstance(tensors, Tensor):
        raise DTypeError("concatenate takes a list of tensors.", got="one tensor", remedy="cr.concatenate([a, b])")
    if not tensors:
        raise ArgumentError("concatenate needs at least one tensor.", got="none")
    parts = promote(*tensors)
    parts = [part for part in parts if part.shape != (0,)] or parts[:1]
    if parts[0].ndim == 0:
        raise ShapeError("0-d tensors cannot be concatenated.", remedy="use stack")
    return CONCATENATE(*parts, dim=shapes.axis(dim, parts[0].ndim))


@numpy_names
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """`tensors` of one shape, one after another along a new dimension `dim`.

    >>> cr.stack([cr.tensor([1, 2]), cr.tensor([3, 4])], dim=1)
    tensor([[1, 3],
            [2, 4]])
    """
    parts = [as_tensor(tensor) for tensor in tensors]
    if not parts:
        raise ArgumentError("stack needs at least one tensor.", got="none")
    if any(part.shape != parts[0].shape for part in parts):
        raise ShapeError(
            "stack takes tensors of one shape.", expected=parts[0].shape, got=[part.shape for part in parts]
        )
    return concatenate([unsqueeze(part, dim) for part in parts], dim)


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """`length` elements from `start` along `dim`.

    >>> cr.narrow(cr.arange(5), 0, 1, 3)
    tensor([1, 2, 3])
    """
    tensor = as_tensor(input)
    axis = shapes.axis(dim, tensor.ndim)
    if not (tensor.ndim and start >= 0 and length >= 0 and start + length <= tensor.shape[axis]):
        raise ShapeError(
            "narrow reaches beyond the tensor.", expected=f"within {tensor.shape}", got=f"{start} + {length}"
        )
    starts = tuple(start if i == axis else 0 for i in range(tensor.ndim))
    stops = tuple(start + length if i == axis else n for i, n in enumerate(tensor.shape))
    return SLICE(tensor, start=starts, stop=stops, step=(1,) * tensor.ndim)


def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Cut along `dim`, by `split_size_or_sections`: pieces of one length (the last may be shorter), or of those given.

    Raises:
        ShapeError: If the lengths do not add up.

    >>> cr.split(cr.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    whole = as_tensor(tensor)
    total = _length(whole, dim)
    if isinstance(split_size_or_sections, int):
        step = split_size_or_sections
        if step < 1:
            raise ArgumentError("pieces must have a length above 0.", got=step)
        lengths = [min(step, total - start) for start in range(0, total, step)] or [0]
    else:
        lengths = [int(length) for length in split_size_or_sections]
    if sum(lengths) != total:
        raise ShapeError("the lengths do not add up.", expected=f"a sum of {total}", got=lengths)
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    return tuple(narrow(whole, dim, start, length) for start, length in zip(starts, lengths, strict=True))


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Cut along `dim` into at most `chunks` pieces of one length (the last may be shorter).

    Raises:
        ArgumentError: For fewer than one piece.

    >>> cr.chunk(cr.arange(5), 2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    if chunks < 1:
        raise ArgumentError("chunk needs at least one piece.", got=chunks)
    tensor = as_tensor(input)
    length = _length(tensor, dim)
    return split(tensor, max(-(-length // chunks), 1), dim)


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, one by one, without that dimension.

    >>> cr.unbind(cr.tensor([[1, 2], [3, 4]]))
    (tensor([1, 2]), tensor([3, 4]))
    """
    tensor = as_tensor(input)
    length, axis = _length(tensor, dim), shapes.axis(dim, tensor.ndim)
    return tuple(squeeze(narrow(tensor, axis, i, 1), axis) for i in range(length))


def _length(tensor: Tensor, dim: int) -> int:
    """The length of a dimension that a tensor is cut along."""
    if tensor.ndim == 0:
        raise ShapeError("a 0-d tensor cannot be cut.", remedy="x.reshape(1) first")
    return tensor.shape[shapes.axis(dim, tensor.ndim)]


def roll(input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """Moved by `shifts` along `dims`; what leaves at one end comes in at the other. Without `dims`, flattened.

    >>> cr.roll(cr.arange(4), 1)
    tensor([3, 0, 1, 2])
    """
    tensor = as_tensor(input)
    if dims is None:
        return reshape(roll(reshape(tensor, -1), shifts, 0), tensor.shape)
    moves = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    along = (dims,) if isinstance(dims, int) else tuple(dims)
    if tensor.ndim == 0:
        return tensor.clone()
    if len(moves) != len(along):
        raise ArgumentError("roll takes one shift a dimension.", got=f"{len(moves)} shifts, {len(along)} dimensions")
    for shift, dim in zip(moves, along, strict=True):
        length = tensor.shape[shapes.axis(dim, tensor.ndim)]
        if length and shift % length:
            head, tail = split(tensor, [length - shift % length, shift % length], dim)
            tensor = concatenate([tail, head], dim)
    return tensor.clone() if tensor is input else tensor


def tile(input: Tensor, *repeats: int | Sequence[int], dims: Sequence[int] | None = None) -> Tensor:
    """Repeated along each dimension: `tile(x, 2, 1)`, `tile(x, (2, 1))` or `tile(x, dims=(2, 1))`.

    Dimensions that are missing, of the tensor or of the numbers, are added at the left.

    >>> cr.tile(cr.tensor([1, 2]), (2, 2))
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    tensor = as_tensor(input)
    times = shapes.lengths(repeats, dims)
    ndim = max(len(times), tensor.ndim)
    times = (1,) * (ndim - len(times)) + times
    shape = (1,) * (ndim - tensor.ndim) + tensor.shape
    apart = reshape(tensor, [n for length in shape for n in (1, length)])
    repeated = expand(apart, [n for t, length in zip(times, shape, strict=True) for n in (t, length)])
    out = reshape(repeated, [t * length for t, length in zip(times, shape, strict=True)])
    return out.clone() if repeated is apart else out
