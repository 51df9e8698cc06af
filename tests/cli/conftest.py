import gzip
import shutil
import struct
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from chainrule.cli import main


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """Where programs are kept that several of these tests need."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def home(tmp_path, monkeypatch, compiled):
    """An empty folder to be in; without matplotlib, since drawing takes longer than all the rest."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHAINRULE_CACHE", str(compiled))
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    return tmp_path


@pytest.fixture
def chainrule(home, monkeypatch, capsys):
    """The command, as typed on the command line, within this process."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chainrule", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        else:
            code = 0
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture
def train(chainrule):
    """A quick training."""

    def run(*arguments):
        return chainrule("train", *arguments, "--model", "mlp", "--epochs", 1)

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory, compiled):
    """The folder of a run on the digits, trained once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("runs"))
        patch.setenv("CHAINRULE_CACHE", str(compiled))
        patch.setitem(sys.modules, "matplotlib.figure", None)
        patch.setattr(sys, "argv", ["chainrule", "train", "--model", "mlp", "--epochs", "1", "--out", "run"])
        with pytest.raises(SystemExit, match="0"):
            main()
        return Path("run").resolve()


@pytest.fixture
def run(trained, home):
    """A copy of that."""
    return shutil.copytree(trained, home / "run")


def idx(array):
    """An array as an IDX file."""
    sizes = b"".join(struct.pack(">I", size) for size in array.shape)
    return struct.pack(">HBB", 0, 8, array.ndim) + sizes + np.asarray(array, np.uint8).tobytes()


@pytest.fixture
def mnist(home):
    """Makes a folder with MNIST's four files, small: a bright spot for each class."""

    def make(name="data", labels=None, test_labels=None, rows=120, test_rows=40, size=8):
        folder = home / name
        folder.mkdir()
        rng = np.random.default_rng(0)
        for part, count, given in (("train", rows, labels), ("t10k", test_rows, test_labels)):
            y = np.arange(count) % 4 if given is None else np.asarray(given, int)
            pictures = rng.integers(0, 60, (len(y), size, size))
            pictures[np.arange(len(y)), y % size, y % size] = 255
            write(folder / f"{part}-images-idx3-ubyte.gz", idx(pictures))
            write(folder / f"{part}-labels-idx1-ubyte.gz", idx(y))
        return folder

    return make


def write(path: Path, content: bytes) -> None:
    path.write_bytes(gzip.compress(content, mtime=0))
