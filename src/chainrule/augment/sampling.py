"""Pictures read at other places: where each pixel of the result comes from is said by its row and its column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chainrule._tensor import Tensor
from chainrule.augment.base import as_before
from chainrule.ops.compare import where
from chainrule.ops.convert import as_floating, constant
from chainrule.ops.creation import arange
from chainrule.ops.index import TAKE

# What stands outside of a picture: one number, or one a channel.
Fill = float | Sequence[float]

# Where a place outside of a line of so many pixels is found within.
BORDERS: dict[str, Callable[[Tensor, int], Tensor]] = {
    "replicate": lambda at, length: at.clip(0, length - 1),
    # Mirrored at the centre of the border pixel, which is not repeated.
    "reflect": lambda at, length: (length - 1) - ((length - 1) - at.abs()).abs(),
}


def pixels(pictures: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The pixels at whole places within each picture.

    Args:
        pictures: (N, H, W, C).
        rows: Integers that broadcast with `columns` to (N, h, w).
        columns: Likewise.

    Returns:
        (N, h, w, C).
    """
    count, height, width, channels = pictures.shape
    first = arange(count).reshape(count, 1, 1) * height
    return TAKE(pictures.reshape(-1, channels), (first + rows) * width + columns, axis=0)


def pixels_or_fill(pictures: Tensor, rows: Tensor, columns: Tensor, fill: Fill) -> Tensor:
    """The pixels at whole places, and `fill` where a place lies outside of the picture."""
    height, width = pictures.shape[1:3]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    found = pixels(pictures, rows.clip(0, height - 1), columns.clip(0, width - 1))
    return where(inside.unsqueeze(-1), found, filled(fill, pictures))


def bilinear(pictures: Tensor, rows: Tensor, columns: Tensor, fill: Fill | None) -> Tensor:
    """The pictures between their pixels: the four around a place, weighed by how near they are.

    Args:
        pictures: (N, H, W, C).
        rows: Numbers that broadcast with `columns` to (N, h, w); whole ones are the centres of pixels.
        columns: Likewise.
        fill: What stands outside; None for the pixels at the border.

    Returns:
        (N, h, w, C), in the dtype of the pictures.
    """
    top, left = rows.floor(), columns.floor()
    down, right = (rows - top).unsqueeze(-1), (columns - left).unsqueeze(-1)
    above, before = top.long(), left.long()

    def at(row: Tensor, column: Tensor) -> Tensor:
        if fill is not None:
            return as_floating(pixels_or_fill(pictures, row, column, fill))
        height, width = pictures.shape[1:3]
        return as_floating(pixels(pictures, row.clip(0, height - 1), column.clip(0, width - 1)))

    upper = at(above, before) * (1 - right) + at(above, before + 1) * right
    lower = at(above + 1, before) * (1 - right) + at(above + 1, before + 1) * right
    return as_before(upper * (1 - down) + lower * down, pictures.dtype)


def filled(fill: Fill, pictures: Tensor) -> Tensor:
    """What stands outside of the picture, in its dtype."""
    return constant(np.asarray(fill, pictures.dtype))
