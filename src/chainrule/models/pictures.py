"""What the models of pictures ask of their input."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.core.shape import Shape
from chainrule.errors import ShapeError

# Pictures with a longer side than this go through the stem that ImageNet's networks have, which shrinks them at once.
_SMALL = 64


def is_large(height: int, width: int) -> bool:
    """Whether pictures are of ImageNet's kind (224×224) rather than of CIFAR's (32×32)."""
    return max(height, width) > _SMALL


def picture_shape(model: str, input_shape: Sequence[int], least: int = 1) -> Shape:
    """`input_shape` as (height, width, channels).

    Args:
        model: Whose input it is, for the error.
        input_shape: As the user gave it.
        least: What height and width must be at least.

    Raises:
        ShapeError: If it is no picture's shape, or the picture is too small.
    """
    shape = tuple(input_shape)
    if len(shape) != 3 or any(length < 1 for length in shape):
        raise ShapeError(
            "this model takes pictures, channels last.",
            where=model,
            expected="an input_shape of (height, width, channels), such as (28, 28, 1)",
            got=shape,
            remedy="grey pictures have one channel: (height, width, 1)" if len(shape) == 2 else "MLP takes any rows",
        )
    if min(shape[:2]) < least:
        raise ShapeError(
            "the pictures are too small for this model.",
            where=model,
            expected=f"at least {least} by {least} pixels",
            got=f"{shape[0]} by {shape[1]}",
            remedy="fewer or smaller layers, or an MLP",
        )
    return shape
