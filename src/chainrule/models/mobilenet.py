"""MobileNetV3: blocks that look at each channel by itself, and so need few multiplications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chainrule import nn
from chainrule._tensor import Tensor
from chainrule.models.pictures import is_large, picture_shape


class Row(NamedTuple):
    """A block, as the paper's tables have it.

    Attributes:
        kernel: The side of the depthwise convolution.
        wide: How many channels it goes over.
        out: How many channels the block gives.
        squeezed: See `SqueezeExcitation`; 0 for none.
        activation: What follows each convolution but the last.
        stride: By how much the picture shrinks.
    """

    kernel: int
    wide: int
    out: int
    squeezed: int
    activation: type[nn.Module]
    stride: int


# Table 2; the squeezed channels are a quarter of the wide ones, rounded to a multiple of 8.
SMALL = (
    Row(3, 16, 16, 8, nn.ReLU, 2),
    Row(3, 72, 24, 0, nn.ReLU, 2),
    Row(3, 88, 24, 0, nn.ReLU, 1),
    Row(5, 96, 40, 24, nn.Hardswish, 2),
    Row(5, 240, 40, 64, nn.Hardswish, 1),
    Row(5, 240, 40, 64, nn.Hardswish, 1),
    Row(5, 120, 48, 32, nn.Hardswish, 1),
    Row(5, 144, 48, 40, nn.Hardswish, 1),
    Row(5, 288, 96, 72, nn.Hardswish, 2),
    Row(5, 576, 96, 144, nn.Hardswish, 1),
    Row(5, 576, 96, 144, nn.Hardswish, 1),
)


def _convolution(
    in_channels: int, out_channels: int, kernel: int = 1, stride: int = 1, groups: int = 1, *after: nn.Module
) -> nn.Sequential:
    """A convolution, BatchNorm, and what comes after."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out_channels, eps=0.001),
        *after,
    )


class SqueezeExcitation(nn.Module):
    """Weighs the channels by what is in the whole picture.

    J. Hu, L. Shen, G. Sun, "Squeeze-and-excitation networks" (CVPR 2018). The means of the channels go through two
    small layers (convolutions of 1×1 over one pixel), which give each channel a factor from 0 to 1.

    Args:
        channels: Channels of the input.
        squeezed: Channels between the two layers.

    Shape:
        (N, H, W, channels) to the same.

    >>> SqueezeExcitation(16, 8)(cr.zeros(2, 4, 4, 16)).shape
    (2, 4, 4, 16)
    """

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.activation = nn.ReLU()
        self.fc2 = nn.Conv2d(squeezed, channels, 1)
        self.scale_activation = nn.Hardsigmoid()

    def forward(self, input: Tensor) -> Tensor:
        factors = self.fc2(self.activation(self.fc1(self.avgpool(input))))
        out: Tensor = input * self.scale_activation(factors)
        return out


class InvertedResidual(nn.Module):
    """A 1×1 to many channels, a depthwise convolution, a 1×1 to few; added to the input where it has the same form.

    M. Sandler et al., "MobileNetV2: Inverted residuals and linear bottlenecks" (CVPR 2018). A depthwise convolution
    sees each channel by itself, for 1/channels of an ordinary one's multiplications; the 1×1s mix the channels.

    Args:
        in_channels: Channels of the input.
        row: What the block is.

    Shape:
        (N, H, W, in_channels) to (N, H / stride, W / stride, row.out), rounded up.

    >>> InvertedResidual(16, Row(5, 96, 40, 24, nn.Hardswish, 2))(cr.zeros(2, 8, 8, 16)).shape
    (2, 4, 4, 40)
    """

    def __init__(self, in_channels: int, row: Row) -> None:
        super().__init__()
        wide = row.wide
        layers: list[nn.Module] = []
        if wide != in_channels:
            layers.append(_convolution(in_channels, wide, 1, 1, 1, row.activation()))
        layers.append(_convolution(wide, wide, row.kernel, row.stride, wide, row.activation()))
        if row.squeezed:
            layers.append(SqueezeExcitation(wide, row.squeezed))
        layers.append(_convolution(wide, row.out))
        self.block = nn.Sequential(*layers)
        self.adds = row.stride == 1 and in_channels == row.out

    def forward(self, input: Tensor) -> Tensor:
        out: Tensor = self.block(input)
        return out + input if self.adds else out


class MobileNetV3(nn.Sequential):
    """`InvertedResidual`s, with hard-swish where there are many channels.

    A. Howard et al., "Searching for MobileNetV3" (ICCV 2019). Names of weights and eps of BatchNorm are torchvision's;
    its momentum is PyTorch's usual 0.1, where torchvision's 0.01, made for half a million steps, would have short
    trainings evaluated with the statistics of their beginning.

    The paper's pictures are 224×224, and shrink by 32. Those of up to 64 pixels a side keep their size through the
    first convolution and the first block, and so shrink by 8.

    Args:
        input_shape: (height, width, channels) of the pictures.
        outputs: The number of classes.
        rows: The blocks; by default those of the paper's MobileNetV3-Small.
        hidden: The units of the layer before the last.
        dropout: The probability of dropping one of them in training.

    Shape:
        (N, height, width, channels) to (N, outputs), logits.

    Raises:
        ShapeError: For an `input_shape` that is no picture's.

    >>> MobileNetV3((32, 32, 3), 10, rows=[Row(3, 16, 16, 8, nn.ReLU, 2)], hidden=32)(cr.zeros(2, 32, 32, 3)).shape
    (2, 10)
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        outputs: int,
        rows: Sequence[Row] = SMALL,
        hidden: int = 1024,
        dropout: float = 0.2,
    ) -> None:
        height, width, channels = picture_shape("MobileNetV3", input_shape)
        stride = 2
        if not is_large(height, width):
            first, *others = rows
            stride, rows = 1, [first._replace(stride=1), *others]
        features: list[nn.Module] = [_convolution(channels, 16, 3, stride, 1, nn.Hardswish())]
        channels = 16
        for row in rows:
            features.append(InvertedResidual(channels, row))
            channels = row.out
        features.append(_convolution(channels, 6 * channels, 1, 1, 1, nn.Hardswish()))
        super().__init__(
            {
                "features": nn.Sequential(*features),
                "avgpool": nn.AdaptiveAvgPool2d(1),
                "flatten": nn.Flatten(),
                "classifier": nn.Sequential(
                    nn.Linear(6 * channels, hidden), nn.Hardswish(), nn.Dropout(dropout), nn.Linear(hidden, outputs)
                ),
            },
            init="auto",
        )


def mobilenet_v3_small(input_shape: Sequence[int] = (224, 224, 3), outputs: int = 1000) -> MobileNetV3:
    """The paper's MobileNetV3-Small: see `MobileNetV3`.

    >>> mobilenet_v3_small().summary().parameters
    2542856
    """
    return MobileNetV3(input_shape, outputs)
