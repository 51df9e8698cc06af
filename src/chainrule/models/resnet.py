"""Residual networks: layers that learn what to add to their input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from chainrule import nn
from chainrule._tensor import Tensor
from chainrule.errors import ArgumentError
from chainrule.models.pictures import is_large, picture_shape


def _shortcut(in_channels: int, out_channels: int, stride: int) -> nn.Module | None:
    """What brings a block's input into the form of its result; None where it has it."""
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
    )


class BasicBlock(nn.Module):
    """Two convolutions of 3×3 whose result is added to the input.

    Where the channels or the size change, a convolution of 1×1 brings the input into the same form.

    Args:
        in_channels: Channels of the input.
        width: Channels of both convolutions, and so of the output.
        stride: By how much the picture shrinks.

    Shape:
        (N, H, W, in_channels) to (N, H / stride, W / stride, width), rounded up.

    >>> BasicBlock(16, 32, stride=2)(cr.zeros(2, 8, 8, 16)).shape
    (2, 4, 4, 32)
    """

    expansion: ClassVar[int] = 1

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU()
        self.downsample = _shortcut(in_channels, width, stride)

    def forward(self, input: Tensor) -> Tensor:
        shortcut = input if self.downsample is None else self.downsample(input)
        x = self.relu1(self.bn1(self.conv1(input)))
        out: Tensor = self.relu2(self.bn2(self.conv2(x)) + shortcut)
        return out


class Bottleneck(nn.Module):
    """A convolution of 3×3 over few channels, between two of 1×1 that lead there and back; added to the input.

    The stride is that of the 3×3, as everybody has it since torchvision; in the paper it was the first 1×1's.

    Args:
        in_channels: Channels of the input.
        width: Channels of the 3×3; the output has four times as many.
        stride: By how much the picture shrinks.

    Shape:
        (N, H, W, in_channels) to (N, H / stride, W / stride, 4 * width), rounded up.

    >>> Bottleneck(16, 8, stride=2)(cr.zeros(2, 8, 8, 16)).shape
    (2, 4, 4, 32)
    """

    expansion: ClassVar[int] = 4

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        out_channels = width * self.expansion
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.relu3 = nn.ReLU()
        self.downsample = _shortcut(in_channels, out_channels, stride)

    def forward(self, input: Tensor) -> Tensor:
        shortcut = input if self.downsample is None else self.downsample(input)
        x = self.relu1(self.bn1(self.conv1(input)))
        x = self.relu2(self.bn2(self.conv2(x)))
        out: Tensor = self.relu3(self.bn3(self.conv3(x)) + shortcut)
        return out


class ResNet(nn.Sequential):
    """Stages of blocks that add to their input; each stage after the first halves the picture and has more channels.

    K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition" (CVPR 2016). Pictures larger than
    64 pixels first go through the paper's stem (7×7 with stride 2, max pooling); smaller ones through a convolution
    of 3×3, as in the paper's section 4.2. The names of weights are torchvision's.

    Args:
        input_shape: (height, width, channels) of the pictures.
        outputs: The number of classes.
        blocks: How many blocks each stage has.
        widths: The width of each stage's blocks.
        block: `BasicBlock` or `Bottleneck`.

    Shape:
        (N, height, width, channels) to (N, outputs), logits.

    Raises:
        ShapeError: For an `input_shape` that is no picture's.
        ArgumentError: If there are not as many widths as stages.

    >>> ResNet((32, 32, 3), 10, blocks=(1, 1), widths=(8, 16))(cr.zeros(2, 32, 32, 3)).shape
    (2, 10)
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        outputs: int,
        blocks: Sequence[int] = (2, 2, 2, 2),
        widths: Sequence[int] = (64, 128, 256, 512),
        block: type[BasicBlock] | type[Bottleneck] = BasicBlock,
    ) -> None:
        height, width, channels = picture_shape("ResNet", input_shape)
        if len(blocks) != len(widths) or not blocks or min(blocks) < 1:
            raise ArgumentError(
                "every stage has a number of blocks and of channels.",
                where="ResNet",
                expected="as many blocks as widths, each at least 1",
                got=f"blocks={tuple(blocks)}, widths={tuple(widths)}",
            )
        large = is_large(height, width)
        kernel, stride = (7, 2) if large else (3, 1)
        layers: dict[str, nn.Module] = {
            "conv1": nn.Conv2d(channels, widths[0], kernel, stride=stride, padding=kernel // 2, bias=False),
            "bn1": nn.BatchNorm2d(widths[0]),
            "relu": nn.ReLU(),
        }
        if large:
            layers["maxpool"] = nn.MaxPool2d(3, stride=2, padding=1)
        channels = widths[0]
        for i, (count, filters) in enumerate(zip(blocks, widths, strict=True)):
            stage = [block(channels, filters, stride=1 if i == 0 else 2)]
            channels = filters * block.expansion
            stage += [block(channels, filters) for _ in range(count - 1)]
            layers[f"layer{i + 1}"] = nn.Sequential(*stage)
        layers["avgpool"] = nn.AdaptiveAvgPool2d(1)
        layers["flatten"] = nn.Flatten()
        layers["fc"] = nn.Linear(channels, outputs)
        super().__init__(layers, init="auto")


def resnet18(input_shape: Sequence[int] = (224, 224, 3), outputs: int = 1000) -> ResNet:
    """The paper's network of 18 layers: see `ResNet`.

    >>> resnet18().summary().parameters
    11689512
    """
    return ResNet(input_shape, outputs, blocks=(2, 2, 2, 2))


def resnet34(input_shape: Sequence[int] = (224, 224, 3), outputs: int = 1000) -> ResNet:
    """The paper's network of 34 layers: see `ResNet`.

    >>> from chainrule.core.abstract import shapes_only
    >>> with shapes_only():  # no weights are drawn
    ...     resnet34().summary().parameters
    21797672
    """
    return ResNet(input_shape, outputs, blocks=(3, 4, 6, 3))


def resnet50(input_shape: Sequence[int] = (224, 224, 3), outputs: int = 1000) -> ResNet:
    """The paper's network of 50 layers, made of `Bottleneck`s: see `ResNet`.

    >>> from chainrule.core.abstract import shapes_only
    >>> with shapes_only():  # no weights are drawn
    ...     resnet50().summary().parameters
    25557032
    """
    return ResNet(input_shape, outputs, blocks=(3, 4, 6, 3), block=Bottleneck)
