"""The four forms in which CIFAR is given away, made small, and every way in which they can be broken."""

import pickle

import numpy as np
import pytest

from chainrule.data import is_cifar_folder, load_cifar_folder, read_parts
from chainrule.errors import FileFormatError

BATCHES = [f"data_batch_{number}" for number in range(1, 6)]


def pictures(seed, count=4):
    return np.random.default_rng(seed).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)


def planes(array):
    """As the files have them: all red, all green, all blue."""
    return array.transpose(0, 3, 1, 2).reshape(len(array), -1)


def write(folder, form):
    """A folder of CIFAR-10 or 100; each picture's class is its number."""
    kind, _, hundred = form.partition(" ")
    files = ["train", "test"] if hundred else [*BATCHES, "test_batch"]
    names = [f"class {number}" for number in range(100 if hundred else 10)]
    for seed, file in enumerate(files):
        rows, labels = planes(pictures(seed)), list(range(4))
        if kind == "python":
            entries = {b"data": rows, b"fine_labels" if hundred else b"labels": labels, b"coarse_labels": [0] * 4}
            (folder / file).write_bytes(pickle.dumps(entries, 2))
        else:
            before = [np.full((4, 1), 19, np.uint8)] if hundred else []
            whole = np.concatenate([*before, np.array(labels, np.uint8)[:, None], rows], axis=1)
            (folder / f"{file}.bin").write_bytes(whole.tobytes())
    if kind == "python":
        key = b"fine_label_names" if hundred else b"label_names"
        (folder / ("meta" if hundred else "batches.meta")).write_bytes(pickle.dumps({key: names}, 2))
    else:
        names = [name.replace(" ", "-") for name in names]
        (folder / ("fine_label_names.txt" if hundred else "batches.meta.txt")).write_text("\n".join(names) + "\n\n")


@pytest.mark.parametrize("form", ["python", "binary", "python 100", "binary 100"])
def test_every_form(tmp_path, form):
    write(tmp_path, form)
    assert is_cifar_folder(tmp_path)
    split = load_cifar_folder(tmp_path)
    trained = 1 if "100" in form else 5
    np.testing.assert_array_equal(split.train.inputs, np.concatenate([pictures(seed) for seed in range(trained)]))
    np.testing.assert_array_equal(split.test.inputs, pictures(trained))
    assert split.train.targets.tolist() == list(range(4)) * trained
    assert split.train.class_names[3] in ("class 3", "class-3")
    table, test = read_parts(tmp_path)
    assert (len(table), len(test), table.names) == (4 * trained, 4, ("picture", "class"))


def test_without_names_classes_are_numbers(tmp_path):
    write(tmp_path, "binary")
    (tmp_path / "batches.meta.txt").unlink()
    assert load_cifar_folder(tmp_path).train.class_names == tuple("0123456789")


def broken(folder, how):
    if how == "a batch is missing":
        (folder / "data_batch_3").unlink()
    elif how == "code":
        (folder / "data_batch_3").write_bytes(pickle.dumps({b"data": print}))
    elif how == "other classes":
        (folder / "data_batch_3").write_bytes(pickle.dumps({b"data": planes(pictures(0)), b"labels": [0, 1, 2, 10]}))
    elif how == "too few classes":
        (folder / "data_batch_3").write_bytes(pickle.dumps({b"data": planes(pictures(0)), b"labels": [0, 1, 2]}))
    elif how == "other pictures":
        (folder / "data_batch_3").write_bytes(pickle.dumps({b"data": np.zeros((4, 7), np.uint8), b"labels": [0] * 4}))
    elif how == "no classes":
        (folder / "data_batch_3").write_bytes(pickle.dumps({b"data": planes(pictures(0))}))


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("a batch is missing", "a file of CIFAR is missing"),
        ("code", "more than data"),
        ("other classes", "do not fit the pictures"),
        ("too few classes", "do not fit the pictures"),
        ("other pictures", "not CIFAR's pictures"),
        ("no classes", "entry of CIFAR is missing"),
    ],
)
def test_broken_batches_are_named(tmp_path, how, says):
    write(tmp_path, "python")
    broken(tmp_path, how)
    with pytest.raises(FileFormatError, match=says) as caught:
        load_cifar_folder(tmp_path)
    assert "data_batch_3" in str(caught.value)


def test_a_binary_batch_that_was_cut_off(tmp_path):
    write(tmp_path, "binary")
    file = tmp_path / "test_batch.bin"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(FileFormatError, match="ends within a picture"):
        load_cifar_folder(tmp_path)
