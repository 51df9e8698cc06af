"""Sorting: one primitive, the order; values are gathered by it, so that derivatives come by themselves."""

from __future__ import annotations

import numpy as np

from chainrule.core import shape as shapes
from chainrule.core.dtype import int64
from chainrule.core.primitive import Array, Primitive, Spec
from chainrule.core.types import Tensor
from chainrule.errors import ArgumentError
from chainrule.ops.reduce import ValuesAndIndices


class _Argsort(Primitive):
    """The order that sorts along `dim`; equal ones keep theirs; NaN counts as the largest."""

    def infer(self, x: Spec, *, dim: int, descending: bool) -> Spec:
        return Spec(x.shape, int64)

    def evaluate(self, x: Array, *, dim: int, descending: bool) -> Array:
        if not descending:
            return np.argsort(x, axis=dim, kind="stable")
        # Sorted backwards and turned round: equal ones keep their order, NaN comes first.
        backwards = np.argsort(np.flip(x, dim), axis=dim, kind="stable")
        return np.asarray(x.shape[dim] - 1 - np.flip(backwards, dim))

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, *, dim: int, descending: bool) -> None:
        return None


ARGSORT = _Argsort("argsort")


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The indices (int64) that sort `input` along `dim`, `descending` or not. Always stable; NaN counts as the largest.

    >>> cr.argsort(cr.tensor([3, 1, 2]))
    tensor([1, 2, 0])
    """
    if input.ndim == 0:
        return input.zeros_like(dtype=int64)
    return ARGSORT(input, dim=shapes.axis(dim, input.ndim), descending=descending)


def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = True) -> ValuesAndIndices:
    """The values sorted along `dim`, `descending` or not, and where they stood; always `stable`. NaN is the largest.

    >>> cr.sort(cr.tensor([3, 1, 2]))
    ValuesAndIndices(values=tensor([1, 2, 3]), indices=tensor([1, 2, 0]))
    """
    order = argsort(input, dim, descending)
    return ValuesAndIndices(input.gather(dim, order), order)


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> ValuesAndIndices:
    """The `k` largest (or smallest) along `dim`, and where they stood; in order, whatever `sorted` says.

    Raises:
        ArgumentError: If there are fewer than `k`.

    >>> cr.topk(cr.tensor([3, 1, 2]), 2)
    ValuesAndIndices(values=tensor([3, 2]), indices=tensor([0, 2]))
    """
    axis = shapes.axis(dim, input.ndim)
    if not 0 <= k <= (input.shape[axis] if input.ndim else 1):
        raise ArgumentError(
            "topk cannot give more than there is.", expected=f"k within {input.shape}, dim {dim}", got=k
        )
    values, order = sort(input, axis, descending=largest)
    return (
        ValuesAndIndices(values.narrow(axis, 0, k), order.narrow(axis, 0, k))
        if input.ndim
        else ValuesAndIndices(values, order)
    )
