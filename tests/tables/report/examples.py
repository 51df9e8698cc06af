"""A run's outcome made up, with names that no page should take for more than names."""

import numpy as np

import chainrule as cr
from chainrule.data.table import ArrayTable
from chainrule.tables.measures import measured
from chainrule.tables.report import (
    ColumnEntry,
    Distribution,
    FindingEntry,
    Report,
    RunPart,
    SplitPart,
    data_part,
    importance_part,
    mistakes_part,
    model_part,
    target_part,
    training_part,
)
from chainrule.tables.schema import Field
from chainrule.tables.tested import Tested
from chainrule.training import History

EVIL = "<script>alert(1)</script>\"'><img src=http://evil.example/x onerror=alert(1)>"
ROWS = 300


def classes_tested(count: int, rows: int = ROWS) -> Tested:
    """A model that is right two times of three; the first class has an evil name."""
    random = np.random.default_rng(count)
    truth = np.concatenate([np.arange(count), random.integers(0, count, rows - count)])
    scores = random.random((rows, count)).astype(np.float32)
    scores[np.arange(rows), truth] += np.where(np.arange(rows) % 3, 2.0, 0.0)
    probabilities = scores / scores.sum(axis=1, keepdims=True)
    task = "binary" if count == 2 else "multiclass"
    predicted = probabilities.argmax(axis=1)
    majority = measured(task, truth, np.zeros(rows, int), np.full((rows, count), 1 / count, np.float32))
    names = (EVIL, *(f"class {number}" for number in range(1, count)))
    values = measured(task, truth, predicted, probabilities)
    return Tested(
        EVIL, task, names, truth, predicted, probabilities, np.arange(rows), values, {"majority class": majority}
    )


def numbers_tested(rows: int = ROWS) -> Tested:
    random = np.random.default_rng(0)
    truth = random.normal(size=rows) * 1e5
    predicted = truth + random.normal(size=rows) * 1e4
    mean = measured("regression", truth, np.full(rows, truth.mean()), None)
    values = measured("regression", truth, predicted, None)
    return Tested("price", "regression", (), truth, predicted, None, np.arange(rows), values, {"mean": mean})


def table(rows: int = ROWS) -> ArrayTable:
    random = np.random.default_rng(1)
    columns = {
        EVIL: np.array([EVIL, None] * (rows // 2), dtype=object),
        "file \udcff\x00": np.array(["x" * 10_000] * rows, dtype=object),
        "photo": random.integers(0, 255, (rows, 6, 9, 3)).astype(np.uint8),
        "price": random.normal(size=rows),
    }
    return ArrayTable(columns, name=f"{EVIL}.csv", notes=(EVIL,))


def history(epochs: int) -> History:
    kept = History()
    for epoch in range(epochs):
        logs = {"loss": 1 / (1 + epoch), "accuracy": float("nan"), "val_loss": abs(epoch - epochs // 3) + 1.0}
        kept.add(epoch, logs, 0.5)
    return kept


def report(*each: Tested, epochs: int = 5) -> Report:
    given = table(max([ROWS, *(len(tested.truth) for tested in each)]))
    ranges = Distribution(("0 to 1", EVIL), (3, 0), ends=("0", EVIL))
    words = Distribution((EVIL, "b"), (3, 1), others=7)
    entries = [
        ColumnEntry(name, "number", "input", EVIL, 3, EVIL, EVIL, held)
        for name, held in zip(given.names, (ranges, words, None, ranges), strict=True)
    ]
    fields = [
        Field(name, "picture" if name == "photo" else "number", "input", "") for name in given.names if name != "price"
    ]
    inputs = np.random.default_rng(2).normal(size=(ROWS, 4)).astype(np.float32)
    targets = []
    for tested in each:
        importance = importance_part(
            lambda rows, tested=tested: (tested.predicted[: len(rows)], _first(tested, len(rows))),
            inputs,
            {name: slice(number, number + 1) for number, name in enumerate(given.names)},
            tested.truth[:ROWS],
            tested.task,
            seed=0,
        )
        targets.append(target_part(tested, mistakes_part(tested, given, fields), importance, {"accuracy": 0.01}))
    model = cr.nn.Sequential({"hidden": cr.nn.Linear(4, 8), "output": cr.nn.Linear(8, 1)})
    return Report(
        data=data_part(given, entries, [FindingEntry("warning", given.names, EVIL, EVIL)]),
        split=SplitPart(EVIL, {"training": 200, "validation": 0, "test": 100}, (EVIL,)),
        model=model_part(model.summary(4), [EVIL]),
        training=training_part(history(epochs)),
        targets=tuple(targets),
        run=RunPart(EVIL, EVIL, {"numpy": EVIL}, 0, "2026-01-01 00:00 UTC", 1.5),
    )


def _first(tested: Tested, rows: int) -> np.ndarray | None:
    return None if tested.probabilities is None else tested.probabilities[:rows]
