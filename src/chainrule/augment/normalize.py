"""Pictures brought to mean 0 and deviation 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from chainrule._tensor import Tensor
from chainrule.errors import ArgumentError
from chainrule.nn import Module
from chainrule.ops.creation import asarray
from chainrule.ops.movement import cast


class Normalize(Module):
    """Takes the mean of each channel off, and divides by its deviation; in training and in evaluation.

    Within the network, so that pictures stay bytes outside of it.

    Args:
        mean: One number a channel.
        std: Likewise, each above 0.

    Shape:
        (N, H, W, C), bytes or floating, to floating (N, H, W, C).

    Raises:
        ArgumentError: If there are not as many deviations as means, or one is not above 0.

    >>> normalize = cr.augment.Normalize(mean=[50.0], std=[50.0])
    >>> normalize(cr.full((1, 1, 1, 1), 150.0)).item()
    2.0
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        means, stds = np.asarray(mean, np.float64), np.asarray(std, np.float64)
        if means.ndim != 1 or means.shape != stds.shape or not (stds > 0).all():
            raise ArgumentError(
                "each channel has a mean, and a deviation above 0.",
                where="Normalize",
                expected="as many of these as of those",
                got=f"mean={mean!r}, std={std!r}",
            )
        self.register_buffer("mean", asarray(means.astype(np.float32)))
        self.register_buffer("scale", asarray((1 / stds).astype(np.float32)))

    @classmethod
    def of(cls, pictures: Any) -> Self:
        """The layer for these training pictures, an array (N, H, W, C); channels that never change are only moved.

        >>> cr.augment.Normalize.of(np.array([[[[0]]], [[[100]]]], np.uint8)).mean.item()
        50.0
        """
        array = np.asarray(pictures)
        axes = tuple(range(array.ndim - 1))
        mean, std = array.mean(axes, dtype=np.float64), array.std(axes, dtype=np.float64)
        return cls(mean.tolist(), np.where(std > 0, std, 1.0).tolist())

    def forward(self, input: Tensor) -> Tensor:
        return (cast(input, self.mean.dtype) - self.mean) * self.scale
