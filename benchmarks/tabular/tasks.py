"""Real tables, what is to be predicted in them, and what ours shall reach."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BESIDE_THE_REPOSITORY = Path(__file__).parents[3] / "shared" / "data"


@dataclass(frozen=True)
class Task:
    """A column to predict.

    Attributes:
        name: What to call it on the command line.
        title: The same for readers.
        file: The CSV file.
        target: The column to predict.
        measure: "accuracy", or for numbers "r2" or "mae".
        goal: What ours shall reach by default.
        seconds: In which time at most.
        drop: Columns that give the answer away.
        names: The columns, where the file does not name them.
        columns: The types of columns that do not look like what they are.
    """

    name: str
    title: str
    file: str
    target: str
    measure: str
    goal: float
    seconds: float | None = None
    drop: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where the file is, if it is."""
        return Path(os.environ.get("CHAINRULE_DATA", BESIDE_THE_REPOSITORY)) / "tabular" / self.file

    @property
    def has_classes(self) -> bool:
        """Whether classes are to be predicted."""
        return self.measure == "accuracy"

    def better(self, one: float, other: float) -> bool:
        """Whether one score is at least as good as another."""
        return one <= other if self.measure == "mae" else one >= other

    def split(self, seed: int) -> tuple[Any, Any]:
        """The rows for training and a fifth of them for the test, the same for everyone: data frames of pandas."""
        import pandas
        from sklearn.model_selection import train_test_split

        rows = pandas.read_csv(self.path, names=self.names).drop(columns=list(self.drop))
        classes = rows[self.target] if self.has_classes else None
        training, test = train_test_split(rows, test_size=0.2, stratify=classes, random_state=seed)
        return training.reset_index(drop=True), test.reset_index(drop=True)

    def score(self, truth: Any, predicted: Any) -> float:
        """How good predictions are."""
        from sklearn import metrics

        found = {"accuracy": metrics.accuracy_score, "r2": metrics.r2_score, "mae": metrics.mean_absolute_error}
        return float(found[self.measure](truth, predicted))


WINE = ("acidity", "volatile", "citric", "sugar", "chlorides", "free", "total", "density", "ph", "sulphates", "alcohol")
TASKS = {
    task.name: task
    for task in (
        Task("titanic", "Titanic, without `alive`", "titanic.csv", "survived", "accuracy", 0.80, 10, drop=("alive",)),
        Task("california", "California housing", "california-housing.csv", "median_house_value", "r2", 0.78, 60),
        Task(
            "wine",
            "white wine, quality as a number",
            "wine-quality-white.csv",
            "quality",
            "mae",
            0.55,
            names=(*WINE, "quality"),
            columns={"quality": "number"},
        ),
    )
}
