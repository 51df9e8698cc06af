"""Colours changed."""

from __future__ import annotations

import numpy as np

from chainrule._tensor import Tensor
from chainrule.augment.base import Augmentation, Draws, as_before, white
from chainrule.errors import ShapeError
from chainrule.nn.arguments import between
from chainrule.ops.arithmetic import maximum, minimum
from chainrule.ops.compare import where
from chainrule.ops.convert import as_floating, constant


class ColorJitter(Augmentation):
    """Changes brightness, contrast, saturation and hue, in this order, each by a random factor.

    What torchvision's layer of this name does, which takes them in random order. Bytes go from 0 to 255, floating
    numbers from 0 to 1, and what would go beyond is cut there. Grey pictures have no saturation and no hue.

    Args:
        brightness: The factor is up to so much from 1, to either side, but not below 0.
        contrast: Likewise, about the picture's mean.
        saturation: Likewise, about the pixel's grey.
        hue: It is turned by up to so much of the circle of colours, from 0 to 0.5.

    Shape:
        (N, H, W, C) to the same, with 1 or 3 channels.

    Raises:
        ArgumentError: For numbers that make no sense.
        ShapeError: When called with another number of channels.

    >>> cr.augment.ColorJitter(brightness=0.2, contrast=0.2)(cr.ones(2, 8, 8, 3)).shape
    (2, 8, 8, 3)
    """

    def __init__(
        self, brightness: float = 0.0, contrast: float = 0.0, saturation: float = 0.0, hue: float = 0.0
    ) -> None:
        super().__init__()
        self.brightness = between(self, "brightness", brightness, 0.0, 10.0)
        self.contrast = between(self, "contrast", contrast, 0.0, 10.0)
        self.saturation = between(self, "saturation", saturation, 0.0, 10.0)
        self.hue = between(self, "hue", hue, 0.0, 0.5)

    def changed(self, pictures: Tensor) -> Tensor:
        channels = pictures.shape[-1]
        if channels not in (1, 3):
            raise ShapeError(
                "colours are red, green and blue, or grey.",
                where="ColorJitter",
                expected="1 or 3 channels",
                got=pictures.shape,
            )
        drawn, top = Draws(pictures, 4), white(pictures.dtype)

        def factor(most: float) -> Tensor:
            return drawn.between(max(1 - most, 0.0), 1 + most).unsqueeze(-1)

        x = as_floating(pictures) / top
        if self.brightness:
            x = (x * factor(self.brightness)).clip(0.0, 1.0)
        if self.contrast:
            x = _blended(x, grey(x).mean(dim=(1, 2), keepdim=True), factor(self.contrast))
        if self.saturation and channels == 3:
            x = _blended(x, grey(x), factor(self.saturation))
        if self.hue and channels == 3:
            x = with_hue_turned(x, drawn.between(-self.hue, self.hue).unsqueeze(-1))
        return as_before(x * top, pictures.dtype)

    def extra_repr(self) -> str:
        names = ("brightness", "contrast", "saturation", "hue")
        return ", ".join(f"{name}={getattr(self, name):g}" for name in names)


def grey(pictures: Tensor) -> Tensor:
    """How bright each pixel looks, (N, H, W, 1): ITU-R BT.601's weights of red, green and blue."""
    if pictures.shape[-1] == 1:
        return pictures
    red, green, blue = _channels(pictures)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def with_hue_turned(pictures: Tensor, by: Tensor) -> Tensor:
    """Red, green and blue from 0 to 1, with the hue turned by a part of the circle; brightest and darkest stay.

    A. R. Smith, "Color gamut transform pairs" (SIGGRAPH 1978).
    """
    red, green, blue = _channels(pictures)
    most, least = maximum(maximum(red, green), blue), minimum(minimum(red, green), blue)
    chroma = most - least
    by_chroma = 1 / where(chroma == 0, 1.0, chroma)
    # The place on the circle in sixths: red is 0, green 2, blue 4.
    sixths = where(
        most == red,
        (green - blue) * by_chroma,
        where(most == green, (blue - red) * by_chroma + 2, (red - green) * by_chroma + 4),
    )
    # From there each channel's own way round: red begins five sixths on, green three, blue one.
    at = sixths / 6 + by + constant(np.array([5, 3, 1], pictures.dtype) / 6)
    place = (at - at.floor()) * 6
    return most - chroma * minimum(place, 4 - place).clip(0.0, 1.0)


def _channels(pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return pictures[..., 0:1], pictures[..., 1:2], pictures[..., 2:3]


def _blended(pictures: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    return (pictures * factor + other * (1 - factor)).clip(0.0, 1.0)
