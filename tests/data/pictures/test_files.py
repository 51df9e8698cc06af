import numpy as np
import pytest
from PIL import Image

from chainrule import errors
from chainrule.data.pictures import PictureFiles
from chainrule.data.pictures.files import CHUNK
from chainrule.data.pictures.keeping import kept


@pytest.fixture
def pictures(tmp_path):
    """More files than a thread takes at a time, and what is in them."""
    array = np.random.default_rng(0).integers(0, 256, (2 * CHUNK + 5, 6, 5, 3), dtype=np.uint8)
    for number, each in enumerate(array):
        Image.fromarray(each).save(tmp_path / f"{number}.png")
    return PictureFiles([f"{number}.png" for number in range(len(array))], (6, 5, 3), tmp_path), array


def test_it_is_the_array_of_what_is_in_the_files(pictures):
    files, array = pictures
    assert (files.shape, files.dtype, files.nbytes) == (array.shape, array.dtype, array.nbytes)
    rows = np.array([7, 0, 7, 68])
    np.testing.assert_array_equal(files[3:40], array[3:40])
    np.testing.assert_array_equal(files.take(rows), array[rows])
    np.testing.assert_array_equal(files.at(rows)[1:], array[rows[1:]])
    np.testing.assert_array_equal(np.asarray(files), array)
    assert files.take([]).shape == (0, 6, 5, 3)


@pytest.mark.parametrize(
    "index",
    [
        -1,
        5,
        (0, 0, 0),
        (slice(2), 3),
        ([1, 2], slice(None), 0),
        (slice(3), 1, 2, 0),
        (np.int64(0), np.int64(1)),
        np.array([[0, 1], [2, 3]]),
        np.arange(69) % 9 == 0,
        (0, ..., 2),
    ],
)
def test_an_index_means_what_it_means_of_an_array(pictures, index):
    files, array = pictures
    np.testing.assert_array_equal(files[index], array[index])


def test_an_index_that_an_array_would_not_take(pictures):
    files, array = pictures
    assert files[[]].shape == (0, 6, 5, 3)
    np.testing.assert_array_equal(files[..., 0], array[..., 0])
    np.testing.assert_array_equal(files[()], array)
    for index in (len(array), (0, 6), (0, 0, 0, 0, 0), True, None):
        with pytest.raises(IndexError):
            files[index]


def test_where_they_are_kept(pictures, monkeypatch):
    files, array = pictures
    said = []
    in_memory = kept(files, None, said.append)
    in_file = kept(files, 1000, said.append)
    assert type(in_memory) is np.ndarray
    assert isinstance(in_file, np.memmap)
    for found in (in_memory, in_file):
        np.testing.assert_array_equal(found, array)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 10_000}))
    assert kept(files, 1000, said.append) is files
    assert [line.split(", ", 1)[1].partition(" MB ")[2] for line in said] == [
        "in memory",
        "in a file that is mapped into memory",
        "decoded, for which there is no room: decoded for each batch, ahead of it",
    ]


@pytest.mark.parametrize("free", [1 << 40, 10_000])
def test_all_that_is_broken_is_counted_before_training(pictures, tmp_path, monkeypatch, free):
    files, _ = pictures
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": free}))
    (tmp_path / "3.png").write_bytes(b"")
    (tmp_path / "40.png").write_text("a cat")
    (tmp_path / "60.png").unlink()
    (tmp_path / "66.png").write_bytes((tmp_path / "66.png").read_bytes()[:-30])
    with pytest.raises(errors.ColumnTypeError, match="4 of 69 pictures cannot be read") as caught:
        kept(files, 1000, lambda line: None)
    assert caught.value.row == 3
    told = str(caught.value)
    for name, why in {"3": "it is empty", "40": "no picture", "60": "no such picture", "66": "truncated"}.items():
        line = next(line for line in told.splitlines() if f"{name}.png" in line)
        assert why in line
    assert told.endswith("mend the file, or drop the row")
    assert sorted(files.check()) == [3, 40, 60, 66]


def test_mistakes():
    with pytest.raises(errors.EmptyDataError, match="no pictures"):
        PictureFiles([], (8, 8, 3))
    for shape in ((8, 8), (8, 8, 4), (0, 8, 3)):
        with pytest.raises(errors.ArgumentError, match="no shape of pictures"):
            PictureFiles(["a.png"], shape)
