import shutil

import numpy as np
import pytest
from PIL import Image

from chainrule.data import read_parts
from chainrule.data.readers import read_all_pictures
from chainrule.errors import EmptyDataError, FileFormatError, MissingFileError


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


def test_a_validation_part_beside_a_test_is_known_as_such(tmp_path):
    put(tmp_path, *(f"{part}/{kind}/1.jpg" for part in ("train", "valid", "test") for kind in ("cat", "dog")))
    train, test = read_parts(tmp_path)
    assert (len(train), len(test), train.notes) == (4, 2, ())
    held = [train.column("picture").text(row) for row in train.validation]
    assert held == ["valid/cat/1.jpg", "valid/dog/1.jpg"]
    assert test.validation is None


def test_all_folders_for_training_are_learnt_from(tmp_path):
    put(tmp_path, "train_1/cat/1.jpg", "train_1/dog/1.jpg", "train_2/cat/2.jpg", "test/cat/3.jpg", "test/dog/3.jpg")
    train, test = read_parts(tmp_path)
    assert train.column("picture").each_text() == ["train_1/cat/1.jpg", "train_1/dog/1.jpg", "train_2/cat/2.jpg"]
    assert len(test) == 2


@pytest.mark.parametrize(
    ("kinds", "years"),
    [
        (("train station", "test tube", "bus stop"), [(2020, 2021)] * 3),
        (("train_station", "test_tube"), [(2019, 2020), (2021, 2022)]),
        (("train station", "bus stop"), [(2019, 2020), (2021, 2022)]),
        (("train", "bus", "car"), [("new", "new")] * 3),
    ],
)
def test_classes_whose_names_have_the_words_of_parts(tmp_path, kinds, years):
    put(tmp_path, *(f"{kind}/{year}/1.jpg" for kind, own in zip(kinds, years, strict=True) for year in own))
    table, test = read_parts(tmp_path)
    assert (set(classes(table)), test) == (set(kinds), None)


@pytest.mark.parametrize(
    ("folders", "training", "test"),
    [
        (["TRAIN", "TEST", "TEST_SIMPLE"], 2, 2),
        (["Training", "Test", "test-multiple_fruits"], 2, 2),
        (["train_augmented", "val", "test"], 4, 2),
        (["train", "train_augmented", "val", "test"], 4, 2),
        (["train", "eval"], 2, None),
        (["pets_train", "dogs_test"], 2, 2),
        (["trainset", "testset"], 2, 2),
        (["TrainImages", "TestImages"], 2, 2),
        (["train", "dev", "test"], 4, 2),
        (["pets_train", "pets_test"], 2, 2),
        (["pets_train", "pets_new"], 2, None),
    ],
)
def test_parts_beside_others(tmp_path, folders, training, test):
    """Plain names count; others do where they belong together. What is left out is said."""
    kinds = {"pets_new": ["new"]}
    put(tmp_path, *(f"{folder}/{kind}/1.jpg" for folder in folders for kind in kinds.get(folder, ["cat", "dog"])))
    learnt, tested = read_parts(tmp_path)
    assert set(classes(learnt)) == {"cat", "dog"}
    assert (len(learnt), tested and len(tested)) == (training, test)
    read = {path.split("/")[0] for table in (learnt, tested) if table for path in table.column("picture").each_text()}
    assert {note.partition(":")[0] for note in learnt.notes} == set(folders) - read


def test_a_part_of_other_folders_than_those_of_the_classes_is_not_labelled(tmp_path):
    put(tmp_path, *(f"{part}/{kind}/1.jpg" for part in ("train", "val") for kind in ("cat", "dog")))
    put(tmp_path, "test/test/1.jpg", "test/test/2.jpg")
    train, test = read_parts(tmp_path)
    assert (len(train), train.validation, len(test)) == (2, None, 2)
    assert train.notes == (
        "test: left out, since nothing says which class its pictures are of",
        "val: taken for the test",
    )


def test_a_class_that_only_the_validation_has_is_learnt_from(tmp_path):
    put(tmp_path, *(f"{part}/{kind}/1.jpg" for part in ("train", "val", "test") for kind in ("cat", "dog")))
    put(tmp_path, "val/cow/1.jpg")
    train, _ = read_parts(tmp_path)
    held = [train.column("class").text(row) for row in train.validation]
    assert (sorted(classes(train)), held) == (["cat", "cat", "cow", "dog", "dog"], ["cat", "dog"])
    assert train.notes == ("only in val, so learnt from: cow",)


