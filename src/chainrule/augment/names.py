"""Augmentations by name, as settings say them: "flip", "crop:4"."""

from __future__ import annotations

import math
from collections.abc import Callable

from chainrule.augment.base import Augmentation
from chainrule.augment.colour import ColorJitter
from chainrule.augment.erasing import Cutout
from chainrule.augment.geometry import (
    RandomAffine,
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomRotation,
    RandomVerticalFlip,
)
from chainrule.augment.mixing import CutMix, MixUp
from chainrule.augment.sampling import Fill
from chainrule.errors import ArgumentError, UnknownNameError


def _count(number: float) -> int:
    """A number of pixels; a broken one becomes one that the layer refuses."""
    return int(number) if number == int(number) else -1


# What the number after the colon means, or would mean where none is said, stands in `get`.
_LAYERS: dict[str, tuple[float, Callable[[float, Fill], Augmentation]]] = {
    "flip": (0.5, lambda number, fill: RandomHorizontalFlip(number)),
    "vertical-flip": (0.5, lambda number, fill: RandomVerticalFlip(number)),
    "crop": (4, lambda number, fill: RandomCrop(padding=_count(number), padding_mode="reflect")),
    "resized-crop": (0.5, lambda number, fill: RandomResizedCrop(scale=(number, 1.0))),
    "rotate": (15, lambda number, fill: RandomRotation(number, fill=fill)),
    "shift": (0.1, lambda number, fill: RandomAffine(translate=(number, number), fill=fill)),
    "scale": (0.1, lambda number, fill: RandomAffine(scale=(1 - number, 1 + number), fill=fill)),
    "jitter": (0.2, lambda number, fill: ColorJitter(number, number, number)),
    "hue": (0.05, lambda number, fill: ColorJitter(hue=number)),
    "cutout": (8, lambda number, fill: Cutout(_count(number), fill=fill)),
    "mixup": (0.2, lambda number, fill: MixUp(number)),
    "cutmix": (1.0, lambda number, fill: CutMix(number)),
}


def names() -> list[str]:
    """The names that `get` takes.

    >>> cr.augment.names()[:3]
    ['crop', 'cutmix', 'cutout']
    """
    return sorted(_LAYERS)


def get(said: str, fill: Fill = 0.0) -> Augmentation:
    """An augmentation by its name, with its number behind a colon where it is to be another.

    Args:
        said: "flip" and "vertical-flip" (:0.5, the probability), "crop" (:4, the pixels of a mirrored border),
            "resized-crop" (:0.5, the least share of the area), "rotate" (:15 degrees), "shift" (:0.1 of the sides),
            "scale" (:0.1 larger or smaller), "jitter" (:0.2 of brightness, contrast and saturation), "hue" (:0.05 of
            the circle), "cutout" (:8 pixels), "mixup" (:0.2) and "cutmix" (:1, the alpha).
        fill: What stands where nothing of the picture is, one number or one a channel.

    Raises:
        UnknownNameError: For a name that is none; the nearest is suggested.
        ArgumentError: For a number that makes no sense there.

    >>> cr.augment.get("crop:2")
    RandomCrop(size=None, padding=2, padding_mode='reflect')
    """
    name, _, behind = said.partition(":")
    if name not in _LAYERS:
        raise UnknownNameError("augmentation", name, _LAYERS)
    usual, make = _LAYERS[name]
    try:
        number = float(behind) if behind else usual
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ArgumentError("this is no number.", where="augment", expected=f'"{name}:{usual:g}"', got=repr(said))
    try:
        return make(number, fill)
    except ArgumentError as error:
        error.where = f"augment, {said!r}: {error.where}"
        raise
