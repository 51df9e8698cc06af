import gzip
from importlib.resources import files

import numpy as np
import pytest

from chainrule.data import load_digits


def test_the_bundled_digits_are_what_they_say():
    digits = load_digits()
    assert digits.inputs.shape == (1797, 8, 8, 1)
    assert digits.inputs.dtype == np.uint8
    assert (digits.inputs.min(), digits.inputs.max()) == (0, 16)
    assert digits.class_counts() == {
        "0": 178,
        "1": 182,
        "2": 177,
        "3": 183,
        "4": 181,
        "5": 182,
        "6": 181,
        "7": 179,
        "8": 174,
        "9": 180,
    }
    # The sums of all values and of the first picture's rows, from the published file.
    assert int(digits.inputs.sum()) == 561718
    assert digits.inputs[0, :, :, 0].sum(axis=1).tolist() == [28, 58, 39, 32, 30, 35, 43, 29]


def test_they_are_scikit_learns():
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    theirs = datasets.load_digits()
    ours = load_digits()
    np.testing.assert_array_equal(ours.inputs[..., 0], theirs.images)
    np.testing.assert_array_equal(ours.targets, theirs.target)
    assert list(ours.class_names) == [str(name) for name in theirs.target_names]


def test_they_are_small_and_their_licence_lies_beside_them():
    bundled = files("chainrule.data") / "bundled"
    assert sum(len(file.read_bytes()) for file in bundled.iterdir()) <= 150_000
    text = (bundled / "digits.txt").read_text(encoding="utf-8")
    for fact in ("CC BY 4.0", "10.24432/C50P49", "Alpaydin", "Changes"):
        assert fact in text
    # The same bytes wherever they are packed: no time and no name in the header.
    header = (bundled / "digits-images-idx3-ubyte.gz").read_bytes()[:10]
    assert header[3] == 0
    assert header[4:8] == bytes(4)
    assert gzip.decompress((bundled / "digits-labels-idx1-ubyte.gz").read_bytes())[:4] == bytes([0, 0, 8, 1])
