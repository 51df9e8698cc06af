"""Pictures of which a class is predicted, as typed on the command line."""

import re

import numpy as np
import pytest

from chainrule.data.table import ArrayTable


@pytest.fixture
def run(home, train):
    """A run over light and dark pictures."""
    image = pytest.importorskip("PIL.Image", reason="pictures need Pillow")
    for number in range(20):
        name, least = ("dark", 0) if number % 2 else ("light", 160)
        (home / "skies" / name).mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(least, least + 96, (8, 8, 3), dtype=np.uint8)
        image.fromarray(pixels).save(home / "skies" / name / f"{number}.png")
    assert train("skies", "--out", "run").code == 0
    return "run"


def test_the_classes_of_pictures_are_told_with_their_probabilities(run, chainrule):
    files = ["skies/light/0.png", "skies/dark/11.png"]
    code, out, err = chainrule("predict", run, *files)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == files
    for line in lines:
        likely = re.findall(r"(dark|light) ([\d.]+) %", line)
        assert {name for name, _ in likely} == {"dark", "light"}
        shares = [float(share) for _, share in likely]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) == pytest.approx(100, abs=0.11)
    # The same as a table, which can be read again.
    code, out, _ = chainrule("predict", run, *files, "-o", "-")
    header, *rows = out.splitlines()
    assert header == "picture,predicted_class,probability_of_dark,probability_of_light"
    assert [row.split(",")[1] for row in rows] == [line.split()[1] for line in lines]


def test_many_pictures_are_told_in_parts(run, chainrule, monkeypatch):
    _, whole, _ = chainrule("predict", run, "skies")
    monkeypatch.setattr("chainrule.cli.predict.ROWS", 3)
    code, parts, _ = chainrule("predict", run, "skies")
    assert code == 0
    assert [line.split()[0] for line in parts.splitlines()] == [line.split()[0] for line in whole.splitlines()]
    assert len(parts.splitlines()) == 20


def test_pictures_without_files_are_told_by_their_numbers(run, home, chainrule, monkeypatch):
    pixels = np.zeros((5, 8, 8, 3), np.uint8)
    monkeypatch.setattr("chainrule.cli.predict.ROWS", 2)
    monkeypatch.setattr("chainrule.tables.model.read_all_pictures", lambda *_: ArrayTable({"picture": pixels}))
    code, out, _ = chainrule("predict", run, "numbers")
    assert code == 0
    assert [line.partition("  ")[0] for line in out.splitlines()] == [f"row {n}" for n in range(1, 6)]


def test_a_broken_picture_is_named_with_what_can_be_done(run, home, chainrule):
    (home / "new.png").write_text("a cat")
    code, out, err = chainrule("predict", run, "skies/light/0.png", "new.png")
    assert (code, out) == (1, "")
    assert "new.png" in err
    assert "mend the file, or leave it out; all such: --skip-broken" in err


def test_all_pictures_of_a_folder_are_predicted_whatever_its_folders_mean(run, home, chainrule):
    """Beside folders, deep in them, and in those for training and test."""
    for number, path in enumerate(("new/0.png", "new/x/y/1.png", "new/train/light/2.png", "new/test/light/3.png")):
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / "skies" / "light" / f"{2 * number}.png").rename(home / path)
    code, out, _ = chainrule("predict", run, "new", "-o", "-")
    assert code == 0
    paths = [line.split(",")[0] for line in out.splitlines()[1:]]
    assert paths == ["new/0.png", "new/test/light/3.png", "new/train/light/2.png", "new/x/y/1.png"]
    assert all((home / path).is_file() for path in paths)


def test_the_column_of_pictures_may_be_called_otherwise(run, home, chainrule, train):
    """In folders nobody has given it a name; in tables somebody has."""
    lines = [f"{path},{path.parent.name}" for path in sorted((home / "skies").rglob("*.png"))]
    (home / "skies.csv").write_text("\n".join(["file,sky", *lines]))
    code, out, err = chainrule("predict", run, "skies.csv", "-o", "-")
    assert (code, err) == (0, "not looked at: sky\n")
    assert len(out.splitlines()) == 21
    assert train("skies.csv", "-t", "sky", "--model", "linear", "--out", "other").code == 0
    code, out, err = chainrule("predict", "other", "skies/light/0.png", "-o", "-")
    assert (code, err) == (0, "")
    assert out.startswith("file,predicted_sky,")


def test_what_is_said_of_a_test_names_the_part(run, home, chainrule):
    for part in ("train", "test"):
        (home / "parted" / part).mkdir(parents=True)
        for kind in ("light", "dark"):
            (home / "parted" / part / kind).symlink_to(home / "skies" / kind)
    code, out, _ = chainrule("evaluate", run, "parted")
    assert code == 0
    assert "on parted, test, 20 rows" in out


def test_what_is_mistaken_in_other_data_is_drawn_where_that_is_said(run, home, chainrule):
    (home / "skies" / "light").rename(home / "skies" / "other")
    (home / "skies" / "dark").rename(home / "skies" / "light")
    (home / "skies" / "other").rename(home / "skies" / "dark")
    code, out, _ = chainrule("evaluate", run, "skies", "--out", "drawn")
    assert code == 0
    assert out.endswith("wrote drawn/mistakes.png\nwrote drawn/confusion.png\n")
    assert sorted(path.name for path in (home / "drawn").iterdir()) == ["confusion.png", "mistakes.png"]
    code, _, err = chainrule("evaluate", run, "skies", "--out", "drawn")
    assert code == 1
    assert "drawn: there is something here already" in err
