"""Pooling over sequences and pictures, channels last: the largest, or the mean, of each window."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from chainrule._tensor import Tensor
from chainrule.core.shape import Shape
from chainrule.nn.module import Module
from chainrule.ops import pooling
from chainrule.ops.window_arguments import Lengths, lengths


class _Pool(Module):
    """A window that moves over the input."""

    ndim: ClassVar[int]
    pool: ClassVar[Callable[..., Tensor]]

    def _settle(self, kernel_size: Lengths, stride: Lengths | None, padding: Lengths, ceil_mode: bool) -> None:
        self.kernel_size = self._lengths("kernel_size", kernel_size)
        self.stride = self.kernel_size if stride is None else self._lengths("stride", stride)
        self.padding = self._lengths("padding", padding, least=0)
        self.ceil_mode = ceil_mode

    def _lengths(self, name: str, value: Lengths, least: int = 1) -> Shape:
        return lengths(f"{name} of {type(self).__name__}", value, self.ndim, least)

    def extra_repr(self) -> str:
        shown = f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
        return shown + (", ceil_mode=True" if self.ceil_mode else "")


class _MaxPool(_Pool):
    def __init__(
        self,
        kernel_size: Lengths,
        stride: Lengths | None = None,
        padding: Lengths = 0,
        dilation: Lengths = 1,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self._settle(kernel_size, stride, padding, ceil_mode)
        self.dilation = self._lengths("dilation", dilation)

    def forward(self, input: Tensor) -> Tensor:
        return self.pool(input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)


class MaxPool1d(_MaxPool):
    """The largest of each window of a sequence: see `MaxPool2d`.

    Shape:
        (N, L, C) to (N, L', C).

    >>> cr.nn.MaxPool1d(2)(cr.zeros(1, 8, 3)).shape
    (1, 4, 3)
    """

    ndim = 1
    pool = staticmethod(pooling.max_pool1d)


class MaxPool2d(_MaxPool):
    """The largest of each window of a picture, channel by channel: small shifts of the input change little.

    Args:
        kernel_size: The window: one number, or (height, width).
        stride: Steps from window to window; the window's size if None.
        padding: Borders of -inf, at most half of the window.
        dilation: Steps from element to element within a window.
        ceil_mode: Whether a partial window at the end counts.

    Shape:
        (N, H, W, C) to (N, H', W', C) with H' = floor((H + 2 * padding - dilation * (height - 1) - 1) / stride) + 1.

    Raises:
        ShapeError: When called with an input of another form, or one smaller than the window.

    >>> cr.nn.MaxPool2d(2)(cr.arange(16.0).reshape(1, 4, 4, 1)).flatten()
    tensor([ 5.,  7., 13., 15.])
    """

    ndim = 2
    pool = staticmethod(pooling.max_pool2d)


class _AvgPool(_Pool):
    def __init__(
        self,
        kernel_size: Lengths,
        stride: Lengths | None = None,
        padding: Lengths = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self._settle(kernel_size, stride, padding, ceil_mode)
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return self.pool(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class AvgPool1d(_AvgPool):
    """The mean of each window of a sequence: see `AvgPool2d`.

    Shape:
        (N, L, C) to (N, L', C).

    >>> cr.nn.AvgPool1d(2)(cr.zeros(1, 8, 3)).shape
    (1, 4, 3)
    """

    ndim = 1
    pool = staticmethod(pooling.avg_pool1d)


class AvgPool2d(_AvgPool):
    """The mean of each window of a picture, channel by channel.

    Args:
        kernel_size: The window: one number, or (height, width).
        stride: Steps from window to window; the window's size if None.
        padding: Borders of 0, at most half of the window.
        ceil_mode: Whether a partial window at the end counts.
        count_include_pad: Whether the border's zeros count in the mean.

    Shape:
        (N, H, W, C) to (N, H', W', C), as `MaxPool2d` says.

    Raises:
        ShapeError: When called with an input of another form, or one smaller than the window.

    >>> cr.nn.AvgPool2d(2)(cr.arange(16.0).reshape(1, 4, 4, 1)).flatten()
    tensor([ 2.5000,  4.5000, 10.5000, 12.5000])
    """

    ndim = 2
    pool = staticmethod(pooling.avg_pool2d)


class _AdaptivePool(Module):
    """As many regions as are asked for, whatever the size of the input."""

    ndim: ClassVar[int]
    pool: ClassVar[Callable[..., Tensor]]

    def __init__(self, output_size: Lengths) -> None:
        super().__init__()
        self.output_size = lengths(f"output_size of {type(self).__name__}", output_size, self.ndim)

    def forward(self, input: Tensor) -> Tensor:
        return self.pool(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptivePool):
    """The means of `output_size` regions of a sequence, as even as can be: see `AdaptiveAvgPool2d`.

    Shape:
        (N, L, C) to (N, output_size, C).

    >>> cr.nn.AdaptiveAvgPool1d(1)(cr.zeros(2, 8, 3)).shape
    (2, 1, 3)
    """

    ndim = 1
    pool = staticmethod(pooling.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptivePool):
    """The means of `output_size` regions of a picture, whatever its size; 1 is the mean of the whole picture.

    M. Lin, Q. Chen, S. Yan, "Network in network" (ICLR 2014), section 3.2, for the mean of the whole picture.

    Args:
        output_size: One number, or (height, width).

    Shape:
        (N, H, W, C) to (N, height, width, C).

    Raises:
        ShapeError: When called with an input of another form.

    >>> cr.nn.AdaptiveAvgPool2d(1)(cr.zeros(2, 7, 5, 64)).shape
    (2, 1, 1, 64)
    """

    ndim = 2
    pool = staticmethod(pooling.adaptive_avg_pool2d)


class AdaptiveMaxPool1d(_AdaptivePool):
    """The largest of `output_size` regions of a sequence, as even as can be: see `AdaptiveMaxPool2d`.

    Shape:
        (N, L, C) to (N, output_size, C).

    >>> cr.nn.AdaptiveMaxPool1d(1)(cr.zeros(2, 8, 3)).shape
    (2, 1, 3)
    """

    ndim = 1
    pool = staticmethod(pooling.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptivePool):
    """The largest of `output_size` regions of a picture, whatever its size; 1 is the largest of the whole picture.

    K. He et al., "Spatial pyramid pooling in deep convolutional networks for visual recognition" (ECCV 2014).

    Args:
        output_size: One number, or (height, width).

    Shape:
        (N, H, W, C) to (N, height, width, C). The first of those that tie in a region gets the gradient.

    Raises:
        ShapeError: When called with an input of another form.

    >>> cr.nn.AdaptiveMaxPool2d(1)(cr.zeros(2, 7, 5, 64)).shape
    (2, 1, 1, 64)
    """

    ndim = 2
    pool = staticmethod(pooling.adaptive_max_pool2d)
