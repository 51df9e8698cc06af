"""Airbench: the network that learns CIFAR-10 fastest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from chainrule import nn
from chainrule._tensor import Tensor
from chainrule.core.modes import no_grad
from chainrule.core.shape import size
from chainrule.models.pictures import picture_shape
from chainrule.nn import init
from chainrule.nn.spatial import check_channels_last
from chainrule.ops.convert import TensorLike, as_floating
from chainrule.ops.creation import asarray, ones

# The side of the first convolution's windows.
WINDOW = 2


class ConvGroup(nn.Module):
    """A convolution, max pooling that halves the picture, and one or two more, each with BatchNorm and GELU.

    A third convolution comes with a shortcut: to what it makes, what the first has made is added before the GELU.
    BatchNorm's scales stay 1: what follows a convolution may scale as well. All convolutions hand their channels on at
    first (`nn.init.dirac_`), as far as there are as many.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        third: Whether there is a third convolution.

    Shape:
        (N, H, W, in_channels) to (N, H / 2, W / 2, out_channels), rounded down.

    >>> ConvGroup(8, 16, third=True)(cr.zeros(2, 8, 8, 8)).shape
    (2, 4, 4, 16)
    """

    def __init__(self, in_channels: int, out_channels: int, *, third: bool = False) -> None:
        super().__init__()
        self.third = third
        self.conv1 = _convolution(in_channels, out_channels)
        self.pool = nn.MaxPool2d(2)
        self.norm1 = _norm(out_channels)
        self.gelu1 = nn.GELU()
        self.conv2 = _convolution(out_channels, out_channels)
        self.norm2 = _norm(out_channels)
        self.gelu2 = nn.GELU()
        if third:
            self.conv3 = _convolution(out_channels, out_channels)
            self.norm3 = _norm(out_channels)
            self.gelu3 = nn.GELU()

    def forward(self, input: Tensor) -> Tensor:
        first: Tensor = self.gelu1(self.norm1(self.pool(self.conv1(input))))
        second: Tensor = self.gelu2(self.norm2(self.conv2(first)))
        if not self.third:
            return second
        out: Tensor = self.gelu3(self.norm3(self.conv3(second)) + first)
        return out


def _convolution(in_channels: int, out_channels: int) -> nn.Conv2d:
    """Windows of 3×3 that hand channels on."""
    conv = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
    init.dirac_(conv.weight[:in_channels])
    return conv


def _norm(channels: int) -> nn.BatchNorm2d:
    """A normalisation that only shifts."""
    norm = nn.BatchNorm2d(channels, momentum=0.4)
    norm.weight = nn.Parameter(ones(channels), requires_grad=False)
    return norm


class Scale(nn.Module):
    """Multiplies by a number.

    Args:
        factor: The number.

    >>> Scale(0.5)(cr.ones(2))
    tensor([0.5000, 0.5000])
    """

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, input: Tensor) -> Tensor:
        return input * self.factor

    def extra_repr(self) -> str:
        return f"{self.factor:.4g}"


class Airbench(nn.Sequential):
    """Windows of 2×2, three `ConvGroup`s, the largest of what is left, and a linear layer whose outputs are scaled.

    K. Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU" (2024): airbench94, whose last group, where it costs
    little, has the third convolution of airbench96. There pictures lose a pixel in the first convolution, here they are
    padded, so that their sides stay multiples of two. The first convolution gets no training: it whitens, see `whiten`.
    Without `whiten`, it learns like any other.

    Args:
        input_shape: (height, width, channels) of the pictures, at least 8×8.
        outputs: The number of classes.
        widths: The channels of each group.

    Shape:
        (N, height, width, channels) to (N, outputs), logits.

    Raises:
        ShapeError: For an `input_shape` that is no picture's, or too small to be halved by every group.

    >>> Airbench((32, 32, 3), 10, widths=(8, 8, 8))(cr.zeros(2, 32, 32, 3)).shape
    (2, 10)
    """

    def __init__(self, input_shape: Sequence[int], outputs: int, widths: Sequence[int] = (64, 256, 256)) -> None:
        smaller = 2 ** len(widths)
        height, width, channels = picture_shape("Airbench", input_shape, least=smaller)
        # A filter and its negative for each of the directions that windows can differ in.
        filters = 2 * WINDOW * WINDOW * channels
        layers: dict[str, nn.Module] = {
            "whitening": nn.Conv2d(channels, filters, WINDOW, padding="same"),
            "gelu": nn.GELU(),
        }
        for i, width_of_group in enumerate(widths, start=1):
            layers[f"group{i}"] = ConvGroup(filters, width_of_group, third=i == len(widths))
            filters = width_of_group
        layers["pool"] = nn.MaxPool2d((height // smaller, width // smaller))
        layers["flatten"] = nn.Flatten()
        layers["fc"] = nn.Linear(filters, outputs, bias=False)
        layers["scale"] = Scale(1 / 9)
        super().__init__(layers)

    def whiten(self, pictures: TensorLike) -> None:
        """Let the first convolution whiten: what it makes of these pictures' windows is uncorrelated, of variance 1.

        Its filters become the principal components of the windows, each divided by its deviation, and their negatives
        (GELU would lose what is below 0). They are frozen; the bias goes on learning.

        Args:
            pictures: Some thousand of the training pictures, as the model gets them: (N, H, W, C), standardised.

        Raises:
            ShapeError: If they are no pictures of as many channels.

        >>> model = Airbench((32, 32, 3), 10, widths=(8, 8, 8))
        >>> model.whiten(cr.randn(16, 32, 32, 3))
        >>> model.whitening.weight.requires_grad
        False
        """
        weight = self.whitening.weight
        rows = as_floating(pictures)
        check_channels_last(rows.shape, 2, weight.shape[-1])
        windows = sliding_window_view(rows.numpy(), (WINDOW, WINDOW), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
        flat = windows.reshape(-1, size(weight.shape[1:])).astype(np.float64)
        # Variances below the small number are noise, which is not to be made as large as the rest.
        variances, directions = np.linalg.eigh(flat.T @ flat / len(flat))
        filters = (directions / np.sqrt(variances + 5e-4)).T[::-1]
        with no_grad():
            weight.copy_(asarray(np.concatenate([filters, -filters]).reshape(weight.shape)))
        weight.requires_grad_(False)
