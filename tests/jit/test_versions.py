"""How many programs of a function are kept, and what happens to the others."""

import gc
import subprocess
import sys
import warnings
import weakref
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import RetraceWarning
from chainrule.jit import function as module
from tests.jit.steps import versions

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Three are kept here."""
    monkeypatch.setattr(module, "_KEPT", 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RetraceWarning)
        yield


def test_those_used_last_are_kept(monkeypatch, capsys):
    monkeypatch.setenv("CHAINRULE_LOG", "retrace")
    double = cr.jit(lambda x: x * 2)

    def retraced(*lengths):
        for length in lengths:
            assert double(np.ones(length, np.float32)).tolist() == [2] * length
        return capsys.readouterr().err.count("retraced")

    assert retraced(1, 2, 3, 1, 4) == 3
    assert versions(double) == 3
    assert retraced(1, 3, 4) == 0
    assert retraced(2) == 1


def test_programs_of_one_signature_count_too():
    layer = cr.nn.Linear(2, 2)
    run = cr.jit(lambda x: layer(x) * layer.factor)
    for factor in (1.0, 2.0, 3.0, 4.0, 5.0):
        layer.factor = factor
        run(np.ones((1, 2), np.float32))
    assert versions(run) == 3


def test_what_is_dropped_gives_its_memory_back_at_once():
    double = cr.jit(lambda x: x * 2)
    double(np.ones(1, np.float32))
    gone = weakref.ref(double._recent.program._run.__self__)
    gc.disable()
    try:
        for length in range(2, 6):
            double(np.ones(length, np.float32))
        assert gone() is None
    finally:
        gc.enable()


def test_memory_is_steady():
    """A short soak, in a process of its own; `python -m scripts.soak` is the long one.

    Enough shapes that what programs leave behind stands out from what the heap has grown by while warming up.
    """
    if not Path("/proc/self/statm").exists():
        pytest.skip("this system has no /proc/self/statm to read the memory from")
    soak = subprocess.run(
        [sys.executable, "-m", "scripts.soak", "20000", "150"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert soak.returncode == 0, soak.stdout + soak.stderr
