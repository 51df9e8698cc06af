"""Pickles that would run something, or fill the memory: each is an error, and nothing happens."""

import os
import pickle
import pickletools

import numpy as np
import pytest

from chainrule.data.plain_pickle import read_plain_pickle
from chainrule.errors import FileFormatError


@pytest.mark.parametrize("protocol", range(5))
def test_plain_data_is_what_it_was(tmp_path, protocol):
    array = np.random.default_rng(0).integers(0, 256, (4, 6), dtype=np.uint8)
    told = {
        "data": array,
        "turned": array.T,
        "labels": [3, 1, 2, 250],
        "numbers": np.arange(5, dtype=">i4"),
        b"names": [b"a", "b"],
        "of nothing": np.zeros((0, 3)),
    }
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps(told, protocol))
    found = read_plain_pickle(path)
    for name, expected in told.items():
        np.testing.assert_array_equal(found[name], expected)


class Calls:
    """A pickle that calls something when it is read."""

    def __init__(self, function, *arguments):
        self.what = function, arguments

    def __reduce__(self):
        return self.what


def hostile(marker):
    return {
        "a command": Calls(os.system, f"touch {marker}"),
        "among data": {"data": np.zeros(3, np.uint8), "labels": Calls(eval, "1 + 1")},
        "a class": Calls(type, "A", (), {}),
        "imports": Calls(__import__, "os"),
        "objects": np.array([None, "a"], dtype=object),
        "another function of numpy": Calls(np.fromfile, "/etc/passwd"),
        "a function": print,
    }


def test_what_stands_for_numpys_functions_cannot_be_had(tmp_path):
    path = tmp_path / "batch"
    path.write_bytes(b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n}X\x01\x00\x00\x00aK\x01sb.")
    with pytest.raises(FileFormatError, match="holds more than data"):
        read_plain_pickle(path)


@pytest.mark.parametrize("kind", hostile(""))
def test_code_is_refused_and_not_run(tmp_path, kind):
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps(hostile(tmp_path / "marker")[kind]))
    with pytest.raises(FileFormatError, match="holds more than data") as caught:
        read_plain_pickle(path)
    assert str(path) in str(caught.value)
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle at all",
        pickle.dumps({"data": np.zeros(1000, np.uint8)})[:-500],
        # It remembers something as number 2**31: a list of so many places would be made for it.
        b"\x80\x02]r\xff\xff\xff\x7f.",
        # Bytes that do not fit their shape.
        pickle.dumps(np.zeros((3, 4), np.uint8)).replace(b"K\x03K\x04", b"K\x63K\x63"),
    ],
)
def test_broken_ones(tmp_path, content):
    path = tmp_path / "batch"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="no pickle, or a broken one"):
        read_plain_pickle(path)


def test_the_memo_guard_is_of_use():
    """The pickle of the test above is one that Python's own unpickler would take."""
    assert any(code.name == "LONG_BINPUT" for code, *_ in pickletools.genops(b"\x80\x02]r\xff\xff\xff\x7f."))
