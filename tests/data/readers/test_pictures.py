import numpy as np
import pytest
from PIL import Image

from chainrule.data import read_parts
from chainrule.errors import EmptyDataError, FileFormatError


def put(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4)).save(folder / name, "JPEG")


def classes(table):
    return sorted(table.column("class").each_text())


def test_imagenets_layout(tmp_path):
    """Names in capitals, a validation part that is the test, and a test part of which no class is known."""
    put(tmp_path, "train/n01440764/a.JPEG", "train/n01443537/b.JPEG", "val/n01440764/c.JPEG", "val/n01443537/d.JPG")
    put(tmp_path, "test/e.JPEG")
    train, test = read_parts(tmp_path)
    assert classes(train) == classes(test) == ["n01440764", "n01443537"]
    assert test.column("picture").texts() == ["val/n01440764/c.JPEG", "val/n01443537/d.JPG"]
    assert train.notes == (
        "test: left out, since nothing says which class its pictures are of",
        "val: taken for the test",
    )


def test_a_validation_part_beside_a_test_is_learnt_from(tmp_path):
    put(tmp_path, *(f"{part}/{kind}/1.jpg" for part in ("train", "valid", "test") for kind in ("cat", "dog")))
    train, test = read_parts(tmp_path)
    assert (len(train), len(test), train.notes) == (4, 2, ())


def test_a_folder_around_the_folders_of_classes(tmp_path):
    put(tmp_path, "set/pets/cat/1.jpg", "set/pets/dog/deep/2.jpg")
    (tmp_path / "README.txt").write_text("pets")
    table, _ = read_parts(tmp_path)
    assert (table.name, classes(table)) == (str(tmp_path), ["cat", "dog"])


def test_parts_by_words_in_their_names_and_folders_around_them(tmp_path):
    """As in a well-known set of landscapes: seg_train/seg_train/forest."""
    for part in ("seg_train", "seg_test"):
        put(tmp_path, f"{part}/{part}/forest/1.jpg", f"{part}/{part}/sea/2.jpg")
    put(tmp_path, "seg_pred/seg_pred/3.jpg")
    train, test = read_parts(tmp_path)
    assert classes(train) == classes(test) == ["forest", "sea"]


def test_a_class_may_be_called_train(tmp_path):
    put(tmp_path, "train/1.jpg", "truck/2.jpg")
    table, test = read_parts(tmp_path)
    assert (classes(table), test) == (["train", "truck"], None)


def test_a_single_class_is_not_taken_for_a_wrapper(tmp_path):
    put(tmp_path, "cat/1.jpg", "cat/2.jpg")
    assert classes(read_parts(tmp_path)[0]) == ["cat", "cat"]


def test_what_is_no_picture_is_left_out_where_that_is_wanted(tmp_path):
    put(tmp_path, "cat/1.jpg", "dog/2.jpg")
    (tmp_path / "cat" / "notes.txt").write_text("a cat")
    (tmp_path / "cat" / "film.avi").write_bytes(b"?")
    with pytest.raises(FileFormatError, match="2 files are no pictures") as caught:
        read_parts(tmp_path)
    assert "cat/film.avi, cat/notes.txt" in str(caught.value)
    (tmp_path / "bird").mkdir()
    table, _ = read_parts(tmp_path, skip_broken=True)
    assert classes(table) == ["cat", "dog"]
    assert table.notes == ("3 left out that are no pictures: bird, cat/film.avi, cat/notes.txt",)


def test_nothing_but_what_is_left_out(tmp_path):
    put(tmp_path, "train/cat/1.jpg")
    (tmp_path / "train" / "cat" / "1.jpg").rename(tmp_path / "train" / "cat" / "1.txt")
    put(tmp_path, "test/cat/1.jpg")
    with pytest.raises(EmptyDataError, match="there are no pictures"):
        read_parts(tmp_path, skip_broken=True)


def test_values_know_their_folder(tmp_path):
    put(tmp_path, "cat/1.jpg", "dog/2.jpg")
    values = read_parts(tmp_path)[0].column("picture")
    assert np.asarray(Image.open(values.folder / values.text(1))).shape == (4, 4)
