"""Residual networks: layers that learn what to add to their input."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule import nn
from chainrule._tensor import Tensor
from chainrule.errors import ArgumentError
from chainrule.models.pictures import picture_shape


class BasicBlock(nn.Module):
    """Two convolutions of 3×3 whose result is added to the input.

    Where the channels or the size change, a convolution of 1×1 brings the input into the same form.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: By how much the picture shrinks.

    Shape:
        (N, H, W, in_channels) to (N, H / stride, W / stride, out_channels), rounded up.

    >>> BasicBlock(16, 32, stride=2)(cr.zeros(2, 8, 8, 16)).shape
    (2, 4, 4, 32)
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.relu2 = nn.ReLU()
        self.downsample: nn.Module | None = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
            )

    def forward(self, input: Tensor) -> Tensor:
        shortcut = input if self.downsample is None else self.downsample(input)
        x = self.relu1(self.bn1(self.conv1(input)))
        out: Tensor = self.relu2(self.bn2(self.conv2(x)) + shortcut)
        return out


class ResNet(nn.Sequential):
    """Stages of `BasicBlock`s; each stage after the first halves the picture and has more channels.

    K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition" (CVPR 2016). Pictures larger than
    64 pixels first go through the paper's stem (7×7 with stride 2, max pooling); smaller ones through a convolution
    of 3×3, as in the paper's section 4.2. The names of weights are torchvision's.

    Args:
        input_shape: (height, width, channels) of the pictures.
        outputs: The number of classes.
        blocks: How many blocks each stage has.
        widths: How many channels each stage has.

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
    ) -> None:
        height, width, channels = picture_shape("ResNet", input_shape)
        if len(blocks) != len(widths) or not blocks or min(blocks) < 1:
            raise ArgumentError(
                "every stage has a number of blocks and of channels.",
                where="ResNet",
                expected="as many blocks as widths, each at least 1",
                got=f"blocks={tuple(blocks)}, widths={tuple(widths)}",
            )
        large = max(height, width) > 64
        kernel, stride = (7, 2) if large else (3, 1)
        layers: dict[str, nn.Module] = {
            "conv1": nn.Conv2d(channels, widths[0], kernel, stride=stride, padding=kernel // 2, bias=False),
            "bn1": nn.BatchNorm2d(widths[0]),
            "relu": nn.ReLU(),
        }
        if large:
            layers["maxpool"] = nn.MaxPool2d(3, stride=2, padding=1)
        before = [widths[0], *widths]
        for i, (count, filters) in enumerate(zip(blocks, widths, strict=True)):
            first = BasicBlock(before[i], filters, stride=1 if i == 0 else 2)
            layers[f"layer{i + 1}"] = nn.Sequential(first, *[BasicBlock(filters, filters) for _ in range(count - 1)])
        layers["avgpool"] = nn.AdaptiveAvgPool2d(1)
        layers["flatten"] = nn.Flatten()
        layers["fc"] = nn.Linear(widths[-1], outputs)
        super().__init__(layers, init="auto")


def resnet18(input_shape: Sequence[int] = (224, 224, 3), outputs: int = 1000) -> ResNet:
    """The paper's network of 18 layers: see `ResNet`.

    >>> resnet18().summary().parameters
    11689512
    """
    return ResNet(input_shape, outputs, blocks=(2, 2, 2, 2))


def resnet34(input_shape: Sequence[int] = (224, 224, 3), outputs: int = 1000) -> ResNet:
    """The paper's network of 34 layers: see `ResNet`.

    >>> resnet34().summary().parameters
    21797672
    """
    return ResNet(input_shape, outputs, blocks=(3, 4, 6, 3))
