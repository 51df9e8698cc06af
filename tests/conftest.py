import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# Set before NumPy is imported: on a busy machine OpenBLAS's threads (and PyTorch's) wait for one another, and the small
# products of the tests take many times longer than on one.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

# What is tested is compiled anew, and the user's cache stays as it is.
os.environ.setdefault("CHAINRULE_CACHE", "off")

# A shell that starts the tests in the background has them, and the processes that they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, however slow the machine.
settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")

BESIDE_THE_REPOSITORY = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets (MNIST and others), which is never copied into the repository."""
    folder = Path(os.environ.get("CHAINRULE_DATA", BESIDE_THE_REPOSITORY))
    if not folder.is_dir():
        pytest.skip(f"there is no real data in {folder}; CHAINRULE_DATA may name its folder")
    return folder
