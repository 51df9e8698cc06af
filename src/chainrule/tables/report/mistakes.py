"""The rows that a model has most wrong, as a person can read them: their values, and their pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.columns.picture import DARK
from chainrule.data.pictures.decoding import upright
from chainrule.data.table import Table
from chainrule.data.values import Values
from chainrule.tables.report.data import Mistake, MistakesPart
from chainrule.tables.report.plain import cut
from chainrule.tables.report.wording import number
from chainrule.tables.schema import Field
from chainrule.tables.tested import Tested

if TYPE_CHECKING:
    from PIL.Image import Image

# At most so many rows, columns of them, and pixels of a picture's side.
ROWS, COLUMNS, PIXELS = 24, 20, 160


def mistakes_part(tested: Tested, table: Table, fields: Sequence[Field]) -> MistakesPart:
    """The worst mistakes of a test, the worst first.

    Args:
        tested: The outcome of the test.
        table: The tested table.
        fields: The inputs, the most important first.
    """
    worst = _worst(tested)
    pictures = next((field.name for field in fields if field.kind == "picture"), None)
    names = [field.name for field in fields if field.kind != "picture"][:COLUMNS]
    rows = tested.rows[worst]
    cells = [[cut(text) for text in table.column(name).take(rows).each_text()] for name in names]
    values = None if pictures is None else table.column(pictures).take(rows)
    thumbnails = [None] * len(worst) if values is None else _thumbnails(values)
    files = [""] * len(worst)
    if pictures is not None and values is not None and values.words is not None:
        # Whole, since a person looks for the picture by it.
        files = values.each_text()
        names, cells = [pictures, *names], [files, *cells]
    return MistakesPart(
        columns=tuple(names),
        rows=tuple(
            Mistake(
                place=table.place(int(tested.rows[index]), tested.target),
                truth=_said(tested, tested.truth[index]),
                predicted=_said(tested, tested.predicted[index]),
                error=_error(tested, int(index)),
                cells=tuple(column[row] for column in cells),
                name=files[row] or f"row {tested.rows[index] + 1:,}",
                picture=thumbnails[row],
            )
            for row, index in enumerate(worst)
        ),
    )


def _worst(tested: Tested) -> NDArray[np.intp]:
    """Numbers of the test's rows: the surest of what is wrong, or those with the largest distance."""
    if tested.probabilities is None:
        wrong = np.abs(tested.truth.astype(np.float64) - tested.predicted)
    else:
        wrong = np.where(tested.predicted == tested.truth, 0.0, tested.probabilities.max(axis=1))
    order = np.argsort(-wrong, kind="stable")[:ROWS]
    return np.asarray(order[wrong[order] > 0])


def _said(tested: Tested, value: Any) -> str:
    return cut(tested.class_names[int(value)]) if tested.class_names else number(float(value))


def _error(tested: Tested, row: int) -> str:
    if tested.probabilities is None:
        error = float(tested.predicted[row] - tested.truth[row])
        return f"{'+' if error > 0 else ''}{number(error)}"
    return f"{100 * tested.probabilities[row].max():.0f} %"


def _thumbnails(values: Values) -> list[str | None]:
    """Pictures in one size, as JPEG in base64; None where a file can no longer be read: that costs no report."""
    if values.words is None:
        return [_jpeg(image) for image in _images(values.array)]
    found: list[str | None] = []
    for text in values.each_text():
        try:
            found.append(_jpeg(upright((values.folder or Path()) / text, PIXELS)))
        except Exception:  # what decoders say of broken files is of any class
            found.append(None)
    return found


def _images(arrays: NDArray[Any]) -> list[Image]:
    """Pictures (N, H, W) or (N, H, W, C); numbers that are no bytes, or all dark, are spread over what can be shown."""
    from PIL import Image

    low, high = (float(arrays.min()), float(arrays.max())) if arrays.size else (0.0, 0.0)
    if arrays.dtype != np.uint8 or high < DARK:
        arrays = ((arrays - low) * (255 / ((high - low) or 1))).astype(np.uint8)
    colours = arrays.ndim == 4 and arrays.shape[-1] >= 3
    shown = arrays[..., :3] if colours else arrays.reshape(*arrays.shape[:3], -1)[..., 0]
    return [Image.fromarray(np.ascontiguousarray(each)) for each in shown]


def _jpeg(image: Image) -> str:
    from PIL.Image import Resampling

    shown = image.convert("RGB")
    shown.thumbnail((PIXELS, PIXELS))
    # Each pixel of a small one becomes a square, as the network sees it; smoothed, it would be a blur.
    times = PIXELS // max(shown.size)
    shown = shown.resize((shown.width * times, shown.height * times), Resampling.NEAREST)
    stream = io.BytesIO()
    shown.save(stream, "JPEG", quality=88)
    return base64.b64encode(stream.getvalue()).decode()
