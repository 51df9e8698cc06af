"""Pooling over channels-last data, composed of windows and reductions."""

from __future__ import annotations

import math

import numpy as np

from chainrule.core import shape as shapes
from chainrule.core.shape import Shape
from chainrule.core.types import Tensor
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.contraction import MATMUL
from chainrule.ops.convert import as_floating, constant
from chainrule.ops.creation import ones
from chainrule.ops.gathering import index_select
from chainrule.ops.movement import PAD, WINDOWS
from chainrule.ops.window_arguments import Lengths, lengths


def _windows(
    name: str,
    ndim: int,
    input: Tensor,
    kernel_size: Lengths,
    stride: Lengths | None,
    padding: Lengths,
    dilation: Lengths,
    ceil_mode: bool,
    value: float,
) -> Tensor:
    """Every window, its elements in one dimension: (N, *positions, elements, C)."""
    if input.ndim != ndim + 2:
        spatial = "length" if ndim == 1 else "height, width"
        raise ShapeError(
            f"{name} takes a batch with channels last.",
            expected=f"(batch, {spatial}, channels)",
            got=input.shape,
        )
    kernel = lengths("kernel_size", kernel_size, ndim)
    steps = kernel if stride is None else lengths("stride", stride, ndim)
    pads, spread = lengths("padding", padding, ndim, least=0), lengths("dilation", dilation, ndim)
    if any(2 * p > k for p, k in zip(pads, kernel, strict=True)):
        raise ArgumentError("padding may be at most half of the window.", expected=f"at most {kernel} / 2", got=pads)
    each = zip(input.shape[1:-1], kernel, steps, pads, spread, strict=True)
    widths = [(p, p + _missing(n, k, s, p, d) * ceil_mode) for n, k, s, p, d in each]
    if any(before or after for before, after in widths):
        input = PAD(input, widths=((0, 0), *widths, (0, 0)), inner=(0,) * input.ndim, value=value)
    windows = WINDOWS(input, size=kernel, stride=steps, dilation=spread)
    return windows.reshape(*windows.shape[: 1 + ndim], shapes.size(kernel), input.shape[-1])


def _missing(n: int, k: int, s: int, p: int, d: int) -> int:
    """How much must be added at the end for the last, partial window; none if it would start in the padding."""
    beyond = n + 2 * p - d * (k - 1) - 1
    last = math.ceil(beyond / s) * s
    return last - beyond if last < n + p else 0


def _max_pool(
    name: str,
    ndim: int,
    input: Tensor,
    kernel_size: Lengths,
    stride: Lengths | None,
    padding: Lengths,
    dilation: Lengths,
    ceil_mode: bool,
) -> Tensor:
    windows = _windows(
        name, ndim, as_floating(input), kernel_size, stride, padding, dilation, ceil_mode, value=-math.inf
    )
    # The first of those that tie gets the gradient, as everywhere: after a ReLU, whole windows are 0.
    first = windows.argmax(dim=-2, keepdim=True)
    return windows.gather(-2, first).squeeze(-2)


