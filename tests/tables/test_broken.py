"""Pictures that cannot be read, from the data to the test of a run."""

import numpy as np
import pytest
from PIL import Image

import chainrule as cr
from chainrule.errors import ColumnTypeError, EmptyDataError, UnknownNameError


@pytest.fixture
def pets(tmp_path):
    """Bright and dark pictures, a folder each, for training and test."""
    random = np.random.default_rng(0)
    for part, count in (("train", 20), ("test", 6)):
        for kind, shade in (("bright", 150), ("dark", 0)):
            (tmp_path / "pets" / part / kind).mkdir(parents=True)
            for number in range(count):
                pixels = random.integers(0, 100, (8, 8, 3), dtype=np.uint8) + np.uint8(shade)
                Image.fromarray(pixels).save(tmp_path / "pets" / part / kind / f"{number}.png")
    return tmp_path / "pets"


def spoil(pets):
    (pets / "train" / "dark" / "3.png").write_bytes(b"")
    (pets / "train" / "bright" / "7.png").write_text("a cat")
    (pets / "test" / "dark" / "2.png").write_bytes((pets / "test" / "dark" / "2.png").read_bytes()[:-40])


def test_all_are_counted_before_training(pets):
    spoil(pets)
    with pytest.raises(ColumnTypeError, match="2 of 40 pictures cannot be read") as caught:
        cr.train(pets, model="mlp", verbose=False)
    assert all(name in str(caught.value) for name in ("dark/3.png (it is empty)", "bright/7.png", "--skip-broken"))


def test_they_are_left_out_where_that_is_wanted(pets, capsys):
    spoil(pets)
    (pets / "train" / "dark" / "notes.txt").write_text("dark ones")
    model = cr.train(pets, model="mlp", epochs=2, skip_broken=True)
    out = capsys.readouterr().out
    assert "1 left out that are no pictures: train/dark/notes.txt" in out
    assert "2 of 40 rows are left out: their pictures cannot be read" in out
    assert "train/dark/3.png: it is empty" in out
    assert "1 of 12 rows are left out" in out
    assert "11 to test" in out
    assert model.predict({"picture": [str(pets / "test" / "dark" / "1.png")]}).shape == (1,)


def test_none_can_be_read(pets):
    for path in pets.rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(EmptyDataError, match="none of the pictures can be read"):
        cr.train(pets, skip_broken=True, verbose=False)


def test_pictures_are_brought_to_the_size_that_is_said(pets, capsys):
    model = cr.train(pets, model="mlp", epochs=1, columns={"picture": "picture:6x10"})
    assert model.preparation.row_shape == (6, 10, 3)
    assert "6×10, RGB; pictures of 8×8 are scaled to cover that and cut at the edges; stand" in capsys.readouterr().out
    with pytest.raises(UnknownNameError, match="HEIGHTxWIDTH"):
        cr.train(pets, columns={"picture": "picture:large"}, verbose=False)


@pytest.mark.parametrize("free", [1 << 40, 1000])
def test_what_exceeds_the_memory_gives_the_same_model(pets, monkeypatch, capsys, free):
    """In a mapped file; or where the disk has no room, decoded for each batch."""
    whole = cr.train(pets, model="mlp", epochs=3, verbose=False)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": free}))
    small = cr.train(pets, model="mlp", epochs=3, memory=1000)
    assert ("decoded for each batch" if free == 1000 else "a file that is mapped") in capsys.readouterr().out
    for one, other in zip(whole.network.parameters(), small.network.parameters(), strict=True):
        np.testing.assert_array_equal(one.detach().numpy(), other.detach().numpy())
    assert small.evaluate(pets) == whole.evaluate(pets)
