"""Weights, learning rates and gradients step by step, as PyTorch has them in float64."""

import numpy as np
import pytest

import chainrule as cr
from tests import oracle
from tests.oracle.cases_optim import NORMS, gradients

APART = ("clip", "ema")  # what does not read the same in both libraries


@pytest.mark.parametrize("name", [name for name in oracle.names("optim") if not name.startswith(APART)])
def test_agrees_with_pytorch(name):
    oracle.example("optim", name).check_library(cr)


def clipped(example):
    w, b = (cr.tensor(example.inputs[name], requires_grad=True) for name in ("w", "b"))
    gradients(w, b)
    return w, b


@pytest.mark.parametrize(("max_norm", "norm_type"), NORMS)
def test_clipping_by_norm_agrees_with_pytorch(max_norm, norm_type):
    example = oracle.example("optim", f"clip-norm-{max_norm}-{norm_type}")
    w, b = clipped(example)
    total = cr.optim.clip_grad_norm_([w, b], max_norm, norm_type)
    example.check(total=total, w_grad=w.grad, b_grad=b.grad)


@pytest.mark.parametrize("limit", [0.5, 0.0, 100.0])
def test_clipping_by_value_agrees_with_pytorch(limit):
    example = oracle.example("optim", f"clip-value-{limit}")
    w, b = clipped(example)
    cr.optim.clip_grad_value_([w, b], limit)
    example.check(w_grad=w.grad, b_grad=b.grad)


def test_averaged_weights_agree_with_pytorch():
    example = oracle.example("optim", "ema")
    values = example.inputs["values"]
    w = cr.tensor(values[0], requires_grad=True)
    ema = cr.optim.EMA([w], decay=0.8)
    shown = []
    for value in values:
        w.data = value
        ema.update()
        with ema.average_parameters():
            shown.append(w.detach().numpy())
    example.check(out=np.stack(shown))
