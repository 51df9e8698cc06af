"""For the examples in docstrings, which pytest runs."""

import numpy as np
import pytest

import chainrule as cr


@pytest.fixture(autouse=True)
def names(doctest_namespace: dict[str, object]) -> None:
    """Let examples speak of `cr` and `np` without importing them, and draw the same numbers each time."""
    cr.manual_seed(0)
    doctest_namespace.update(cr=cr, np=np)
