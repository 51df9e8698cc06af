"""Primitives that move values without computing: cast, broadcast, reshape, permute, slice, pad, windows ..."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core import shape as shapes
from chainrule.core.dtype import DType
from chainrule.core.primitive import Array, Primitive, Spec
from chainrule.core.shape import Shape
from chainrule.core.types import Tensor
from chainrule.errors import DTypeError, ShapeError

Pairs = tuple[tuple[int, int], ...]


class _Movement(Primitive):
    """A primitive that costs no arithmetic."""

    def flops(self, out: Spec, *inputs: Spec, **params: Any) -> int:
        return 0


class _Cast(_Movement):
    """The same values in another dtype; floats are cut toward zero on the way to integers."""

    def infer(self, x: Spec, *, dtype: DType) -> Spec:
        return Spec(x.shape, dtype)

    def evaluate(self, x: Array, *, dtype: DType) -> Array:
        return x.astype(dtype)

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, *, dtype: DType) -> Tensor:
        return cast(g, x.dtype)


class _Broadcast(_Movement):
    """Stretch dimensions of length 1, and add dimensions at the left."""

    def infer(self, x: Spec, *, shape: Shape) -> Spec:
        added = len(shape) - x.ndim
        if added < 0 or any(n not in (1, m) for n, m in zip(x.shape, shape[added:], strict=True)):
            raise ShapeError(
                "the tensor cannot be expanded so.",
                expected=f"a shape that {x.shape} stretches to",
                got=shape,
            )
        return Spec(shape, x.dtype)

    def evaluate(self, x: Array, *, shape: Shape) -> Array:
        return np.broadcast_to(x, shape)

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, *, shape: Shape) -> Tensor:
        added = len(shape) - x.ndim
        stretched = [i for i, length in enumerate(shape) if i < added or x.shape[i - added] != length]
        return g.sum(dim=stretched, keepdim=True).reshape(x.shape) if stretched else g.reshape(x.shape)


class _Reshape(_Movement):
    """The same values, in the same order, in another shape."""

    def infer(self, x: Spec, *, shape: Shape) -> Spec:
        return Spec(shapes.resolve(shape, shapes.size(x.shape)), x.dtype)

    def evaluate(self, x: Array, *, shape: Shape) -> Array:
        return x.reshape(shape)

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, *, shape: Shape) -> Tensor:
        return g.reshape(x.shape)

    def put_back(self, whole: Tensor, part: Tensor, *, shape: Shape) -> Tensor:
        return part.reshape(whole.shape)


class _Permute(_Movement):
    """The dimensions in another order."""

    def infer(self, x: Spec, *, dims: Shape) -> Spec:
        return Spec(tuple(x.shape[d] for d in dims), x.dtype)

    def evaluate(self, x: Array, *, dims: Shape) -> Array:
        return x.transpose(dims)

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, *, dims: Shape) -> Tensor:
        return g.permute(_inverse(dims))

    def put_back(self, whole: Tensor, part: Tensor, *, dims: Shape) -> Tensor:
        return part.permute(_inverse(dims))


def _inverse(dims: Shape) -> Shape:
    """The permutation that undoes `dims`."""
    return tuple(sorted(range(len(dims)), key=dims.__getitem__))


class _Flip(_Movement):
    """The values in reverse order along some dimensions."""

    def infer(self, x: Spec, *, dims: Shape) -> Spec:
        return x

    def evaluate(self, x: Array, *, dims: Shape) -> Array:
        return np.flip(x, dims)

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, *, dims: Shape) -> Tensor:
        return g.flip(dims)


class _Slice(_Movement):
    """From `start` up to `stop`, every `step`-th (positive), in each dimension."""

    def infer(self, x: Spec, *, start: Shape, stop: Shape, step: Shape) -> Spec:
        lengths = (max(0, -(-(b - a) // c)) for a, b, c in zip(start, stop, step, strict=True))
        return Spec(tuple(lengths), x.dtype)

    def evaluate(self, x: Array, *, start: Shape, stop: Shape, step: Shape) -> Array:
        return x[_slices(start, stop, step)]

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, *, start: Shape, stop: Shape, step: Shape) -> Tensor:
        after = (
            n - a - (m - 1) * c - 1 if m else n - a for n, m, a, c in zip(x.shape, y.shape, start, step, strict=True)
        )
        return PAD(g, widths=tuple(zip(start, after, strict=True)), inner=tuple(c - 1 for c in step), value=0.0)

    def put_back(self, whole: Tensor, part: Tensor, *, start: Shape, stop: Shape, step: Shape) -> Tensor:
        return UPDATE(whole, part, start=start, stop=stop, step=step)


def _slices(start: Shape, stop: Shape, step: Shape) -> tuple[slice, ...]:
    return tuple(slice(a, b, c) for a, b, c in zip(start, stop, step, strict=True))


class _Update(_Movement):
    """`x` with `part` in place of what `slice` would take."""

    def infer(self, x: Spec, part: Spec, *, start: Shape, stop: Shape, step: Shape) -> Spec:
        expected = SLICE.infer(x, start=start, stop=stop, step=step)
        if part != expected:
            raise ShapeError("the part does not fit.", expected=expected, got=part)
        return Spec(x.shape, x.dtype)

    def evaluate(self, x: Array, part: Array, *, start: Shape, stop: Shape, step: Shape) -> Array:
        out = x.copy()
        out[_slices(start, stop, step)] = part
        return out

    def vjp(
        self, arg: int, g: Tensor, y: Tensor, x: Tensor, part: Tensor, *, start: Shape, stop: Shape, step: Shape
    ) -> Tensor:
        if arg == 0:
            return UPDATE(g, part.zeros_like(), start=start, stop=stop, step=step)
        return SLICE(g, start=start, stop=stop, step=step)


class _Pad(_Movement):
    """`value` around the borders (`widths`), and `inner` times between neighbours, in each dimension."""

    def infer(self, x: Spec, *, widths: Pairs, inner: Shape, value: float) -> Spec:
        lengths = tuple(
            before + n + max(n - 1, 0) * gap + after
            for n, (before, after), gap in zip(x.shape, widths, inner, strict=True)
        )
        return Spec(lengths, x.dtype)

    def evaluate(self, x: Array, *, widths: Pairs, inner: Shape, value: float) -> Array:
        out = np.full(self.infer(Spec(x.shape, x.dtype), widths=widths, inner=inner, value=value).shape, value, x.dtype)
        out[_placed(x.shape, widths, inner)] = x
        return out

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, *, widths: Pairs, inner: Shape, value: float) -> Tensor:
        return g[_placed(x.shape, widths, inner)]


def _placed(shape: Shape, widths: Pairs, inner: Shape) -> tuple[slice, ...]:
    """Where the values stand in the padded array."""
    return tuple(
        slice(before, before + max((n - 1) * (gap + 1) + 1, 0) if n else before, gap + 1)
        for n, (before, _), gap in zip(shape, widths, inner, strict=True)
    )


class _Concatenate(_Movement):
    """The tensors one after another along one dimension."""

    def infer(self, *xs: Spec, dim: int) -> Spec:
        first = xs[0]
        for x in xs[1:]:
            if x.ndim != first.ndim or any(
                i != dim and a != b for i, (a, b) in enumerate(zip(x.shape, first.shape, strict=True))
            ):
                raise ShapeError(
                    f"tensors concatenated along dimension {dim} must agree in all others.",
                    expected=f"shapes like {first.shape}",
                    got=x.shape,
                )
        return Spec((*first.shape[:dim], sum(x.shape[dim] for x in xs), *first.shape[dim + 1 :]), first.dtype)

    def evaluate(self, *xs: Array, dim: int) -> Array:
        return np.concatenate(xs, dim)

    def vjp(self, arg: int, g: Tensor, y: Tensor, *xs: Tensor, dim: int) -> Tensor:
        start = sum(x.shape[dim] for x in xs[:arg])
        return g.narrow(dim, start, xs[arg].shape[dim])


class _Windows(_Movement):
    """Every window of a sliding frame: (N, *spatial, C) to (N, *positions, *frame, C); overlaps are repeated."""

    def infer(self, x: Spec, *, size: Shape, stride: Shape, dilation: Shape) -> Spec:
        spatial = x.shape[1:-1]
        reach = tuple((k - 1) * d + 1 for k, d in zip(size, dilation, strict=True))
        if any(n < r for n, r in zip(spatial, reach, strict=True)):
            raise ShapeError("the window is larger than its input.", expected=f"at least {reach}", got=spatial)
        positions = tuple((n - r) // s + 1 for n, r, s in zip(spatial, reach, stride, strict=True))
        return Spec((x.shape[0], *positions, *size, x.shape[-1]), x.dtype)

    def evaluate(self, x: Array, *, size: Shape, stride: Shape, dilation: Shape) -> Array:
        shape = self.infer(Spec(x.shape, x.dtype), size=size, stride=stride, dilation=dilation).shape
        steps = x.strides[1:-1]
        strides = (
            x.strides[0],
            *(step * s for step, s in zip(steps, stride, strict=True)),
            *(step * d for step, d in zip(steps, dilation, strict=True)),
            x.strides[-1],
        )
        return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, *, size: Shape, stride: Shape, dilation: Shape) -> Tensor:
        return OVERLAP_ADD(g, spatial=x.shape[1:-1], size=size, stride=stride, dilation=dilation)


class _OverlapAdd(Primitive):
    """The transpose of `windows`: each window is added back to where it came from."""

    def infer(self, g: Spec, *, spatial: Shape, size: Shape, stride: Shape, dilation: Shape) -> Spec:
        return Spec((g.shape[0], *spatial, g.shape[-1]), g.dtype)

    def evaluate(self, g: Array, *, spatial: Shape, size: Shape, stride: Shape, dilation: Shape) -> Array:
        positions = g.shape[1 : 1 + len(spatial)]
        out = np.zeros((g.shape[0], *spatial, g.shape[-1]), g.dtype)
        every = (slice(None),) * (1 + len(spatial))
        for offset in np.ndindex(*size):
            where = tuple(
                slice(o * d, o * d + (m - 1) * s + 1, s)
                for o, d, m, s in zip(offset, dilation, positions, stride, strict=True)
            )
            out[(slice(None), *where)] += g[(*every, *offset)]
        return out

    def vjp(
        self,
        arg: int,
        g: Tensor,
        y: Tensor,
        x: Tensor,
        *,
        spatial: Shape,
        size: Shape,
        stride: Shape,
        dilation: Shape,
    ) -> Tensor:
        return WINDOWS(g, size=size, stride=stride, dilation=dilation)


CAST = _Cast("cast")
BROADCAST = _Broadcast("broadcast")
RESHAPE = _Reshape("reshape")
PERMUTE = _Permute("permute")
FLIP = _Flip("flip")
SLICE = _Slice("slice")
UPDATE = _Update("update")
PAD = _Pad("pad")
CONCATENATE = _Concatenate("concatenate")
WINDOWS = _Windows("windows")
OVERLAP_ADD = _OverlapAdd("overlap_add")


def cast(input: Tensor, dtype: DType) -> Tensor:
    """`input` in another dtype; itself if it has that dtype already."""
    if not isinstance(input, Tensor):
        raise DTypeError("only a tensor can be cast.", got=type(input).__name__)
    return input if input.dtype == dtype else CAST(input, dtype=dtype)
