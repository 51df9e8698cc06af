"""How the stages are printed."""

from __future__ import annotations

import numpy as np

from chainrule.cli.source import parts
from chainrule.data import Dataset, Split
from chainrule.metrics import format_confusion_matrix
from chainrule.train.run_record import Result

WIDTH = 100


def heading(text: str) -> None:
    """The name of a stage."""
    print(f"\n{text}\n{'-' * len(text)}")


def split_table(split: Split) -> str:
    """A line for each part: its rows, and the rows of each class, as far as there is room."""
    names = split.train.class_names or ()
    width = max(map(len, [*names, "00,000"])) + 1
    by_class = len(names) * width < WIDTH
    heads = "".join(f"{name:>{width}}" for name in names) if by_class else "  of each class"
    lines = [f"{'part':<10}{'rows':>9}{heads}"]
    for name, part in parts(split).items():
        counts = list(part.class_counts().values())
        of_each = "".join(f"{n:>{width},}" for n in counts) if by_class else f"  {min(counts):,} to {max(counts):,}"
        lines.append(f"{name:<10}{len(part):>9,}{of_each}")
    return "\n".join(lines)


def picture_shape(dataset: Dataset) -> str:
    """The size of the pictures, in words."""
    height, width, channels = dataset.inputs.shape[1:]
    return f"{height} x {width} pixels, {channels} channel{'s' if channels > 1 else ''}"


def show_result(result: Result, class_names: tuple[str, ...]) -> None:
    """The test result: accuracy, F1, the confusion matrix, and what is confused most."""
    print(
        f"accuracy {result.accuracy:.2%}: {result.right:,} of {result.rows:,} right   "
        f"loss {result.loss:.4f}   macro F1 {result.macro_f1:.4f}"
    )
    matrix = np.array(result.confusion_matrix)
    print(f"\n{format_confusion_matrix(matrix, class_names, width=WIDTH)}")
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    if wrong.any():
        true, predicted = np.unravel_index(int(wrong.argmax()), wrong.shape)
        print(
            f"\nmost often confused: {class_names[true]} taken for {class_names[predicted]}, "
            f"{wrong[true, predicted]:,} of {matrix[true].sum():,}"
        )
