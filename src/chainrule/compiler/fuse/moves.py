"""What movement operations do, as arithmetic: from the place of an element of the result to where it comes from.

Each rule gives branches. An element comes from the first branch whose conditions hold; a rule whose last branch has
conditions too says with which number it fills what no branch reaches.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from chainrule.compiler.expression import Expr, Within
from chainrule.compiler.fuse.place import Place
from chainrule.compiler.index import Index, Lookup
from chainrule.core.dtype import bool_
from chainrule.graph import Apply, Value

# What gives the expression of an element, for indices that the program itself computes.
Look: TypeAlias = Callable[[Value, Place], Expr]


@dataclass(frozen=True)
class Branch:
    """Where an element comes from if all of `conditions` hold."""

    source: Value
    place: Place
    conditions: tuple[Within, ...] = ()


@dataclass(frozen=True)
class Move:
    """Where the elements of a movement's result come from.

    Attributes:
        branches: Tried in order.
        fill: What stands where no branch applies.
        repeats: Whether an element of the source may be read for several elements of the result.
    """

    branches: tuple[Branch, ...]
    fill: float = 0.0
    repeats: bool = False


def _reshape(value: Apply, place: Place, look: Look) -> Move:
    (source,) = value.inputs
    return Move((Branch(source, place.reshaped(source.shape)),))


def _broadcast(value: Apply, place: Place, look: Look) -> Move:
    (source,) = value.inputs
    if math.prod(source.shape) == math.prod(value.shape):
        return _reshape(value, place, look)
    kept = place.indices[len(value.shape) - len(source.shape) :]
    indices = tuple(Index(0) if length == 1 else index for index, length in zip(kept, source.shape, strict=True))
    return Move((Branch(source, Place(source.shape, indices)),), repeats=True)


def _permute(value: Apply, place: Place, look: Look) -> Move:
    (source,) = value.inputs
    indices = [Index(0)] * len(source.shape)
    for index, dim in zip(place.indices, value.params["dims"], strict=True):
        indices[dim] = index
    return Move((Branch(source, Place(source.shape, tuple(indices))),))


def _flip(value: Apply, place: Place, look: Look) -> Move:
    (source,) = value.inputs
    indices = list(place.indices)
    for dim in value.params["dims"]:
        indices[dim] = Index(source.shape[dim] - 1) - indices[dim]
    return Move((Branch(source, Place(source.shape, tuple(indices))),))


def _slice(value: Apply, place: Place, look: Look) -> Move:
    (source,) = value.inputs
    starts, steps = value.params["start"], value.params["step"]
    indices = tuple(index * step + start for index, start, step in zip(place.indices, starts, steps, strict=True))
    return Move((Branch(source, Place(source.shape, indices)),))


def _update(value: Apply, place: Place, look: Look) -> Move:
    whole, part = value.inputs
    conditions, indices = [], []
    rows = zip(place.indices, value.params["start"], value.params["step"], part.shape, whole.shape, strict=True)
    for index, start, step, count, length in rows:
        if (start, step, count) != (0, 1, length):
            conditions.append(Within(bool_, index, start, start + (count - 1) * step + 1 if count else start, step))
        indices.append((index - start) // step if step != 1 else index - start)
    return Move((Branch(part, Place(part.shape, tuple(indices)), tuple(conditions)), Branch(whole, place)))


def _pad(value: Apply, place: Place, look: Look) -> Move:
    (source,) = value.inputs
    conditions, indices = [], []
    rows = zip(place.indices, value.params["widths"], value.params["inner"], source.shape, value.shape, strict=True)
    for index, (before, _), inner, count, length in rows:
        step = inner + 1
        if (before, step, count) != (0, 1, length):
            conditions.append(Within(bool_, index, before, before + (count - 1) * step + 1 if count else before, step))
        indices.append((index - before) // step if step != 1 else index - before)
    branch = Branch(source, Place(source.shape, tuple(indices)), tuple(conditions))
    return Move((branch,), fill=value.params["value"])


def _concatenate(value: Apply, place: Place, look: Look) -> Move:
    dim = value.params["dim"]
    branches, start = [], 0
    for source in value.inputs:
        length = source.shape[dim]
        indices = list(place.indices)
        condition = Within(bool_, indices[dim], start, start + length)
        indices[dim] = indices[dim] - start
        branches.append(Branch(source, Place(source.shape, tuple(indices)), (condition,)))
        start += length
    return Move(tuple(branches))


def _windows(value: Apply, place: Place, look: Look) -> Move:
    (source,) = value.inputs
    stride, dilation = value.params["stride"], value.params["dilation"]
    count = len(stride)
    first, last = place.indices[0], place.indices[-1]
    positions, offsets = place.indices[1 : 1 + count], place.indices[1 + count : -1]
    spatial = (
        position * s + offset * d for position, offset, s, d in zip(positions, offsets, stride, dilation, strict=True)
    )
    apart = all(s > (k - 1) * d for s, k, d in zip(stride, value.params["size"], dilation, strict=True))
    return Move((Branch(source, Place(source.shape, (first, *spatial, last))),), repeats=not apart)


def _take(value: Apply, place: Place, look: Look) -> Move:
    source, index = value.inputs
    axis, count = value.params["axis"], len(index.shape)
    at = Place(index.shape, place.indices[axis : axis + count])
    found = Index.of(Lookup(look(index, at), source.shape[axis], value.note))
    indices = (*place.indices[:axis], found, *place.indices[axis + count :])
    return Move((Branch(source, Place(source.shape, indices)),), repeats=True)


def _gather(value: Apply, place: Place, look: Look) -> Move:
    source, index = value.inputs
    axis = value.params["axis"]
    indices = list(place.indices)
    indices[axis] = Index.of(Lookup(look(index, place), source.shape[axis], value.note))
    return Move((Branch(source, Place(source.shape, tuple(indices))),), repeats=True)


MOVES: dict[str, Callable[[Apply, Place, Look], Move]] = {
    "reshape": _reshape,
    "broadcast": _broadcast,
    "permute": _permute,
    "flip": _flip,
    "slice": _slice,
    "update": _update,
    "pad": _pad,
    "concatenate": _concatenate,
    "windows": _windows,
    "take": _take,
    "gather": _gather,
}


def is_move(value: Value) -> bool:
    """Whether a value only moves what others have computed."""
    return isinstance(value, Apply) and value.primitive.name in MOVES


def move(value: Apply, place: Place, look: Look) -> Move:
    """Where the element of a movement's result at `place` comes from."""
    moved = MOVES[value.primitive.name](value, place, look)
    return replace(moved, branches=tuple(branch for branch in moved.branches if math.prod(branch.source.shape)))
