"""Our functions against scikit-learn's recorded answers (live ones where it is installed)."""

import pytest

from chainrule import metrics
from tests import oracle
from tests.oracle.asking import ask_arrays


@pytest.mark.parametrize("name", oracle.names("metrics"))
def test_agrees_with_scikit_learn(name):
    example = oracle.example("metrics", name)
    example.check(**ask_arrays(example.case, metrics))
