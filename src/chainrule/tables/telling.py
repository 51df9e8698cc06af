"""How the stages of a run are told."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.columns.base import Target
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


def parts_lines(targets: Mapping[str, Target], truths: Mapping[str, Mapping[str, NDArray[Any]]]) -> list[str]:
    """How many rows of each class are in each part, as far as there is room for each.

    Args:
        targets: What is predicted; those of classes are told.
        truths: By part and target, what is true of its rows as the loss takes it.
    """
    lines = []
    for name, target in targets.items():
        names = target.class_names
        if not names:
            continue
        counts = {
            part: np.bincount(truth[name].reshape(-1).astype(np.int64), minlength=len(names))
            for part, truth in truths.items()
        }
        if sum(len(each) + 3 for each in names) < WIDTH:
            head, rows = list(names), [[part, *(f"{n:,}" for n in of_each)] for part, of_each in counts.items()]
        else:
            head = ["rows of each class"]
            rows = [[part, f"{of_each.min():,} to {of_each.max():,}"] for part, of_each in counts.items()]
        lines += ["", table([name, *head], rows, left=1)]
    return lines


def output_lines(name: str, target: Target, weighed: bool) -> list[str]:
    """What the network gives for a target, and what is to become small.

    Args:
        name: The target's column.
        target: What is predicted.
        weighed: Whether classes have weights.
    """
    loss, classes = type(target.loss()).__name__, len(target.class_names)
    if target.task == "regression":
        return [
            f"Output for {name!r}: one number, in standard deviations from the mean of the training part.",
            f"Loss: {loss}, since numbers are predicted.",
        ]
    if target.task == "binary":
        what = f"one score (logit); above 0 the answer is {target.class_names[1]}. No sigmoid"
        why = "since each row is one of two classes"
    else:
        what, why = (
            f"{classes} scores (logits), one a class; the highest is the answer. No softmax",
            "since each row is one of several classes",
        )
    lines = [
        f"Output for {name!r}: {what} at the end: the loss applies it itself, which loses no digits.",
        f"Loss: {loss}, {why}.",
    ]
    if not weighed:
        lines.append(
            f"  Guessing blindly among {classes} classes costs ln({classes}) = {math.log(classes):.3f}; what has "
            "learnt is below that."
        )
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
