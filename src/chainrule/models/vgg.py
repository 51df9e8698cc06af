"""VGG: nothing but convolutions of 3×3, and pooling."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule import nn
from chainrule.errors import ArgumentError
from chainrule.models.pictures import picture_shape


class VGG(nn.Sequential):
    """Stages of 3×3 convolutions with BatchNorm and ReLU, each ended by max pooling; then fully connected layers.

    K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition" (ICLR 2015): two
    convolutions of 3×3 see as much of the picture as one of 5×5, with fewer weights and a ReLU more. BatchNorm is
    younger (2015). By default it is a small one, for pictures of 32×32. The names of weights are torchvision's.

    Args:
        input_shape: (height, width, channels) of the pictures.
        outputs: The number of classes.
        stages: The channels of each stage's convolutions.
        hidden: The units of each fully connected layer before the last.
        grid: The stages' result is brought to so many rows and columns (by means, see `nn.AdaptiveAvgPool2d`), so that
            the weights are the same for pictures of all sizes.
        dropout: The probability of dropping a hidden unit in training.

    Shape:
        (N, height, width, channels) to (N, outputs), logits.

    Raises:
        ShapeError: For an `input_shape` that is no picture's, or too small to be halved by every stage.
        ArgumentError: If there is no stage, or an empty one.

    >>> VGG((32, 32, 3), 10).summary().parameters
    551466
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        outputs: int,
        stages: Sequence[Sequence[int]] = ((32, 32), (64, 64), (128, 128)),
        hidden: Sequence[int] = (128,),
        grid: int = 4,
        dropout: float = 0.25,
    ) -> None:
        if not stages or not all(stages):
            raise ArgumentError(
                "every stage has convolutions.",
                where="VGG",
                expected="the channels of each, such as ((32, 32), (64, 64))",
                got=stages,
            )
        _, _, channels = picture_shape("VGG", input_shape, least=2 ** len(stages))
        features: list[nn.Module] = []
        for stage in stages:
            for filters in stage:
                features += [nn.Conv2d(channels, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU()]
                channels = filters
            features.append(nn.MaxPool2d(2))
        classifier: list[nn.Module] = []
        units = grid * grid * channels
        for width in hidden:
            classifier += [nn.Linear(units, width), nn.ReLU(), nn.Dropout(dropout)]
            units = width
        classifier.append(nn.Linear(units, outputs))
        super().__init__(
            {
                "features": nn.Sequential(*features),
                "avgpool": nn.AdaptiveAvgPool2d(grid),
                "flatten": nn.Flatten(),
                "classifier": nn.Sequential(*classifier),
            },
            init="auto",
        )


def vgg11_bn(input_shape: Sequence[int] = (224, 224, 3), outputs: int = 1000) -> VGG:
    """The paper's network A, of 11 layers with weights, with BatchNorm: see `VGG`.

    >>> from chainrule.core.abstract import shapes_only
    >>> with shapes_only():  # no weights are drawn
    ...     vgg11_bn().summary().parameters
    132868840
    """
    stages = ((64,), (128,), (256, 256), (512, 512), (512, 512))
    return VGG(input_shape, outputs, stages, hidden=(4096, 4096), grid=7, dropout=0.5)


def vgg16_bn(input_shape: Sequence[int] = (224, 224, 3), outputs: int = 1000) -> VGG:
    """The paper's network D, of 16 layers with weights, with BatchNorm: see `VGG`.

    >>> from chainrule.core.abstract import shapes_only
    >>> with shapes_only():  # no weights are drawn
    ...     vgg16_bn().summary().parameters
    138365992
    """
    stages = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
    return VGG(input_shape, outputs, stages, hidden=(4096, 4096), grid=7, dropout=0.5)
