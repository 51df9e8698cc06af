"""Every way in which MNIST's files can be broken, made on a small copy of their form."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from chainrule.data import is_idx_folder, load_idx_folder, read_idx
from chainrule.errors import FileFormatError

PICTURES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def packed(array: np.ndarray, type_byte: int = 8) -> bytes:
    header = bytes([0, 0, type_byte, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def arrays():
    random = np.random.default_rng(0)
    return {
        "train-images-idx3-ubyte": random.integers(0, 256, (6, 4, 3)),
        "train-labels-idx1-ubyte": np.array([0, 1, 2, 0, 1, 2]),
        "t10k-images-idx3-ubyte": random.integers(0, 256, (2, 4, 3)),
        "t10k-labels-idx1-ubyte": np.array([2, 0]),
    }


@pytest.fixture
def folder(tmp_path, arrays):
    for name, array in arrays.items():
        (tmp_path / name).write_bytes(packed(array))
    return tmp_path


@pytest.mark.parametrize(
    "rename", [lambda n: n, lambda n: n.replace("-idx", ".idx"), lambda n: n + ".gz"], ids=["plain", "dot", "gzip"]
)
def test_all_spellings_are_read(tmp_path, arrays, rename):
    for name, array in arrays.items():
        path = tmp_path / rename(name)
        path.write_bytes(gzip.compress(packed(array)) if path.suffix == ".gz" else packed(array))
    assert is_idx_folder(tmp_path)
    parts = load_idx_folder(tmp_path, name="tiny")
    np.testing.assert_array_equal(parts.train.inputs[..., 0], arrays["train-images-idx3-ubyte"])
    np.testing.assert_array_equal(parts.test.targets, [2, 0])
    assert parts.train.inputs.dtype == np.uint8
    assert parts.train.targets.dtype == np.int64
    assert parts.train.class_names == parts.test.class_names == ("0", "1", "2")
    assert parts.validation is None
    assert parts.train.name == "tiny"


BREAKS = {
    "empty": (lambda data: b"", "no IDX file"),
    "not idx": (lambda data: b"<!DOCTYPE html>" + data, "no IDX file"),
    "cut in magic": (lambda data: data[:3], "no IDX file"),
    "cut in header": (lambda data: data[:9], "ends within its header"),
    "cut in values": (lambda data: data[:-1], "shorter than its header says"),
    "trailing byte": (lambda data: data + b"\0", "longer than its header says"),
    "type of floats": (lambda data: data[:2] + b"\x0d" + data[3:], "type 0x0d"),
    "dimensions": (lambda data: data[:3] + b"\2" + data[4:], "2 dimensions, not 3"),
    "no pictures": (lambda data: data[:4] + bytes(4) + data[8:], "no values"),
    "absurd size": (lambda data: data[:4] + b"\xff" * 12 + data[16:], "shorter than its header says"),
}


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("fault", BREAKS)
def test_broken_files_are_named(folder, compressed, fault):
    change, message = BREAKS[fault]
    path = folder / PICTURES
    data = change(path.read_bytes())
    path.unlink()
    if compressed:
        path, data = path.with_name(path.name + ".gz"), gzip.compress(data)
    path.write_bytes(data)
    tracemalloc.start()
    with pytest.raises(FileFormatError, match=message) as caught:
        load_idx_folder(folder)
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()
    assert str(path) in str(caught.value)
    assert caught.value.expected is not None


def test_a_name_in_gz_that_is_not_compressed(folder):
    path = (folder / PICTURES).rename(folder / f"{PICTURES}.gz")
    with pytest.raises(FileFormatError, match=r"not compressed.*\n.*\n.*00 00"):
        load_idx_folder(folder)
    assert path.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:-20], "ends too early"),
        (lambda data: data[:-8] + b"\0\0\0\0" + data[-4:], "CRC"),
        (lambda data: data[:15] + bytes([data[15] ^ 255]) + data[16:], "cannot be read|type|IDX"),
        (lambda data: data + b"rubbish", "cannot be read"),
    ],
    ids=["cut", "checksum", "flipped bit", "trailing rubbish"],
)
def test_damaged_compression(folder, change, message):
    data = gzip.compress((folder / PICTURES).read_bytes())
    (folder / PICTURES).unlink()
    (folder / f"{PICTURES}.gz").write_bytes(change(data))
    with pytest.raises(FileFormatError, match=message):
        load_idx_folder(folder)


def test_a_missing_file_is_named_with_its_spellings(folder):
    (folder / LABELS).unlink()
    with pytest.raises(FileFormatError, match=r"training labels are missing") as caught:
        load_idx_folder(folder)
    assert "train-labels.idx1-ubyte.gz" in str(caught.value)
    assert "t10k-images-idx3-ubyte" in str(caught.value.got)


def test_more_pictures_than_labels(folder):
    (folder / LABELS).write_bytes(packed(np.array([0, 1, 2, 0, 1])))
    with pytest.raises(FileFormatError, match=r"one label for each picture") as caught:
        load_idx_folder(folder)
    assert caught.value.where == str(folder / LABELS)


def test_test_pictures_of_another_size(folder):
    (folder / "t10k-images-idx3-ubyte").write_bytes(packed(np.zeros((2, 3, 4))))
    with pytest.raises(FileFormatError, match=r"4 × 3.*\n.*3 × 4"):
        load_idx_folder(folder)


def test_a_label_beyond_the_classes(folder):
    (folder / "t10k-labels-idx1-ubyte").write_bytes(packed(np.array([2, 7])))
    with pytest.raises(FileFormatError, match="label has no class"):
        load_idx_folder(folder)
    with pytest.raises(FileFormatError, match="label has no class"):
        load_idx_folder(folder, class_names=["a", "b"])


def test_what_is_no_folder(folder):
    with pytest.raises(FileFormatError, match="no such folder"):
        load_idx_folder(folder / "nothing")
    with pytest.raises(FileFormatError, match="this is a file"):
        load_idx_folder(folder / LABELS)
    with pytest.raises(FileFormatError, match="no such file"):
        read_idx(folder / "nothing", 3)
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_idx(folder, 3)
    assert not is_idx_folder(folder / "nothing")


def test_the_real_mnist(real_data):
    if not is_idx_folder(real_data / "mnist"):
        pytest.skip(f"MNIST's files are not in {real_data / 'mnist'}")
    parts = load_idx_folder(real_data / "mnist")
    assert parts.train.inputs.shape == (60000, 28, 28, 1)
    assert parts.test.inputs.shape == (10000, 28, 28, 1)
    assert parts.train.class_counts()["1"] == 6742
    assert parts.test.targets[:5].tolist() == [7, 2, 1, 0, 4]
    assert parts.train.inputs.mean() == pytest.approx(33.3184, abs=1e-4)
