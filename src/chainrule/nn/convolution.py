"""Convolutions over sequences and pictures, channels last, and the transposed convolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from chainrule._tensor import Tensor
from chainrule.core.dtype import DTypeLike
from chainrule.core.shape import Shape
from chainrule.errors import ArgumentError
from chainrule.nn.arguments import whole
from chainrule.nn.spatial import check_channels_last
from chainrule.nn.weighted import WeightedLayer
from chainrule.ops.convert import as_tensor
from chainrule.ops.convolution import conv1d, conv2d, conv_transpose1d, conv_transpose2d
from chainrule.ops.window_arguments import Lengths, check_padding_name, lengths


class _Windowed(WeightedLayer):
    """What all convolutions have in common: the channels, the window, and how it moves."""

    ndim: ClassVar[int]

    def _settle(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Lengths,
        stride: Lengths,
        dilation: Lengths,
        groups: int,
    ) -> None:
        self.in_channels = whole(self, "in_channels", in_channels)
        self.out_channels = whole(self, "out_channels", out_channels)
        self.groups = whole(self, "groups", groups)
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise ArgumentError(
                "the channels cannot be divided into the groups.",
                where=type(self).__name__,
                expected=f"in_channels and out_channels divisible by {groups}",
                got=f"{in_channels} and {out_channels}",
            )
        self.kernel_size = self._lengths("kernel_size", kernel_size)
        self.stride = self._lengths("stride", stride)
        self.dilation = self._lengths("dilation", dilation)

    def _lengths(self, name: str, value: Lengths, least: int = 1) -> Shape:
        return lengths(f"{name} of {type(self).__name__}", value, self.ndim, least)

    def _shown(self, **options: tuple[Any, Any]) -> str:
        """The settings as PyTorch prints them; options (value, default) only if they are not the default."""
        head = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        options |= {"dilation": (self.dilation, (1,) * self.ndim), "groups": (self.groups, 1)}
        options |= {"bias": (self.bias is not None, True)}
        return ", ".join([head, *[f"{name}={value!r}" for name, (value, usual) in options.items() if value != usual]])


class _Convolution(_Windowed):
    """A convolution over any number of spatial dimensions."""

    convolve: ClassVar[Callable[..., Tensor]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Lengths,
        stride: Lengths = 1,
        padding: Lengths | str = 0,
        dilation: Lengths = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        init: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        self._settle(in_channels, out_channels, kernel_size, stride, dilation, groups)
        self.padding = self._padding(padding)
        shape = (self.out_channels, *self.kernel_size, self.in_channels // self.groups)
        self._make(shape, self.out_channels if bias else None, init, dtype)

    def _padding(self, padding: Lengths | str) -> Shape | str:
        if not isinstance(padding, str):
            return self._lengths("padding", padding, least=0)
        check_padding_name(padding, self.stride, type(self).__name__)
        return padding

    def forward(self, input: Tensor) -> Tensor:
        x = as_tensor(input)
        check_channels_last(x.shape, self.ndim, self.in_channels)
        return self.convolve(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        return self._shown(padding=(self.padding, (0,) * self.ndim))


class Conv1d(_Convolution):
    """Convolution over sequences: every output is a weighted sum over a window of the input, all channels.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output: how many patterns are looked for.
        kernel_size: The length of the window.
        stride: Steps from window to window.
        padding: Zeros at both ends; or "valid" (none), or "same" (the length stays; stride 1).
        dilation: Steps from element to element within a window.
        groups: Into how many parts the channels are divided, each convolved by itself.
        bias: Whether to add a bias to each channel.
        init: How the weight is drawn: None is PyTorch's default, weight and bias evenly from -b to b with
            `b = 1 / sqrt(kernel_size * in_channels / groups)`; a name such as "he_normal" draws by it, with bias 0.
        dtype: float32 or float64; the default dtype if None.

    Attributes:
        weight: (out_channels, kernel_size, in_channels / groups).
        bias: (out_channels,), or None.

    Shape:
        (N, L, in_channels) to (N, L', out_channels), channels last; L' as `chainrule.conv1d` says.

    Raises:
        ShapeError: When called with an input of another form, or one shorter than the window.

    >>> cr.nn.Conv1d(3, 8, 5, padding="same")(cr.zeros(2, 100, 3)).shape
    (2, 100, 8)
    """

    ndim = 1
    convolve = staticmethod(conv1d)


class Conv2d(_Convolution):
    """Convolution over pictures: every output is a weighted sum over a window of the input, all channels.

    Y. LeCun et al., "Gradient-based learning applied to document recognition" (1998). What is computed is the
    cross-correlation, as everywhere in deep learning.

    Args:
        in_channels: Channels of the input: 1 for grey pictures, 3 for colours.
        out_channels: Channels of the output: how many patterns are looked for.
        kernel_size: The window: one number, or (height, width).
        stride: Steps from window to window.
        padding: Zeros at all borders; or "valid" (none), or "same" (the size stays; stride 1).
        dilation: Steps from element to element within a window.
        groups: Into how many parts the channels are divided, each convolved by itself.
        bias: Whether to add a bias to each channel.
        init: How the weight is drawn: None is PyTorch's default, weight and bias evenly from -b to b with
            `b = 1 / sqrt(height * width * in_channels / groups)`; a name such as "he_normal" draws by it, with bias 0.
        dtype: float32 or float64; the default dtype if None.

    Attributes:
        weight: (out_channels, height, width, in_channels / groups): PyTorch's `weight.permute(0, 2, 3, 1)`.
        bias: (out_channels,), or None.

    Shape:
        (N, H, W, in_channels) to (N, H', W', out_channels), channels last; H' and W' as `chainrule.conv2d` says.

    Raises:
        ShapeError: When called with an input of another form, or one smaller than the window.

    >>> cr.nn.Conv2d(1, 16, 3, padding=1)(cr.zeros(2, 28, 28, 1)).shape
    (2, 28, 28, 16)
    """

    ndim = 2
    convolve = staticmethod(conv2d)


class _Transposed(_Windowed):
    """A transposed convolution over any number of spatial dimensions."""

    convolve: ClassVar[Callable[..., Tensor]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Lengths,
        stride: Lengths = 1,
        padding: Lengths = 0,
        output_padding: Lengths = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Lengths = 1,
        *,
        init: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        self._settle(in_channels, out_channels, kernel_size, stride, dilation, groups)
        self.padding = self._lengths("padding", padding, least=0)
        self.output_padding = self._lengths("output_padding", output_padding, least=0)
        if any(e >= max(s, d) for e, s, d in zip(self.output_padding, self.stride, self.dilation, strict=True)):
            raise ArgumentError(
                "output_padding does not fit.",
                where=type(self).__name__,
                expected=f"below the stride {self.stride} or the dilation {self.dilation}",
                got=self.output_padding,
            )
        shape = (self.in_channels, *self.kernel_size, self.out_channels // self.groups)
        self._make(shape, self.out_channels if bias else None, init, dtype)

    def forward(self, input: Tensor) -> Tensor:
        x = as_tensor(input)
        check_channels_last(x.shape, self.ndim, self.in_channels)
        return self.convolve(
            x, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups, self.dilation
        )

    def extra_repr(self) -> str:
        usual = (0,) * self.ndim
        return self._shown(padding=(self.padding, usual), output_padding=(self.output_padding, usual))


class ConvTranspose1d(_Transposed):
    """The transpose of a convolution over sequences, which become longer by `stride`.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: The length of the window.
        stride: By how much sequences grow.
        padding: What is cut off at both ends.
        output_padding: Elements added at the end, where the stride leaves the length open.
        groups: Into how many parts the channels are divided.
        bias: Whether to add a bias to each channel.
        dilation: Steps from element to element within a window.
        init: As in `Conv1d`; the default's `b = 1 / sqrt(kernel_size * out_channels / groups)`, as in PyTorch.
        dtype: float32 or float64; the default dtype if None.

    Attributes:
        weight: (in_channels, kernel_size, out_channels / groups): PyTorch's `weight.permute(0, 2, 1)`.
        bias: (out_channels,), or None.

    Shape:
        (N, L, in_channels) to (N, L', out_channels), channels last; L' as `chainrule.conv_transpose2d` says.

    Raises:
        ArgumentError: If the channels cannot be divided into the groups, or `output_padding` is too large.
        ShapeError: When called with an input of another form.

    >>> cr.nn.ConvTranspose1d(8, 3, 2, stride=2)(cr.zeros(2, 50, 8)).shape
    (2, 100, 3)
    """

    ndim = 1
    convolve = staticmethod(conv_transpose1d)


class ConvTranspose2d(_Transposed):
    """The transpose of a convolution (its gradient to the input): pictures become larger by `stride`.

    V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning" (2016).

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: The window: one number, or (height, width).
        stride: By how much pictures grow.
        padding: What is cut off at all borders.
        output_padding: Rows and columns added at the end, where the stride leaves the size open.
        groups: Into how many parts the channels are divided.
        bias: Whether to add a bias to each channel.
        dilation: Steps from element to element within a window.
        init: As in `Conv2d`; the default's `b = 1 / sqrt(height * width * out_channels / groups)`, as in PyTorch.
        dtype: float32 or float64; the default dtype if None.

    Attributes:
        weight: (in_channels, height, width, out_channels / groups): PyTorch's `weight.permute(0, 2, 3, 1)`.
        bias: (out_channels,), or None.

    Shape:
        (N, H, W, in_channels) to (N, H', W', out_channels), channels last; H' and W' as
        `chainrule.conv_transpose2d` says.

    Raises:
        ShapeError: When called with an input of another form.

    >>> cr.nn.ConvTranspose2d(8, 3, 2, stride=2)(cr.zeros(2, 14, 14, 8)).shape
    (2, 28, 28, 3)
    """

    ndim = 2
    convolve = staticmethod(conv_transpose2d)
