"""The rows that a model has most wrong, as a person can read them: their values, and their pictures made small."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.table import Table
from chainrule.data.values import Values
from chainrule.tables.report.data import Mistake, MistakesPart
from chainrule.tables.schema import Field
from chainrule.tables.tested import Tested

# At most so many rows, columns of them, characters of a value, and pixels of a picture's side.
ROWS, COLUMNS, CHARACTERS, PIXELS = 24, 20, 80, 128


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
    cells = [[shown(values, row) for row in range(len(worst))] for values in _columns(table, names, rows)]
    thumbnails = [None] * len(worst) if pictures is None else _thumbnails(table, pictures, rows)
    return MistakesPart(
        columns=tuple(names),
        rows=tuple(
            Mistake(
                place=table.place(int(tested.rows[number]), tested.target),
                truth=_said(tested, tested.truth[number]),
                predicted=_said(tested, tested.predicted[number]),
                error=_error(tested, int(number)),
                cells=tuple(column[row] for column in cells),
                picture=thumbnails[row],
            )
            for row, number in enumerate(worst)
        ),
    )


def _worst(tested: Tested) -> NDArray[np.intp]:
    """Numbers of the test's rows: those with the least probability of what is true, or the largest distance."""
    if tested.probabilities is None:
        wrong = np.abs(tested.truth.astype(np.float64) - tested.predicted)
    else:
        said = tested.probabilities[np.arange(len(tested.truth)), tested.truth.astype(np.int64)]
        wrong = np.where(tested.predicted == tested.truth, 0.0, 1.0 - said)
    order = np.argsort(-wrong, kind="stable")[:ROWS]
    return np.asarray(order[wrong[order] > 0])


def _said(tested: Tested, value: Any) -> str:
    return cut(tested.class_names[int(value)]) if tested.class_names else f"{value:,.5g}"


def _error(tested: Tested, row: int) -> str:
    if tested.probabilities is None:
        return f"{tested.predicted[row] - tested.truth[row]:+,.4g}".replace("-", "−")
    return f"{100 * tested.probabilities[row].max():.0f} %"


def _columns(table: Table, names: Sequence[str], rows: NDArray[np.int64]) -> list[Values]:
    return [table.column(name).take(rows) for name in names]


def shown(values: Values, row: int) -> str:
    """A value as text.

    >>> shown(Values.of([1.50, None]), 0), shown(Values.of([1.50, None]), 1), shown(Values.of(["a" * 200]), 0)[-3:]
    ('1.5', '', 'aa…')
    """
    if values.missing[row]:
        return ""
    value = values.array[row]
    if values.words is not None:
        return cut(str(values.words[value]))
    match values.array.dtype.kind:
        case "f":
            return f"{value:,.6g}"
        case "M":
            return str(value.astype("datetime64[s]")).replace("T", " ").removesuffix(" 00:00:00")
        case "b":
            return "true" if value else "false"
        case _:
            return str(value)


def cut(text: str) -> str:
    """A text that is no longer than a cell of a table can show."""
    return text if len(text) <= CHARACTERS else text[: CHARACTERS - 1] + "…"


def _thumbnails(table: Table, column: str, rows: NDArray[np.int64]) -> list[str | None]:
    values = table.column(column).take(rows)
    if values.words is None:
        return [_jpeg(array) for array in values.array]
    folder = table.folder or Path()
    return [_read(folder / str(values.words[number])) for number in values.array]


def _read(path: Path) -> str | None:
    """A picture of a file; None where it can no longer be read, which is no reason to be without a report."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.draft("RGB", (2 * PIXELS, 2 * PIXELS))
            return _jpeg(np.asarray(image.convert("RGB")))
    except OSError:
        return None


def _jpeg(array: NDArray[Any]) -> str:
    """A picture (H, W) or (H, W, C), made small, as JPEG in base64."""
    from PIL import Image

    grey = array.ndim == 2 or array.shape[-1] == 1
    image = Image.fromarray(np.ascontiguousarray(array.reshape(array.shape[:2]) if grey else array[..., :3]))
    image.thumbnail((PIXELS, PIXELS))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=88)
    return base64.b64encode(stream.getvalue()).decode()
