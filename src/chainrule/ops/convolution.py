"""Convolution over channels-last data: three primitives, each the derivative of the others.

Convolution is linear in its input and in its weight. So the gradient with respect to each is linear as well, and
the three passes (forward, gradient to the input, gradient to the weight) close under differentiation: any
derivative of one of them is another one of them.

Layouts, for any number of spatial dimensions: input (N, *spatial, C), weight (O, *kernel, C / groups),
output (N, *positions, O). The weight has its outputs first, as `Linear` has; flattened, it is the matrix
that every window is multiplied with.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.core import shape as shapes
from chainrule.core.primitive import Array, Primitive, Spec
from chainrule.core.shape import Shape
from chainrule.core.types import Tensor
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.layout import chunk, concatenate
from chainrule.ops.movement import OVERLAP_ADD, PAD, WINDOWS, Pairs
from chainrule.ops.window_arguments import (
    Lengths,
    check_bias,
    check_divisible,
    group_count,
    lengths,
    operands,
    pairs_of_padding,
)


class Frame(NamedTuple):
    """How the window moves over the picture.

    Attributes:
        stride: Steps from window to window, a spatial dimension each.
        padding: Zeros (before, after) each spatial dimension.
        dilation: Steps from element to element within a window.
        groups: Into how many parts the channels are divided, each convolved by itself.
    """

    stride: Shape
    padding: Pairs
    dilation: Shape
    groups: int

    def positions(self, spatial: Shape, kernel: Shape) -> Shape:
        """How many windows there are in each spatial dimension."""
        found = tuple(
            (n + before + after - (k - 1) * d - 1) // s + 1
            for n, k, s, (before, after), d in zip(
                spatial, kernel, self.stride, self.padding, self.dilation, strict=True
            )
        )
        if any(n < 1 for n in found):
            reach = tuple((k - 1) * d + 1 for k, d in zip(kernel, self.dilation, strict=True))
            raise ShapeError(
                "the kernel is larger than its input.",
                expected=f"an input of at least {reach}",
                got=f"{spatial} with padding {self.padding}",
                remedy="a smaller kernel, more padding, or fewer pooling layers before it",
            )
        return found


class _Convolution(Primitive):
    """Every window of the padded input times the weight."""

    def infer(self, x: Spec, w: Spec, *, frame: Frame) -> Spec:
        return Spec((x.shape[0], *frame.positions(x.shape[1:-1], w.shape[1:-1]), w.shape[0]), x.dtype)

    def evaluate(self, x: Array, w: Array, *, frame: Frame) -> Array:
        rows, positions = _rows(x, w.shape[1:-1], frame)
        out = np.matmul(rows, _matrix(w, frame).swapaxes(1, 2))
        return _ungrouped(out).reshape(len(x), *positions, w.shape[0])

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, w: Tensor, *, frame: Frame) -> Tensor:
        if arg == 0:
            return CONVOLUTION_INPUT(g, w, spatial=x.shape[1:-1], frame=frame)
        return CONVOLUTION_WEIGHT(x, g, kernel=w.shape[1:-1], frame=frame)

    def flops(self, out: Spec, *inputs: Spec, **params: Any) -> int:
        return 2 * shapes.size(out.shape) * shapes.size(inputs[1].shape[1:])


class _ConvolutionInput(Primitive):
    """The gradient to the input: every output spread over its window by the weight. Also the transposed convolution."""

    def infer(self, g: Spec, w: Spec, *, spatial: Shape, frame: Frame) -> Spec:
        return Spec((g.shape[0], *spatial, w.shape[-1] * frame.groups), g.dtype)

    def evaluate(self, g: Array, w: Array, *, spatial: Shape, frame: Frame) -> Array:
        kernel, positions = w.shape[1:-1], g.shape[1:-1]
        rows = np.matmul(_grouped(g, frame.groups), _matrix(w, frame))
        spread = rows.reshape(frame.groups, len(g), *positions, *kernel, w.shape[-1])
        windows = np.moveaxis(spread, 0, -2).reshape(len(g), *positions, *kernel, frame.groups * w.shape[-1])
        padded = tuple(n + before + after for n, (before, after) in zip(spatial, frame.padding, strict=True))
        out = OVERLAP_ADD.evaluate(windows, spatial=padded, size=kernel, stride=frame.stride, dilation=frame.dilation)
        return np.asarray(
            out[(slice(None), *[slice(b, b + n) for n, (b, _) in zip(spatial, frame.padding, strict=True)])]
        )

    def vjp(self, arg: int, g: Tensor, y: Tensor, x: Tensor, w: Tensor, *, spatial: Shape, frame: Frame) -> Tensor:
        if arg == 0:
            return CONVOLUTION(g, w, frame=frame)
        return CONVOLUTION_WEIGHT(g, x, kernel=w.shape[1:-1], frame=frame)

    def flops(self, out: Spec, *inputs: Spec, **params: Any) -> int:
        return 2 * shapes.size(inputs[0].shape) * shapes.size(inputs[1].shape[1:])


class _ConvolutionWeight(Primitive):
    """The gradient to the weight: every window times its output, summed over windows and batch.

    With `parts`, each of so many equal parts of the batch is summed by itself: (parts, O, *kernel, C / groups).
    """

    def infer(self, x: Spec, g: Spec, *, kernel: Shape, frame: Frame, parts: int = 1) -> Spec:
        weight = (g.shape[-1], *kernel, x.shape[-1] // frame.groups)
        return Spec(weight if parts == 1 else (parts, *weight), x.dtype)

    def evaluate(self, x: Array, g: Array, *, kernel: Shape, frame: Frame, parts: int = 1) -> Array:
        if parts > 1:
            pairs = zip(np.split(x, parts), np.split(g, parts), strict=True)
            return np.stack([self.evaluate(*pair, kernel=kernel, frame=frame) for pair in pairs])
        rows, _ = _rows(x, kernel, frame)
        out = np.asarray(np.matmul(_grouped(g, frame.groups).swapaxes(1, 2), rows))
        return out.reshape(g.shape[-1], *kernel, x.shape[-1] // frame.groups)

    def vjp(
        self, arg: int, g: Tensor, y: Tensor, x: Tensor, h: Tensor, *, kernel: Shape, frame: Frame, parts: int = 1
    ) -> Tensor:
        if parts > 1:
            each = zip(chunk(g, parts), chunk(x, parts), chunk(h, parts), strict=True)
            found = [self.vjp(arg, one.squeeze(0), y, *pair, kernel=kernel, frame=frame) for one, *pair in each]
            return concatenate(found)
        if arg == 0:
            return CONVOLUTION_INPUT(h, g, spatial=x.shape[1:-1], frame=frame)
        return CONVOLUTION(x, g, frame=frame)

    def flops(self, out: Spec, *inputs: Spec, **params: Any) -> int:
        return 2 * shapes.size(inputs[1].shape) * shapes.size(out.shape[-inputs[0].ndim + 1 :])


def _rows(x: Array, kernel: Shape, frame: Frame) -> tuple[Array, Shape]:
    """Every window as a row, for each group: (groups, N * positions, kernel * C / groups), and the positions."""
    positions = frame.positions(x.shape[1:-1], kernel)
    padded = np.pad(x, ((0, 0), *frame.padding, (0, 0))) if any(map(any, frame.padding)) else x
    windows = WINDOWS.evaluate(padded, size=kernel, stride=frame.stride, dilation=frame.dilation)
    channels = x.shape[-1] // frame.groups
    apart = windows.reshape(*windows.shape[:-1], frame.groups, channels)
    row = shapes.size(kernel) * channels
    return np.moveaxis(apart, -2, 0).reshape(frame.groups, len(x) * shapes.size(positions), row), positions


def _matrix(w: Array, frame: Frame) -> Array:
    """The weight as a matrix for each group: (groups, O / groups, kernel * C / groups)."""
    # NumPy cannot tell the size of a row from a weight of no outputs.
    return w.reshape(frame.groups, w.shape[0] // frame.groups, shapes.size(w.shape[1:]))


def _grouped(x: Array, groups: int) -> Array:
    """(*positions, groups * C) to (groups, positions, C)."""
    return x.reshape(shapes.size(x.shape[:-1]), groups, x.shape[-1] // groups).swapaxes(0, 1)


def _ungrouped(rows: Array) -> Array:
    """(groups, rows, C) to (rows, groups * C)."""
    return rows.swapaxes(0, 1).reshape(rows.shape[1], rows.shape[0] * rows.shape[2])


CONVOLUTION = _Convolution("convolution")
CONVOLUTION_INPUT = _ConvolutionInput("convolution_input")
CONVOLUTION_WEIGHT = _ConvolutionWeight("convolution_weight")


def _convolve(
    name: str,
    ndim: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Lengths,
    padding: Lengths | str,
    dilation: Lengths,
    groups: int,
) -> Tensor:
    x, w, b = operands(name, input, weight, bias, ndim, "(out, *kernel, in / groups)")
    groups = group_count(groups)
    check_divisible(w.shape[0], groups, f"{w.shape[0]} outputs in the weight {w.shape}")
    check_bias(b, w.shape[0])
    if x.shape[-1] != w.shape[-1] * groups:
        raise ShapeError(
            f"the channels do not fit: the weight is for {w.shape[-1] * groups}.",
            expected=f"{w.shape[-1] * groups} channels in the last dimension ({groups} groups, {w.shape[0]} out)",
            got=f"{x.shape[-1]} channels in {x.shape}",
            remedy="pictures are (N, H, W, C) here: x.permute(0, 2, 3, 1) turns PyTorch's order" if ndim == 2 else None,
        )
    steps, spread = lengths("stride", stride, ndim), lengths("dilation", dilation, ndim)
    frame = Frame(steps, pairs_of_padding(padding, w.shape[1:-1], steps, spread), spread, groups)
    out = CONVOLUTION(x, w, frame=frame)
    return out if b is None else out + b


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Lengths = 1,
    padding: Lengths | str = 0,
    dilation: Lengths = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution over sequences, channels last (cross-correlation, as everywhere in deep learning).

    Args:
        input: (N, L, C).
        weight: (O, K, C / groups).
        bias: (O,), or None.
        stride: Steps from window to window.
        padding: Zeros at both ends; or "valid" (none), or "same" (the length stays).
        dilation: Steps from element to element within a window.
        groups: Into how many parts the channels are divided.

    Returns:
        (N, floor((L + 2 * padding - dilation * (K - 1) - 1) / stride) + 1, O).

    Raises:
        ShapeError: If input, weight, bias and groups do not fit one another, or the kernel is larger than its input.
        ArgumentError: If stride, padding, dilation or groups make no sense.

    >>> cr.conv1d(cr.ones(1, 4, 1), cr.ones(1, 3, 1)).flatten()
    tensor([3., 3.])
    """
    return _convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Lengths = 1,
    padding: Lengths | str = 0,
    dilation: Lengths = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution over pictures, channels last (cross-correlation, as everywhere in deep learning).

    Args:
        input: (N, H, W, C).
        weight: (O, KH, KW, C / groups).
        bias: (O,), or None.
        stride: Steps from window to window: one number, or (down, across).
        padding: Zeros at all borders; or "valid" (none), or "same" (the size stays).
        dilation: Steps from element to element within a window.
        groups: Into how many parts the channels are divided; C groups is a depthwise convolution.

    Returns:
        (N, H', W', O), each length as `conv1d` says.

    Raises:
        ShapeError: If input, weight, bias and groups do not fit one another, or the kernel is larger than its input.
        ArgumentError: If stride, padding, dilation or groups make no sense.

    >>> cr.conv2d(cr.ones(1, 4, 4, 1), cr.ones(2, 3, 3, 1)).shape
    (1, 2, 2, 2)
    """
    return _convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def _transpose(
    name: str,
    ndim: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Lengths,
    padding: Lengths,
    output_padding: Lengths,
    groups: int,
    dilation: Lengths,
) -> Tensor:
    x, w, b = operands(name, input, weight, bias, ndim, "(in, *kernel, out / groups)")
    groups = group_count(groups)
    if x.shape[-1] != w.shape[0]:
        raise ShapeError("the channels do not fit.", expected=f"{w.shape[0]} in the last dimension", got=x.shape)
    check_divisible(w.shape[0], groups, f"{w.shape[0]} channels in {x.shape}")
    check_bias(b, w.shape[-1] * groups)
    steps, spread = lengths("stride", stride, ndim), lengths("dilation", dilation, ndim)
    extra = lengths("output_padding", output_padding, ndim, least=0)
    pads = lengths("padding", padding, ndim, least=0)
    if any(e >= max(s, d) for e, s, d in zip(extra, steps, spread, strict=True)):
        raise ArgumentError("output_padding must be smaller than stride or dilation.", got=extra)
    # What is added at the end is cut off less there, as far as that goes, and 0 beyond.
    cut = tuple(max(p - e, 0) for p, e in zip(pads, extra, strict=True))
    beyond = [max(e - p, 0) for p, e in zip(pads, extra, strict=True)]
    spatial = tuple(
        (n - 1) * s + d * (k - 1) + 1 - p - c
        for n, s, p, c, d, k in zip(x.shape[1:-1], steps, pads, cut, spread, w.shape[1:-1], strict=True)
    )
    if any(n < 0 or n + e < 1 for n, e in zip(spatial, beyond, strict=True)):
        raise ShapeError("nothing would be left of the output.", got=f"output size {spatial}", remedy="less padding")
    frame = Frame(steps, tuple(zip(pads, cut, strict=True)), spread, groups)
    out = CONVOLUTION_INPUT(x, w, spatial=spatial, frame=frame)
    if any(beyond):
        out = PAD(out, widths=((0, 0), *[(0, e) for e in beyond], (0, 0)), inner=(0,) * out.ndim, value=0.0)
    return out if b is None else out + b


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Lengths = 1,
    padding: Lengths = 0,
    output_padding: Lengths = 0,
    groups: int = 1,
    dilation: Lengths = 1,
) -> Tensor:
    """The transpose of `conv1d`: see `conv_transpose2d`.

    >>> cr.conv_transpose1d(cr.ones(1, 2, 1), cr.ones(1, 2, 1), stride=2).flatten()
    tensor([1., 1., 1., 1.])
    """
    return _transpose("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Lengths = 1,
    padding: Lengths = 0,
    output_padding: Lengths = 0,
    groups: int = 1,
    dilation: Lengths = 1,
) -> Tensor:
    """The transpose of `conv2d` (its gradient to the input): pictures become larger by `stride`.

    Args:
        input: (N, H, W, C).
        weight: (C, KH, KW, O / groups): that of the convolution which would lead back.
        bias: (O,), or None.
        stride: By how much it grows.
        padding: What is cut off at all borders.
        output_padding: Rows and columns added at the end, where the stride leaves the size open.
        groups: Into how many parts the channels are divided.
        dilation: Steps from element to element within a window.

    Returns:
        (N, H', W', O) with H' = (H - 1) * stride - 2 * padding + dilation * (KH - 1) + output_padding + 1.

    Raises:
        ShapeError: If input, weight, bias and groups do not fit one another.
        ArgumentError: If `output_padding` is not below stride or dilation, or a setting makes no sense.

    >>> cr.conv_transpose2d(cr.ones(1, 2, 2, 3), cr.ones(3, 2, 2, 5), stride=2).shape
    (1, 4, 4, 5)
    """
    return _transpose("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)
