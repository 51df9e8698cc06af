"""Record what the references say: `python -m tests.oracle.record [FAMILY ...]` (all families by default)."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable

import numpy as np
from safetensors.numpy import save

from tests.oracle.asking import RECORDED, ask, cases_of, families


def record(family: str) -> None:
    """Ask the reference every case of a family and replace the family's file."""
    cases = cases_of(family)
    version = importlib.import_module(cases.reference.partition(".")[0]).__version__.partition("+")[0]
    # A copy in C order, because safetensors writes an array's memory as it lies there.
    answers = {
        f"{name}/{output}": np.array(array, order="C") for name in cases for output, array in ask(cases, name).items()
    }
    RECORDED.mkdir(exist_ok=True)
    path = RECORDED / f"{family}.safetensors"
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(save(answers, metadata={"reference": f"{cases.reference} {version}"}))
    unfinished.replace(path)
    size = path.stat().st_size / 1000
    print(f"{path.name}: {len(cases)} cases, {size:.1f} kB, {cases.reference} {version}")


def main(wanted: Iterable[str]) -> None:
    """Record the families named, or all."""
    for family in wanted or families():
        record(family)


if __name__ == "__main__":
    main(sys.argv[1:])
