"""For the examples in docstrings, which pytest runs."""

from importlib.util import find_spec

import numpy as np
import pytest

import chainrule as cr

# What needs scikit-learn cannot even be imported without it.
collect_ignore = [] if find_spec("sklearn") else ["chainrule/interop/estimators.py"]


@pytest.fixture(autouse=True)
def names(doctest_namespace: dict[str, object]) -> None:
    """Let examples speak of `cr` and `np` without importing them, and draw the same numbers each time."""
    cr.manual_seed(0)
    doctest_namespace.update(cr=cr, np=np)
