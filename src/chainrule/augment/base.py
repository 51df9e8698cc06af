"""What all augmentations have in common."""

from __future__ import annotations

from chainrule._tensor import Tensor
from chainrule.core.dtype import DType, is_floating
from chainrule.errors import ShapeError
from chainrule.nn import Module
from chainrule.ops.movement import cast
from chainrule.ops.random import rand


class Augmentation(Module):
    """Changes pictures at random in training; in evaluation they pass unchanged.

    A layer like any other: its random numbers come from the default generator (see `manual_seed`), and a compiled step
    holds it as it holds the rest. The dtype stays what it is; numbers between bytes are rounded.

    One of your own says what becomes of the pictures, (N, H, W, C), in `changed`:

    >>> class Darken(cr.augment.Augmentation):
    ...     def changed(self, pictures):
    ...         return pictures * cr.rand(len(pictures), 1, 1, 1)
    >>> bool((Darken()(cr.ones(2, 4, 4, 1)) < 1).all())
    True
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim != 4:
            raise ShapeError(
                "augmentations take pictures, channels last.",
                where=type(self).__name__,
                expected="(N, height, width, channels)",
                got=input.shape,
            )
        return self.changed(input) if self.training else input

    def changed(self, pictures: Tensor) -> Tensor:
        """The pictures, (N, H, W, C), as they are trained on."""
        raise NotImplementedError


class Draws:
    """Random numbers for a batch, some for each picture.

    Args:
        pictures: The batch.
        count: How many numbers each picture takes.
    """

    def __init__(self, pictures: Tensor, count: int) -> None:
        # A row a number, so that those of one kind stand side by side.
        self._drawn = rand(count, len(pictures), 1, 1)
        self._taken = 0

    def between(self, low: Tensor | float, high: Tensor | float) -> Tensor:
        """The next number of each picture, (N, 1, 1), evenly distributed from `low` to `high`."""
        self._taken += 1
        return self._drawn[self._taken - 1] * (high - low) + low

    def whole(self, low: int, high: int) -> Tensor:
        """The next number of each picture, (N, 1, 1) of int64, one of `low`, ..., `high`."""
        return self.between(low, high + 1).floor().clip(max=high).long()


def white(dtype: DType) -> float:
    """The brightest that there is: 255 among bytes, 1 among floating numbers."""
    return 1.0 if is_floating(dtype) else 255.0


def as_before(changed: Tensor, dtype: DType) -> Tensor:
    """What was computed, in the dtype that the pictures had."""
    return changed if is_floating(dtype) else cast(changed.clip(0.0, 255.0).round(), dtype)
