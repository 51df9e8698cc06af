"""Augmentation: training pictures changed at random, as layers that work in training only.

>>> model = cr.nn.Sequential(
...     cr.augment.RandomHorizontalFlip(),
...     cr.augment.RandomCrop(padding=4),
...     cr.augment.Cutout(8),
...     cr.augment.Normalize(mean=[125.3, 123.0, 113.9], std=[63.0, 62.1, 66.7]),
...     cr.models.ResNet((32, 32, 3), 10, blocks=(1, 1), widths=(8, 16)),
... )
>>> model(cr.zeros(2, 32, 32, 3, dtype=cr.uint8)).shape
(2, 10)
"""

from chainrule.augment.averaging import ViewAverage
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
from chainrule.augment.mixing import CutMix, Mixing, MixUp, mixed_loss
from chainrule.augment.names import get, names
from chainrule.augment.normalize import Normalize

__all__ = [
    "Augmentation",
    "ColorJitter",
    "CutMix",
    "Cutout",
    "MixUp",
    "Mixing",
    "Normalize",
    "RandomAffine",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomVerticalFlip",
    "ViewAverage",
    "get",
    "mixed_loss",
    "names",
]
