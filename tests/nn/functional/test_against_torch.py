"""Values and gradients of all functions and losses, as PyTorch has them."""

import pytest

import chainrule
from tests import oracle

CASES = [(family, name) for family in ("nn_functional", "nn_losses") for name in oracle.names(family)]


@pytest.mark.parametrize(("family", "name"), CASES)
def test_values_and_gradients(family, name):
    oracle.example(family, name).check_library(chainrule)
