"""A confusion matrix as text, for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from chainrule.errors import DataLengthError, ShapeError

__all__ = ["format_confusion_matrix"]


def format_confusion_matrix(matrix: ArrayLike, class_names: Sequence[object] | None = None, *, width: int = 100) -> str:
    """A confusion matrix as aligned text: rows are true classes, columns predicted ones, zeros are dots.

    Where the names are too long to stand above the columns, the classes are numbered.

    Args:
        matrix: Counts or shares, shape (C, C), as from `confusion_matrix`.
        class_names: C names. Default: 0, 1, ...
        width: The number of columns that the text may take with names above the columns. Default: 100.

    Raises:
        ShapeError: The matrix is not square.
        DataLengthError: There is not one name for each class.

    Example:
        >>> print(format_confusion_matrix([[12, 0, 1], [2, 9, 0], [0, 0, 7]], ["cat", "dog", "owl"]))
        true    predicted
                cat  dog  owl
        cat      12    .    1
        dog       2    9    .
        owl       .    .    7
    """
    counts = np.asarray(matrix)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise ShapeError("a confusion matrix is square.", where="matrix", expected="(C, C)", got=counts.shape)
    names = [str(name) for name in (range(len(counts)) if class_names is None else class_names)]
    if len(names) != len(counts):
        raise DataLengthError(
            "there must be one name for each class.",
            where="class_names",
            expected=len(counts),
            got=len(names),
        )
    cells = [[_cell(value) for value in row] for row in counts.tolist()]
    widest_cell = max(_widest(row) for row in cells)
    column = max(_widest(names), widest_cell)
    rows, heads = names, names
    if _widest(["true", *names]) + len(names) * (column + 2) + 2 > width:
        heads = [str(i) for i in range(len(names))]
        rows = [f"{head:>{len(heads[-1])}} {name}" for head, name in zip(heads, names, strict=True)]
        column = max(_widest(heads), widest_cell)
    margin = _widest(["true", *rows])
    lines = [f"{_padded('true', margin)}    predicted", _line("", heads, margin, column)]
    lines += [_line(row, row_cells, margin, column) for row, row_cells in zip(rows, cells, strict=True)]
    return "\n".join(line.rstrip() for line in lines)


def _cell(value: float) -> str:
    if value == 0:
        return "."
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def _line(head: str, cells: Sequence[str], margin: int, column: int) -> str:
    padding = (" " * (column + 2 - _columns(cell)) + cell for cell in cells)
    return f"{_padded(head, margin)}  {''.join(padding)}"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _columns(text))


def _widest(texts: Sequence[str]) -> int:
    return max(map(_columns, texts))


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes: East Asian wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
