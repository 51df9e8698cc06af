"""LeNet-5, the network that read cheques."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule import nn
from chainrule.models.pictures import picture_shape


class LeNet5(nn.Sequential):
    """Two convolutions of 5×5 with mean pooling, then three fully connected layers; tanh between them.

    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition" (1998). As
    everywhere today, the pools have no weights, the second convolution sees all channels of the first, and the last
    layer is linear. The paper's pictures are 32×32; smaller ones are padded by 2 (28×28 becomes 32×32), and below 12
    pixels the second convolution is padded as well.

    Args:
        input_shape: (height, width, channels) of the pictures, at least 4×4.
        outputs: The number of classes.

    Shape:
        (N, height, width, channels) to (N, outputs), logits.

    Raises:
        ShapeError: For an `input_shape` that is no picture's, or too small.

    >>> LeNet5((28, 28, 1), 10)(cr.zeros(2, 28, 28, 1)).shape
    (2, 10)
    """

    def __init__(self, input_shape: Sequence[int] = (28, 28, 1), outputs: int = 10) -> None:
        height, width, channels = picture_shape("LeNet5", input_shape, least=4)
        smallest = min(height, width)
        first, second = 2 if smallest < 32 else 0, 2 if smallest < 12 else 0
        left = [((n + 2 * first - 4) // 2 + 2 * second - 4) // 2 for n in (height, width)]
        super().__init__(
            {
                "conv1": nn.Conv2d(channels, 6, 5, padding=first),
                "tanh1": nn.Tanh(),
                "pool1": nn.AvgPool2d(2),
                "conv2": nn.Conv2d(6, 16, 5, padding=second),
                "tanh2": nn.Tanh(),
                "pool2": nn.AvgPool2d(2),
                "flatten": nn.Flatten(),
                "fc1": nn.Linear(16 * left[0] * left[1], 120),
                "tanh3": nn.Tanh(),
                "fc2": nn.Linear(120, 84),
                "tanh4": nn.Tanh(),
                "output": nn.Linear(84, outputs),
            },
            init="auto",
        )