def _avg_pool(
    name: str,
    ndim: int,
    input: Tensor,
    kernel_size: Lengths,
    stride: Lengths | None,
    padding: Lengths,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Tensor:
    x = as_floating(input)
    total = _windows(name, ndim, x, kernel_size, stride, padding, 1, ceil_mode, value=0.0).sum(dim=-2)
    if not ceil_mode and (count_include_pad or not any(lengths("padding", padding, ndim, least=0))):
        return total / shapes.size(lengths("kernel_size", kernel_size, ndim))
    # What counts is 1: the picture, and its padding if that is asked for; never what `ceil_mode` adds.
    counted = ones(1, *x.shape[1:-1], 1, dtype=x.dtype)
    pads = lengths("padding", padding, ndim, least=0)
    if count_include_pad:
        counted = PAD(counted, widths=((0, 0), *[(p, p) for p in pads], (0, 0)), inner=(0,) * x.ndim, value=1.0)
        kernel = lengths("kernel_size", kernel_size, ndim)
        steps = kernel if stride is None else lengths("stride", stride, ndim)
        extra = [
            _missing(n, k, s, p, 1) * ceil_mode for n, k, s, p in zip(x.shape[1:-1], kernel, steps, pads, strict=True)
        ]
        counted = PAD(counted, widths=((0, 0), *[(0, e) for e in extra], (0, 0)), inner=(0,) * x.ndim, value=0.0)
        windows = WINDOWS(counted, size=kernel, stride=steps, dilation=(1,) * ndim)
        count = windows.reshape(*windows.shape[: 1 + ndim], -1, 1).sum(dim=-2)
    else:
        count = _windows(name, ndim, counted, kernel_size, stride, padding, 1, ceil_mode, value=0.0).sum(dim=-2)
    return total / count


def max_pool1d(
    input: Tensor,
    kernel_size: Lengths,
    stride: Lengths | None = None,
    padding: Lengths = 0,
    dilation: Lengths = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest of each window of a sequence (N, L, C): see `max_pool2d`.

    >>> cr.max_pool1d(cr.tensor([[[1.0], [3.0], [2.0], [0.0]]]), 2).flatten()
    tensor([3., 2.])
    """
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    input: Tensor,
    kernel_size: Lengths,
    stride: Lengths | None = None,
    padding: Lengths = 0,
    dilation: Lengths = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest of each window of a picture, channel by channel.

    Args:
        input: (N, H, W, C).
        kernel_size: The window: one number, or (height, width).
        stride: Steps from window to window; the window's size if None.
        padding: Borders of -inf, at most half of the window.
        dilation: Steps from element to element within a window.
        ceil_mode: Whether a partial window at the end counts.

    Returns:
        (N, H', W', C). The first of those that tie in a window gets the gradient.

    Raises:
        ShapeError: If the input is no batch of pictures, or smaller than the window.
        ArgumentError: If the padding is more than half of the window.

    >>> cr.max_pool2d(cr.arange(16.0).reshape(1, 4, 4, 1), 2).flatten()
    tensor([ 5.,  7., 13., 15.])
    """
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode)


def avg_pool1d(
    input: Tensor,
    kernel_size: Lengths,
    stride: Lengths | None = None,
    padding: Lengths = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of a sequence (N, L, C): see `avg_pool2d`.

    >>> cr.avg_pool1d(cr.tensor([[[1.0], [3.0], [2.0], [0.0]]]), 2).flatten()
    tensor([2., 1.])
    """
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    input: Tensor,
    kernel_size: Lengths,
    stride: Lengths | None = None,
    padding: Lengths = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of a picture, channel by channel.

    Args:
        input: (N, H, W, C).
        kernel_size: The window: one number, or (height, width).
        stride: Steps from window to window; the window's size if None.
        padding: Borders of 0, at most half of the window.
        ceil_mode: Whether a partial window at the end counts.
        count_include_pad: Whether the border's zeros count in the mean.

    Returns:
        (N, H', W', C).

    Raises:
        ShapeError: If the input is no batch of pictures, or smaller than the window.
        ArgumentError: If the padding is more than half of the window.

    >>> cr.avg_pool2d(cr.arange(16.0).reshape(1, 4, 4, 1), 2).flatten()
    tensor([ 2.5000,  4.5000, 10.5000, 12.5000])
    """
    return _avg_pool("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def _regions(n: int, m: int) -> list[range]:
    """`m` regions, as even as can be, of `n` elements; neighbours share one where they cannot be even."""
    return [range(i * n // m, -(-(i + 1) * n // m)) for i in range(m)]


def _means(n: int, m: int) -> np.ndarray:
    """The (m, n) matrix whose rows average the regions."""
    matrix = np.zeros((m, n))
    for row, region in zip(matrix, _regions(n, m), strict=True):
        row[region] = 1 / len(region)
    return matrix


def _adaptive_sides(name: str, input: Tensor, output_size: Lengths, ndim: int) -> tuple[Tensor, Shape]:
    """The input, and how many regions it has along each dimension."""
    x = as_floating(input)
    if x.ndim != ndim + 2:
        raise ShapeError(f"{name} takes a batch with channels last.", expected=f"{ndim + 2} dimensions", got=x.shape)
    if 0 in x.shape[1:-1]:
        raise ShapeError(f"{name} has nothing to pool.", expected="at least one element each way", got=x.shape)
    return x, lengths("output_size", output_size, ndim)


def _adaptive_max(name: str, input: Tensor, output_size: Lengths, ndim: int) -> Tensor:
    x, target = _adaptive_sides(name, input, output_size, ndim)
    for dim, m in enumerate(target, start=1):
        n = x.shape[dim]
        if n % m:
            # Shorter regions take their last elements again, which are no larger for that.
            regions = _regions(n, m)
            longest = max(map(len, regions))
            again = [[region[min(i, len(region) - 1)] for i in range(longest)] for region in regions]
            x = index_select(x, dim, constant(np.array(again, np.int64).reshape(-1)))
    windows = tuple(n // m for n, m in zip(x.shape[1:-1], target, strict=True))
    return _max_pool(name, ndim, x, windows, None, 0, 1, ceil_mode=False)


def _adaptive_avg(name: str, input: Tensor, output_size: Lengths, ndim: int) -> Tensor:
    x, target = _adaptive_sides(name, input, output_size, ndim)
    x = _even_regions(x, target)
    # A mean over a rectangle is a mean over rows of means over columns: one small matrix a dimension.
    for dim, m in enumerate(target, start=1):
        if m == x.shape[dim]:
            continue
        matrix = constant(_means(x.shape[dim], m).astype(x.dtype))
        moved = x.movedim(dim, 0)
        x = MATMUL(matrix, moved.reshape(moved.shape[0], -1)).reshape(m, *moved.shape[1:]).movedim(0, dim)
    return x


def _even_regions(x: Tensor, target: Shape) -> Tensor:
    """The means along all dimensions that regions of several elements divide evenly; the others as they are."""
    shape, within = [len(x)], []
    for n, m in zip(x.shape[1:-1], target, strict=True):
        evenly = n > m and n % m == 0
        shape += [m, n // m] if evenly else [n]
        if evenly:
            within.append(len(shape) - 1)
    return x.reshape(*shape, x.shape[-1]).mean(tuple(within)) if within else x


def adaptive_avg_pool1d(input: Tensor, output_size: Lengths) -> Tensor:
    """The means of `output_size` regions of a sequence (N, L, C), as even as can be.

    >>> cr.adaptive_avg_pool1d(cr.arange(4.0).reshape(1, 4, 1), 2).flatten()
    tensor([0.5000, 2.5000])
    """
    return _adaptive_avg("adaptive_avg_pool1d", input, output_size, 1)


def adaptive_avg_pool2d(input: Tensor, output_size: Lengths) -> Tensor:
    """The means of `output_size` regions of a picture, as even as can be; 1 is the mean of the whole picture.

    Args:
        input: (N, H, W, C).
        output_size: (H', W'), or one number for both.

    Returns:
        (N, H', W', C). Region i of n runs from `floor(i * H / n)` to `ceil((i + 1) * H / n)`.

    Raises:
        ShapeError: If the input is no batch of pictures, or these have no pixels.

    >>> cr.adaptive_avg_pool2d(cr.arange(16.0).reshape(1, 4, 4, 1), 1).item()
    7.5
    """
    return _adaptive_avg("adaptive_avg_pool2d", input, output_size, 2)


def adaptive_max_pool1d(input: Tensor, output_size: Lengths) -> Tensor:
    """The largest of `output_size` regions of a sequence (N, L, C), as even as can be: see `adaptive_max_pool2d`.

    >>> cr.adaptive_max_pool1d(cr.arange(4.0).reshape(1, 4, 1), 2).flatten()
    tensor([1., 3.])
    """
    return _adaptive_max("adaptive_max_pool1d", input, output_size, 1)


def adaptive_max_pool2d(input: Tensor, output_size: Lengths) -> Tensor:
    """The largest of `output_size` regions of a picture, as even as can be; 1 is the largest of the whole picture.

    Args:
        input: (N, H, W, C).
        output_size: (H', W'), or one number for both.

    Returns:
        (N, H', W', C). Region i of n runs from `floor(i * H / n)` to `ceil((i + 1) * H / n)`. The first of those that
        tie in a region gets the gradient.

    Raises:
        ShapeError: If the input is no batch of pictures, or these have no pixels.

    >>> cr.adaptive_max_pool2d(cr.arange(16.0).reshape(1, 4, 4, 1), 1).item()
    15.0
    """
    return _adaptive_max("adaptive_max_pool2d", input, output_size, 2)
