"""Primitives that read and write at positions given by integer tensors."""

from __future__ import annotations

import math

import numpy as np

from chainrule.core.dtype import int64
from chainrule.core.primitive import Array, Primitive, Spec
from chainrule.core.types import Tensor
from chainrule.errors import IndexingError, ShapeError
from chainrule.ops.convert import constant
from chainrule.ops.movement import cast


def _in_range(index: Array, length: int) -> Array:
    """`index`, or an error that names the first that lies outside."""
    if index.size and (index.min() < 0 or index.max() >= length):
        wrong = index[(index < 0) | (index >= length)].flat[0]
        raise IndexingError("an index is out of range.", expected=f"0 to {length - 1}", got=int(wrong))
    return index


class _Take(Primitive):
    """The slices of `x` along `axis` at the positions `index`, whose dimensions take the place of `axis`."""

    def infer(self, x: Spec, index: Spec, *, axis: int) -> Spec:
        return Spec((*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]), x.dtype)

    def evaluate(self, x: Array, index: Array, *, axis: int) -> Array:
        return np.take(x, _in_range(index, x.shape[axis]), axis)

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, index: Tensor, *, axis: int) -> Tensor | None:
        return INDEX_ADD(g, index, axis=axis, length=x.shape[axis]) if arg == 0 else None


class _IndexAdd(Primitive):
    """The transpose of `take`: the slices of `g` added into zeros at the positions `index`."""

    def infer(self, g: Spec, index: Spec, *, axis: int, length: int) -> Spec:
        return Spec((*g.shape[:axis], length, *g.shape[axis + index.ndim :]), g.dtype)

    def evaluate(self, g: Array, index: Array, *, axis: int, length: int) -> Array:
        shape = self.infer(Spec(g.shape, g.dtype), Spec(index.shape, index.dtype), axis=axis, length=length).shape
        out = np.zeros((length, *shape[:axis], *shape[axis + 1 :]), g.dtype)
        flat = _in_range(index, length).reshape(-1)
        if flat.size and out.size:
            slices = g.reshape(*g.shape[:axis], -1, *g.shape[axis + index.ndim :])
            # Sorted by position, equal ones stand together and are summed at once, in a fixed order.
            order = np.argsort(flat, kind="stable")
            ordered = flat[order]
            starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
            out[ordered[starts]] = np.add.reduceat(np.moveaxis(slices, axis, 0)[order], starts, axis=0)
        return np.moveaxis(out, 0, axis)

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, index: Tensor, *, axis: int, length: int) -> Tensor | None:
        return TAKE(g, index, axis=axis) if arg == 0 else None


class _Gather(Primitive):
    """`out[..., j, ...] = x[..., index[..., j, ...], ...]` along `axis`; all other dimensions agree."""

    def infer(self, x: Spec, index: Spec, *, axis: int) -> Spec:
        return Spec(index.shape, x.dtype)

    def evaluate(self, x: Array, index: Array, *, axis: int) -> Array:
        return np.take_along_axis(x, _in_range(index, x.shape[axis]), axis)

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, index: Tensor, *, axis: int) -> Tensor | None:
        return SCATTER_ADD(g, index, axis=axis, length=x.shape[axis]) if arg == 0 else None


class _ScatterAdd(Primitive):
    """The transpose of `gather`: each element of `g` added into zeros where `index` says, along `axis`."""

    def infer(self, g: Spec, index: Spec, *, axis: int, length: int) -> Spec:
        return Spec((*g.shape[:axis], length, *g.shape[axis + 1 :]), g.dtype)

    def evaluate(self, g: Array, index: Array, *, axis: int, length: int) -> Array:
        _in_range(index, length)
        if index.shape[axis] == 1:
            # One element a row, as `max(dim=...)` gives back: nothing meets.
            out = np.zeros((*g.shape[:axis], length, *g.shape[axis + 1 :]), g.dtype)
            np.put_along_axis(out, index, g, axis)
            return out
        # With `axis` last and the rest flattened, a position is one number.
        others = g.shape[:axis] + g.shape[axis + 1 :]
        rows = np.moveaxis(index, axis, -1).reshape(math.prod(others), index.shape[axis])
        flat = (rows + length * np.arange(len(rows))[:, None]).reshape(-1)
        out = np.zeros(len(rows) * length, g.dtype)
        np.add.at(out, flat, np.ascontiguousarray(np.moveaxis(g, axis, -1)).reshape(-1))
        return np.moveaxis(out.reshape(*others, length), -1, axis)

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, index: Tensor, *, axis: int, length: int) -> Tensor | None:
        return GATHER(g, index, axis=axis) if arg == 0 else None


class _Put(Primitive):
    """A 1-d `x` with `values` written at the positions `index`; of equal positions the last one wins."""

    def infer(self, x: Spec, index: Spec, values: Spec) -> Spec:
        if index.shape != values.shape:
            raise ShapeError("put takes one value a position.", expected=index.shape, got=values.shape)
        return x

    def evaluate(self, x: Array, index: Array, values: Array) -> Array:
        out = x.copy()
        out[_in_range(index, len(x))] = values
        return out

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, index: Tensor, values: Tensor) -> Tensor | None:
        if arg == 0:
            return PUT(g, index, values.zeros_like())
        if arg == 1:
            return None
        # Only the value that was written last at a position has had an effect.
        order = constant(np.arange(index.shape[0]))
        last = TAKE(PUT(x.zeros_like(dtype=int64), index, order), index, axis=0) == order
        return TAKE(g, index, axis=0) * cast(last, g.dtype)


TAKE = _Take("take")
INDEX_ADD = _IndexAdd("index_add")
GATHER = _Gather("gather")
SCATTER_ADD = _ScatterAdd("scatter_add")
PUT = _Put("put")
