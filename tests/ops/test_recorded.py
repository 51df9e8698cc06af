"""Values and gradients of operations against PyTorch's recorded answers (live ones where it is installed)."""

import pytest

import chainrule
from tests import oracle


@pytest.mark.parametrize("name", oracle.names("ops"))
def test_agrees_with_pytorch(name):
    oracle.example("ops", name).check_library(chainrule)
