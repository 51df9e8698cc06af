"""A confusion matrix as a picture: right is blue, wrong is red, and the darker the larger its share of the row."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.report.canvas import INK, PAPER, SMALL, SOFT, TITLE, Canvas, width_of

# In pixels: the matrix of many classes and of few, the least of a cell where all have a name, a name's length.
MANY, FEW, NAMED, NAME = 1400, 320, SMALL + 2, 200
MARGIN, HEAD = 24, 84
# What a share of nothing looks like, and of all; and what no row was taken for.
_RIGHT = np.array([[238, 243, 251], [30, 78, 160]])
_WRONG = np.array([[253, 238, 232], [158, 26, 20]])
_NOTHING = np.array([246, 246, 244])


def confusion_picture(title: str, names: Sequence[str], counts: NDArray[np.int64]) -> Canvas:
    """Rows are true classes, columns predicted ones.

    Args:
        title: What stands above.
        names: Of the classes.
        counts: How many rows of each class were taken for each, (C, C).
    """
    classes = len(names)
    cell = max(min(MANY // classes, max(4 * NAMED, FEW // classes)), 1)
    longest = min(math.ceil(max(map(_width, names))), NAME)
    lying = max(map(_width, names)) < cell - 4
    left, top = MARGIN + longest + 12, HEAD + (SMALL if lying else longest) + 12
    caption = "Rows: what is true. Columns: what was predicted. Numbers are rows of the test; darker is a larger share."
    width = max(left + cell * classes, MARGIN + round(width_of(caption, SMALL))) + MARGIN
    canvas = Canvas(width, top + cell * classes + MARGIN)
    canvas.text((MARGIN, MARGIN), title, width - 2 * MARGIN, size=TITLE)
    canvas.text((MARGIN, MARGIN + 24), caption, width - 2 * MARGIN, size=SMALL, colour=SOFT)
    # As many names as there is room for.
    for i in range(0, classes, -(-NAMED // cell)):
        middle = round((i + 0.5) * cell)
        canvas.text((left - 8, top + middle), names[i], longest, size=SMALL, anchor="rm")
        if lying:
            canvas.text((left + middle, top - 12), names[i], longest, size=SMALL, anchor="mm")
        else:
            canvas.upwards((left + middle, top - 6), names[i], longest, size=SMALL)
    _cells(canvas, counts, (left, top), cell)
    return canvas


def _cells(canvas: Canvas, counts: NDArray[np.int64], corner: tuple[int, int], cell: int) -> None:
    from PIL import Image
    from PIL.Image import Resampling

    (left, top), side = corner, cell * len(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = Image.fromarray(_colours(shares)).resize((side, side), Resampling.NEAREST)
    canvas.image.paste(image, corner)
    if cell < NAMED // 2:
        return
    for line in range(cell, side + 1, cell):
        canvas.box((left, top + line - 1), (side, 1), PAPER)
        canvas.box((left + line - 1, top), (1, side), PAPER)
    # Numbers are written where all of them can be read.
    if _width(f"{counts.max():,}") < cell - 2:
        for row, column in np.argwhere(counts):
            middle = (left + (column + 0.5) * cell, top + (row + 0.5) * cell)
            colour = PAPER if shares[row, column] > 0.5 else INK
            canvas.text(middle, f"{counts[row, column]:,}", cell, size=SMALL, colour=colour, anchor="mm")


def _colours(shares: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The colour of each cell, (C, C, 3)."""
    right = np.eye(len(shares), dtype=bool)[..., None]
    light, dark = (np.where(right, _RIGHT[end], _WRONG[end]) for end in (0, 1))
    # Small shares are told apart better than in proportion.
    mixed = light + (dark - light) * shares[..., None] ** 0.7
    return np.where(shares[..., None] > 0, mixed, _NOTHING).round().astype(np.uint8)


def _width(text: str) -> float:
    return width_of(text[:NAME], SMALL)
