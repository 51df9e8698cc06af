"""Broadcasting and axes."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule.errors import ArgumentError, ShapeError

Shape: TypeAlias = tuple[int, ...]
Dims: TypeAlias = "int | Sequence[int] | None"


def size(shape: Sequence[int]) -> int:
    """The number of elements."""
    return math.prod(shape)


def broadcast(*shapes: Shape) -> Shape:
    """The shape that all of `shapes` stretch to, by NumPy's rule: aligned at the right, 1 stretches.

    >>> broadcast((4, 1), (3,))
    (4, 3)
    """
    if all(shape == shapes[0] for shape in shapes):
        return shapes[0] if shapes else ()
    ndim = max(map(len, shapes))
    padded = [(1,) * (ndim - len(shape)) + shape for shape in shapes]
    out = []
    for lengths in zip(*padded, strict=True):
        stretched = {length for length in lengths if length != 1}
        if len(stretched) > 1:
            raise ShapeError(
                "the shapes do not broadcast together.",
                expected="equal lengths, or 1, in every dimension counted from the right",
                got=" and ".join(map(str, shapes)),
            )
        out.append(stretched.pop() if stretched else 1)
    return tuple(out)


def axis(dim: int, ndim: int) -> int:
    """`dim` counted from the left; negative counts from the right.

    >>> axis(-1, 3)
    2
    """
    limit = max(ndim, 1)
    if not isinstance(dim, (int, np.integer)):
        raise ArgumentError("a dimension is a whole number.", got=repr(dim))
    if not -limit <= dim < limit:
        raise ShapeError(
            f"there is no dimension {dim}.",
            expected=f"-{limit} to {limit - 1}",
            got=f"dim={dim} for {ndim} dimensions",
        )
    return int(dim) % limit


def axes(dim: Dims, ndim: int) -> Shape:
    """`dim` as a sorted tuple of different axes; None, or none at all, means all of them, as PyTorch has it."""
    dims = () if dim is None else tuple(dim) if isinstance(dim, Sequence) else (dim,)
    if not dims:
        return tuple(range(ndim))
    found = tuple(sorted(axis(d, ndim) for d in dims)) if ndim else ()
    if len(set(found)) != len(found):
        raise ArgumentError("a dimension is named twice.", got=f"dim={tuple(dims)}")
    return found


def reduced(shape: Shape, dims: Shape, keepdim: bool) -> Shape:
    """`shape` with the axes `dims` reduced to 1, or dropped."""
    if keepdim:
        return tuple(1 if i in dims else length for i, length in enumerate(shape))
    return tuple(length for i, length in enumerate(shape) if i not in dims)


def resolve(shape: Sequence[int], total: int) -> Shape:
    """`shape` with its one -1, if any, worked out from the number of elements."""
    if size(shape) == total and min(shape, default=0) >= 0:
        return tuple(shape)
    unknown = [i for i, length in enumerate(shape) if length == -1]
    known = size([length for length in shape if length != -1])
    fits = known and total % known == 0 if unknown else known == total
    if len(unknown) > 1 or any(length < -1 for length in shape) or not fits:
        raise ShapeError(
            f"{total} elements cannot take the shape {tuple(shape)}.",
            expected="a shape with the same number of elements (one dimension may be -1)",
            got=tuple(shape),
        )
    return tuple(total // known if length == -1 else int(length) for length in shape)


def flatten_sizes(lengths: tuple[int | Sequence[int], ...], named: Sequence[int] | int | None = None) -> Shape:
    """`(2, 3)` from `f(2, 3)`, from `f((2, 3))` and, `named`, from `f(size=(2, 3))`."""
    given: Sequence[Any] = lengths if named is None else (*lengths, named)
    if len(given) == 1 and hasattr(given[0], "__len__"):
        given = given[0]
    try:
        return tuple([operator.index(length) for length in given])
    except TypeError:
        raise ShapeError("a shape consists of whole numbers.", got=tuple(given)) from None


def lengths(sizes: tuple[int | Sequence[int], ...], named: Sequence[int] | int | None = None) -> Shape:
    """`flatten_sizes` for the shape of a new tensor: no length may be negative."""
    shape = flatten_sizes(sizes, named)
    if any(length < 0 for length in shape):
        raise ShapeError("a length cannot be negative.", got=shape)
    return shape
