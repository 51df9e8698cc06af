import numpy as np
import pytest

import chainrule as cr


@pytest.fixture(autouse=True)
def seeded():
    cr.manual_seed(0)


@pytest.fixture(scope="session")
def digits():
    """The bundled digits as a user prepares them: (x_train, y_train), (x_test, y_test), pixels from 0 to 1."""
    parts = cr.data.split_dataset(cr.data.load_digits(), test=0.25, seed=0)
    train, test = parts.train, parts.test
    return (train.inputs.astype("float32") / 16, train.targets), (test.inputs.astype("float32") / 16, test.targets)


@pytest.fixture
def moons():
    """Two half moons that lie in one another: (300, 2), and the moon of each."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, np.pi, 300)
    y = np.arange(300) % 2
    x = np.stack([np.cos(angle) + y, np.sin(angle) * (1 - 2 * y) + y / 2], axis=1)
    return (x + rng.normal(0, 0.1, x.shape)).astype("float32"), y
