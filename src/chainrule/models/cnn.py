"""A small convolutional network, as the tutorials build it."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule import nn
from chainrule.models.pictures import picture_shape


class CNN(nn.Sequential):
    """Convolutions of 3×3 with ReLU, each followed by max pooling that halves the picture; then two linear layers.

    Args:
        input_shape: (height, width, channels) of the pictures.
        outputs: The number of classes.
        widths: How many channels each convolution gives.
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
        widths: Sequence[int] = (32, 64),
        hidden: int = 128,
        dropout: float = 0.25,
    ) -> None:
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
