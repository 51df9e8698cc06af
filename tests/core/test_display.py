"""Tensors print as PyTorch's do."""

import numpy as np
import pytest

import chainrule as cr

SAMPLES = [
    np.float32(3.0),
    np.array([1.0, 2.0, 3.0], np.float32),
    np.array([1.5, 2.0, -3.0], np.float32),
    np.linspace(-2, 2, 12, dtype=np.float32).reshape(3, 4),
    np.linspace(-2, 2, 12, dtype=np.float32).reshape(3, 2, 2),
    np.array([1e-5, 1], np.float32),
    np.array([1e10, 1], np.float32),
    np.array([np.nan, 1, np.inf, -np.inf], np.float32),
    np.array([], np.float32),
    np.zeros((0, 3), np.float32),
    np.array([[1, -20], [300, 4]]),
    np.array([True, False]),
    np.array([1, 2], np.uint8),
    np.array([1, 2], np.int32),
    np.array([1.5, 2.0]),
    np.array(True),
    np.array(7),
    np.array([1e-8, 2e-8], np.float32),
    np.arange(50),
]


@pytest.mark.parametrize("array", SAMPLES, ids=str)
def test_as_pytorch(array):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    assert repr(cr.tensor(array)) == repr(torch.tensor(array)).replace("torch.", "")


def test_what_derivatives_need_is_named():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    assert repr(x) == "tensor([1., 2.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=<mul>)"


def test_large_tensors_are_cut_short():
    assert len(repr(cr.zeros(1000, 1000))) < 1000


def test_in_texts_a_single_number_reads_as_one():
    loss = cr.tensor(0.123456, requires_grad=True) * 1
    assert f"{loss:.3f}" == "0.123"
    assert f"{loss}" == str(loss.item())
    assert f"{cr.tensor([0.5]):.1f}" == "0.5"
    assert f"{cr.tensor([1.0, 2.0])}" == "tensor([1., 2.])"
