"""Lion against the algorithm of its paper, written out."""

import numpy as np
import pytest

from chainrule import optim
from tests.optim.conftest import Problem


def algorithm_2(w, gradients, lr, beta1, beta2, decay):
    """Chen et al. (2023): the update is the sign of an interpolation, and the momentum another one."""
    m = np.zeros_like(w)
    for g in gradients:
        c = beta1 * m + (1 - beta1) * g
        w = w - lr * (np.sign(c) + decay * w)
        m = beta2 * m + (1 - beta2) * g
    return w


@pytest.mark.parametrize(
    "settings",
    [{}, {"lr": 0.05}, {"lr": 0.05, "betas": (0.95, 0.98), "weight_decay": 0.3}, {"lr": 0.1, "betas": (0.0, 0.5)}],
)
def test_lion_is_the_papers_algorithm(settings):
    problem = Problem()
    optimizer = optim.Lion(problem.params, **settings)
    gradients = [[], []]
    for _ in range(10):
        optimizer.zero_grad()
        problem.loss().backward()
        for kept, param in zip(gradients, problem.params, strict=True):
            kept.append(param.grad.numpy())
        optimizer.step()
    group = optimizer.param_groups[0]
    for start, kept, end in zip(Problem().values(), gradients, problem.values(), strict=True):
        expected = algorithm_2(start, kept, group["lr"], *group["betas"], group["weight_decay"])
        np.testing.assert_allclose(end, expected, rtol=1e-12, atol=1e-14)
