"""Small problems to optimize."""

from collections.abc import Callable

import numpy as np
import pytest

import chainrule as cr
from chainrule import optim

OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "SGD": optim.SGD,
    "SGD-momentum": lambda params, **settings: optim.SGD(params, momentum=0.9, dampening=0.2, **settings),
    "Adagrad": lambda params, **settings: optim.Adagrad(params, lr_decay=0.1, **settings),
    "RMSprop": lambda params, **settings: optim.RMSprop(params, momentum=0.5, centered=True, **settings),
    "Adam": lambda params, **settings: optim.Adam(params, amsgrad=True, **settings),
    "AdamW": optim.AdamW,
    "NAdam": optim.NAdam,
    "Lion": optim.Lion,
    "Muon": optim.Muon,
}


class Problem:
    """Two matrices, an input, and a loss that depends on both."""

    def __init__(self, dtype: np.dtype = cr.float64) -> None:
        draw = np.random.RandomState(0)
        self.first = cr.tensor(draw.standard_normal((3, 4)), dtype=dtype, requires_grad=True)
        self.second = cr.tensor(draw.standard_normal((4, 2)), dtype=dtype, requires_grad=True)
        self.x = cr.tensor(draw.standard_normal((6, 3)), dtype=dtype)
        self.y = cr.tensor(draw.standard_normal((6, 2)), dtype=dtype)

    @property
    def params(self) -> list[cr.Tensor]:
        return [self.first, self.second]

    def loss(self) -> cr.Tensor:
        return (((self.x @ self.first).tanh() @ self.second - self.y) ** 2).mean()

    def train(self, optimizer: optim.Optimizer, steps: int = 1) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            self.loss().backward()
            optimizer.step()

    def values(self) -> list[np.ndarray]:
        return [param.detach().numpy() for param in self.params]


@pytest.fixture(params=OPTIMIZERS)
def make(request: pytest.FixtureRequest) -> Callable[..., optim.Optimizer]:
    """Each optimizer in turn, with as many of its parts at work as it has."""
    return OPTIMIZERS[request.param]


@pytest.fixture
def problem() -> Problem:
    return Problem()
