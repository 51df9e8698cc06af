from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def sk() -> ModuleType:
    """scikit-learn's metrics, asked live; what is recorded of them is compared in test_recorded.py."""
    return pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed: nothing to compare with")
