"""How the stages are printed."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.data import Dataset
from chainrule.metrics import ConfusionMatrix, F1Score, format_confusion_matrix


def heading(text: str) -> None:
    """The name of a stage."""
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


def counts(part: str, dataset: Dataset, width: int) -> str:
    """A line of a table: a part, its rows, and the rows of each class."""
    numbers = "".join(f"{count:>{width}}" for count in dataset.class_counts().values())
    return f"{part:<12}{len(dataset):>7,}  {numbers}"


def measure(scores: np.ndarray, targets: np.ndarray) -> dict[str, Any]:
    """What is measured of a classifier on the test part, beside the loss: ready for JSON."""
    matrix = ConfusionMatrix()
    per_class = F1Score("macro")
    for metric in (matrix, per_class):
        metric.update(scores, targets)
    counted = np.asarray(matrix.compute()).astype(int)
    right = int(np.trace(counted))
    return {
        "rows": len(targets),
        "right": right,
        "accuracy": right / len(targets),
        "macro_f1": float(per_class.compute()),
        "confusion_matrix": counted.tolist(),
    }


def result(test: dict[str, Any], class_names: tuple[str, ...]) -> None:
    """The test result: accuracy, F1, the confusion matrix, and what is confused most."""
    print(
        f"accuracy {test['accuracy']:.2%}: {test['right']:,} of {test['rows']:,} right   "
        f"loss {test['loss']:.4f}   macro F1 {test['macro_f1']:.4f}"
    )
    matrix = np.array(test["confusion_matrix"])
    print(f"\n{format_confusion_matrix(matrix, class_names)}")
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    if wrong.any():
        true, predicted = np.unravel_index(int(wrong.argmax()), wrong.shape)
        print(
            f"\nmost often: {class_names[true]} taken for {class_names[predicted]}, {wrong[true, predicted]} of "
            f"{matrix[true].sum()}"
        )