def test_a_part_with_one_class_that_has_folders_of_its_own(tmp_path):
    put(tmp_path, "train/cat/1.jpg", "train/dog/1.jpg", "val/dog/2020/x.png", "test/x/cat/1.jpg", "test/x/dog/1.jpg")
    train, test = read_parts(tmp_path)
    assert [train.column("class").text(row) for row in train.validation] == ["dog"]
    assert classes(test) == ["cat", "dog"]


def test_a_picture_beside_parts_in_a_folder_around_them(tmp_path):
    put(tmp_path, *(f"ds/{part}/{kind}/1.jpg" for part in ("train", "test") for kind in ("cat", "dog")), "ds/0.jpg")
    train, test = read_parts(tmp_path)
    assert (classes(train), len(test)) == (["cat", "dog"], 2)
    assert train.notes == ("1 left out that stand in no folder of a class: 0.jpg",)


def test_what_has_no_place_is_left_out_and_that_is_noted(tmp_path):
    put(tmp_path, *(f"{part}/{kind}/1.jpg" for part in ("train", "test") for kind in ("cat", "dog")))
    put(tmp_path, "0.jpg", "train/0.jpg", "extra/1.jpg", "extra/deep/2.jpg")
    train, _ = read_parts(tmp_path)
    assert train.notes == (
        "2 left out that stand in no folder of a class: 0.jpg, train/0.jpg",
        "extra: left out with 2 pictures, since its name says no part",
    )


def test_links_are_followed_but_not_round_and_round(tmp_path):
    put(tmp_path / "data", "cat/1.jpg", "dog/2.jpg")
    put(tmp_path / "other", "3.jpg")
    (tmp_path / "data" / "cat" / "more").symlink_to(tmp_path / "other")
    (tmp_path / "data" / "dog" / "back").symlink_to(tmp_path / "data" / "dog")
    (tmp_path / "data" / "loop").symlink_to(tmp_path / "data")
    table, _ = read_parts(tmp_path / "data")
    assert table.column("picture").each_text() == ["cat/1.jpg", "cat/more/3.jpg", "dog/2.jpg"]


def test_folders_as_deep_as_you_like_and_none_of_the_systems(tmp_path):
    put(tmp_path, "cat/a/b/1.jpg", "dog/a/b/2.jpg", "dog/.thumbnails/2.jpg")
    assert classes(read_parts(tmp_path)[0]) == ["cat", "dog"]


def test_all_pictures_wherever_they_stand(tmp_path, monkeypatch):
    """Those whose classes are to be predicted, by paths that can be opened from here."""
    put(tmp_path / "new", "0.jpg", "x/y/1.png", "train/cat/2.jpg", "test/cat/3.jpg", "val/cat/4.jpg")
    monkeypatch.chdir(tmp_path)
    table = read_all_pictures(["new"], "photo")
    assert table.column("photo").each_text() == [
        f"new/{name}" for name in ("0.jpg", "test/cat/3.jpg", "train/cat/2.jpg", "val/cat/4.jpg", "x/y/1.png")
    ]
    assert len(read_all_pictures(["new", "new/0.jpg"], "photo")) == 6
    assert len(read_all_pictures(["new/x/y/*.png"], "photo")) == 1
    (tmp_path / "new" / "classes.txt").write_text("cat\n")
    assert len(read_all_pictures(["new"], "photo")) == 5
    assert read_all_pictures(["new/classes.txt"], "photo") is None
    assert read_all_pictures(["digits"], "photo") is None
    with pytest.raises(MissingFileError, match="did you mean new"):
        read_all_pictures(["neu"], "photo")


def test_all_pictures_of_an_archive(tmp_path):
    put(tmp_path / "new", "0.jpg", "x/1.png")
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "new")
    table = read_all_pictures([archive], "photo")
    values = table.column("photo")
    assert values.each_text() == ["packed.zip/0.jpg", "packed.zip/x/1.png"]
    assert (values.folder / values.text(1)).is_file()


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


def test_a_folder_for_two_parts_is_read_once(tmp_path):
    put(tmp_path, *(f"{part}/{kind}/1.jpg" for part in ("train_val", "test") for kind in ("cat", "dog")))
    train, test = read_parts(tmp_path)
    assert (len(train), train.validation, len(test)) == (2, None, 2)
