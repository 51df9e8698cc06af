import numpy as np
import pytest

import chainrule as cr
from chainrule import nn


@pytest.fixture(autouse=True)
def seeded():
    cr.manual_seed(0)


@pytest.fixture
def blobs():
    """Three well separated clouds of points: (120, 2), and the class of each."""
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    centres = np.array([[0.0, 3.0], [3.0, -2.0], [-3.0, -2.0]])
    return (centres[y] + rng.normal(0, 0.5, (120, 2))).astype(np.float32), y


@pytest.fixture
def classifier():
    """A small network for the clouds, compiled."""
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3))
    model.compile(cr.optim.SGD(model.parameters(), lr=0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
