"""How the stages of a run are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from chainrule.core.table import table
from chainrule.metrics import format_confusion_matrix
from chainrule.tables.tested import Result

# A terminal's.
WIDTH = 100
# Of more classes the matrix is no longer to be read.
MOST_CLASSES = 40

Say = Callable[[str], None]


def silent(line: str) -> None:
    """Say nothing."""


def heading(text: str) -> str:
    """The name of a stage."""
    return f"\n{text}\n{'-' * len(text)}"


def columns(rows: Iterable[Sequence[str]], *, gap: int = 2) -> list[str]:
    """Rows of texts as lines, each column as wide as its widest text; the last one ends where it ends."""
    table = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for row in table:
        padded = [text.ljust(width + gap) for text, width in zip(row[:-1], widths[:-1], strict=True)]
        lines.append("".join([*padded, row[-1]]).rstrip())
    return lines


def result_lines(result: Result) -> list[str]:
    """The measures of a test beside the baselines'; of classes also what was taken for what."""
    everyone = [result.measured, *result.baselines.values()]
    rows = [[name, *(shown(name, each.get(name)) for each in everyone)] for name in result.measured]
    head = [f"{result.target}, {result.rows:,} rows", "network", *result.baselines]
    lines = [table(head, rows, left=1)]
    if 0 < len(result.class_names) <= MOST_CLASSES:
        matrix = np.array(result.confusion_matrix)
        shape = format_confusion_matrix(matrix, result.class_names, width=WIDTH)
        lines += ["", shape, *_most_confused(matrix, result.class_names)]
    return lines


def shown(measure: str, value: float | None) -> str:
    """A measure as people read it."""
    if value is None:
        return ""
    return f"{value:.2%}" if measure == "accuracy" else f"{value:.4g}"


def _most_confused(matrix: np.ndarray, names: Sequence[str]) -> list[str]:
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    if not wrong.any():
        return []
    true, predicted = np.unravel_index(int(wrong.argmax()), wrong.shape)
    return [
        f"\nmost often confused: {names[int(true)]} taken for {names[int(predicted)]}, "
        f"{wrong[true, predicted]:,} of {matrix[true].sum():,}"
    ]
