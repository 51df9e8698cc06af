"""What a process of its own does: one run of a contestant, or the large table; it prints its figures as JSON."""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any

from benchmarks.process import memory
from benchmarks.tabular import large
from benchmarks.tabular.contestants import CONTESTANTS
from benchmarks.tabular.tasks import TASKS


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    kinds = parser.add_subparsers(dest="kind", required=True)
    run = kinds.add_parser("run")
    run.add_argument("contestant", choices=CONTESTANTS)
    run.add_argument("task", choices=TASKS)
    run.add_argument("seed", type=int)
    made = kinds.add_parser("large")
    made.add_argument("path", type=Path)
    made.add_argument("--memory", type=int)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    print(json.dumps(one_run(asked) if asked.kind == "run" else large.measured(asked.path, asked.memory)))


def one_run(asked: argparse.Namespace) -> dict[str, Any]:
    """How good one contestant is on one split, and how long it takes: preparation, training and prediction."""
    task, (_, predict) = TASKS[asked.task], CONTESTANTS[asked.contestant]
    training, test = task.split(asked.seed)
    start = time.perf_counter()
    predicted = predict(task, training, test, asked.seed)
    seconds = time.perf_counter() - start
    return {"score": task.score(test[task.target], predicted), "seconds": seconds} | memory()


if __name__ == "__main__":
    main()
