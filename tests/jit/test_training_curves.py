"""Whole runs of compiled training beside PyTorch's, live or recorded, and beside our own eager ones.

In float64 all agree to ten digits. In float32 sixty steps add up roundings of 6e-8 each, of which these networks make
little: PyTorch's own float32 comes within 8e-7 of its float64, so 4e-6 leaves room for other orders of summation.
"""

import numpy as np
import pytest

import chainrule as cr
from tests import oracle
from tests.jit.steps import versions

NAMES = oracle.names("training")


def run(name: str, dtype: str, compile=lambda step: step) -> dict[str, np.ndarray]:
    """A case by our library."""
    case = oracle.example("training", name).case
    inputs = {key: cr.tensor(x.astype(dtype) if x.dtype.kind == "f" else x) for key, x in case.inputs.items()}
    return {key: value.numpy() for key, value in case.function(cr, **inputs, dtype=dtype, compile=compile).items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_compiled_run_is_pytorchs(name):
    compiled = []

    def compile(step):
        compiled.append(cr.jit(step))
        return compiled[0]

    oracle.example("training", name).check(**run(name, "float64", compile))
    assert versions(compiled[0]) == 1


@pytest.mark.parametrize("name", NAMES)
def test_in_float32_too(name):
    expected = oracle.example("training", name).expected
    eager, compiled = run(name, "float32"), run(name, "float32", cr.jit)
    for key, value in compiled.items():
        assert value.dtype == np.float32
        np.testing.assert_allclose(value, eager[key], rtol=2e-6, atol=2e-7)
        np.testing.assert_allclose(value, expected[key], rtol=4e-6, atol=4e-7)
