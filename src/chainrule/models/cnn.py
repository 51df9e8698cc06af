"""A small convolutional network, as the tutorials build it."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule import nn
from chainrule.models.pictures import picture_shape

# Larger pictures are halved until they are so small: the first linear layer has a weight for each pixel that is left.
SMALL = 7


class CNN(nn.Sequential):
    """Convolutions of 3×3 with ReLU, each followed by max pooling that halves the picture; then two linear layers.

    The last layer begins at 0, so that all classes are equally likely at first. With random weights there, the first
    steps of an optimizer that scales its gradients (Adam) throw the scores far off, the further the larger the picture:
    all of the many inputs of the first linear layer are positive, so that its steps add up.

    Args:
        input_shape: (height, width, channels) of the pictures.
        outputs: The number of classes.
        widths: How many channels each convolution gives. Default: 32, 64, and as many of 128 as bring the picture to 7
            pixels a side or less.
        hidden: How many units the layer before the last has.
        dropout: The probability of dropping one of these units in training.

    Shape:
        (N, height, width, channels) to (N, outputs), logits.

    Raises:
        ShapeError: For an `input_shape` that is no picture's, or too small to be halved so often.

    >>> CNN((8, 8, 1), 10)(cr.zeros(2, 8, 8, 1)).shape
    (2, 10)
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        outputs: int,
        widths: Sequence[int] | None = None,
        hidden: int = 128,
        dropout: float = 0.25,
    ) -> None:
        if widths is None:
            widths = _widths(*picture_shape("CNN", input_shape, least=4)[:2])
        height, width, channels = picture_shape("CNN", input_shape, least=2 ** len(widths))
        layers: dict[str, nn.Module] = {}
        for i, filters in enumerate(widths, start=1):
            layers[f"conv{i}"] = nn.Conv2d(channels, filters, 3, padding=1)
            layers[f"relu{i}"] = nn.ReLU()
            layers[f"pool{i}"] = nn.MaxPool2d(2)
            height, width, channels = height // 2, width // 2, filters
        layers["flatten"] = nn.Flatten()
        layers["hidden"] = nn.Linear(height * width * channels, hidden)
        layers["relu"] = nn.ReLU()
        layers["dropout"] = nn.Dropout(dropout)
        layers["output"] = nn.Linear(hidden, outputs)
        super().__init__(layers, init="auto")
        self.output.reset_parameters("zeros")


def _widths(height: int, width: int) -> list[int]:
    widths = [32, 64]
    while max(height, width) >> len(widths) > SMALL and min(height, width) >> len(widths) > 1:
        widths.append(128)
    return widths
