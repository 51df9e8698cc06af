"""Whatever can be wrong with a table ends in one readable error that says where, with every file as it was."""

import errno

import numpy as np
import pytest

from chainrule.data import writing

HEAD = "age,city,joined,bought"
COUNT = 40


def row(number):
    rng = np.random.default_rng(number)
    age = 20 + rng.integers(30)
    return f"{age},{rng.choice(['Rome', 'Oslo'])},2024-01-{number % 28 + 1:02d},{'yes' if number % 3 else 'no'}"


LINES = [HEAD, *map(row, range(COUNT))]


def at(number, text):
    """The table with another line of this number, counted as editors do."""
    return [*LINES[: number - 1], text, *LINES[number:]]


def column(number, values):
    """The table with other values in a column."""
    rows = [line.split(",") for line in LINES[1:]]
    for cells, value in zip(rows, values, strict=True):
        cells[number] = str(value)
    return [HEAD, *map(",".join, rows)]


def state(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


@pytest.fixture
def given(home):
    """Writes a table."""

    def write(lines, name="people.csv"):
        content = lines if isinstance(lines, bytes) else "".join(f"{line}\n" for line in lines).encode()
        (home / name).write_bytes(content)
        return home / name

    return write


@pytest.fixture
def fails(chainrule, home):
    """Runs the command, which must end in an error before training, and leave everything as it was."""

    def run(*arguments, code=1):
        before = state(home)
        found, out, err = chainrule(*arguments)
        assert found == code, err
        assert "Training\n--" not in out
        assert "Traceback" not in err
        assert code == 2 or (err.startswith("error: ") and err.count("error: ") == 1)
        assert state(home) == before
        return err

    return run


MIXED = "\n".join(at(7, "26,Köln äöß \udcff,2024-01-06,yes")).encode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (b"", [": the file is empty."]),
        ([HEAD], [": there are no rows below the header.", "the names age, city"]),
        (at(7, "26,Oslo,2024-01-06,yes,more"), [", line 7: this row has 5 columns, not 4.", "26,Oslo"]),
        (at(7, "26,Oslo"), [", line 7: this row has 2 columns, not 4."]),
        (at(7, '26,"Oslo,2024-01-06,yes'), [", line 7: the quotation marks are broken"]),
        (MIXED, [", byte ", "the bytes ff", "--encoding"]),
        ("\n".join(LINES).encode("utf-16")[:-1], ["utf-16"]),
        (b"\x89PNG\r\n\x1a\n\0\0", ["a PNG picture"]),
        (at(7, "old,Oslo,2024-01-06,yes"), [", line 7, column 'age': a word", "a number", "'old'", "--column age=c"]),
        (at(7, "26,Oslo,some day,yes"), [", line 7, column 'joined': this is no date", "'some day'"]),
        (at(7, "inf,Oslo,2024-01-06,yes"), [", line 7, column 'age': there is an infinite value"]),
        (at(7, "-1e999,Oslo,2024-01-06,yes"), [", line 7, column 'age': there is an infinite value"]),
        (column(3, [""] * COUNT), ["column 'bought': the target is missing in all rows", "none of 40"]),
        (column(3, ["yes"] * COUNT), ["column 'bought': all rows have the same class", "40 rows of 'yes'"]),
        (
            column(3, ["maybe", *["yes", "no"] * 19, "no"]),
            [", line 2, column 'bought': 1 of 3 classes has a single row"],
        ),
        (column(3, [f"person {n}" for n in range(COUNT)]), ["40 of 40 classes have a single row"]),
        (["age,age,joined,bought", *LINES[1:]], [": 2 columns are called 'age'.", "in columns 1, 2"]),
        (["bought", *["yes", "no"] * 20], [": there is no column to learn from."]),
        ([",,,bought", *(",,," + line.rpartition(",")[2] for line in LINES[1:])], ["no column to learn from"]),
    ],
)
def test_what_is_in_a_table(given, fails, lines, says):
    path = given(lines)
    err = fails("train", path, "--target", "bought")
    assert err.startswith(f"error: {path}")
    assert all(each in err for each in says), err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["peple.csv", "-t", "bought"], ["there is no such file", "did you mean", "people.csv?"]),
        (["people.csv", "-t", "bougt"], ["there is no column called 'bougt'", "did you mean 'bought'?"]),
        (["people.csv"], ["which column is to be predicted?", "age, city, joined, bought", "--target NAME"]),
        (["people.csv", "-t", "bought", "--column", "age=nmber"], ["column 'age'", "did you mean 'number'?"]),
        (["people.csv", "-t", "bought", "--column", "aeg=number"], ["did you mean 'age'?"]),
        (["people.csv", "-t", "bought", "--column", "city=number"], ["line 2, column 'city'", "a number"]),
        (["people.csv", "-t", "bought", "--drop", "cty"], ["did you mean 'city'?"]),
        (["people.csv", "-t", "bought", "--keep", "cty"], ["did you mean 'city'?"]),
        (["people.csv", "-t", "bought", "--group", "cty"], ["did you mean 'city'?"]),
        (["people.csv", "-t", "bought", "--time", "join"], ["did you mean 'joined'?"]),
        (["people.csv", "-t", "bought", "--test", "tset.csv"], ["there is no such file"]),
        (["people.csv", "-t", "bought", "--encoding", "utf-9"], ["there is no such encoding", "'utf-9'"]),
        (["people.csv", "-t", "bought", "--model", "resnet"], ["there is no model called 'resnet'", "mlp"]),
        (["people.csv", "-t", "bought", "--class-weight", "fair"], ["class_weight", "'balanced'"]),
        (["people.csv", "-t", "bought", "--folds", "50"], ["folds"]),
    ],
)
def test_what_is_said(given, fails, arguments, says):
    given(LINES)
    err = fails("train", *arguments)
    assert all(each in err for each in says), err


def test_a_test_file_that_does_not_fit(given, fails):
    given(LINES)
    given([line.partition(",")[2] for line in LINES], "test.csv")
    err = fails("train", "people.csv", "-t", "bought", "--test", "test.csv")
    assert "test.csv: a column is missing." in err
    given(at(9, "28,Oslo,2024-01-08,maybe"), "test.csv")
    err = fails("train", "people.csv", "-t", "bought", "--column", "bought=category", "--test", "test.csv")
    assert "test.csv, line 9, column 'bought': this is no class of the training part" in err
    given([line.rpartition(",")[0] for line in LINES], "test.csv")
    err = fails("train", "people.csv", "-t", "bought", "--test", "test.csv")
    assert "test.csv: a column is missing.\n  expected: 'bought'" in err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('data = "people.csv"\ntarget = "bought"\nepoch = 3', ["run.toml: ", "did you mean 'epochs'?"]),
        ('data = "people.csv"\ntarget = "bought"\nepochs = "many"', ["run.toml, epochs: ", "'many'"]),
        ('data = "people.csv"\ntarget = "bought"\nlr = -1', ["run.toml, lr: this is a number above 0"]),
        ('data = "people.csv"\ntarget = 3', ["run.toml, target: ", "got:      3"]),
        ('data = 3\ntarget = "bought"', ["run.toml, data: this names no file", "got:      3"]),
        ('target = "bought"', ["run.toml, data: this names no file", "got:      nothing"]),
        ('data = "people.csv"\ntarget = "bought"\nout = 3', ["run.toml, out: "]),
        ('data = "people.csv"\ntarget = "bought"\n[columns]\nage = "nmber"', ["run.toml, column 'age'", "'number'?"]),
        ("data = people.csv", ["run.toml: the file is no TOML", "line 1"]),
        ("\udcff", ["run.toml: the file is no TOML"]),
    ],
)
def test_files_of_settings(given, fails, home, text, says):
    given(LINES)
    (home / "run.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    err = fails("train", "run.toml")
    assert all(each in err for each in says), err


def test_settings_that_are_not_there(given, fails):
    given(LINES, "run.tml")
    assert "there is no such file" in fails("train", "run.toml")


def test_many_categories_are_no_error(given, chainrule):
    given(column(1, [f"city {number}" for number in range(COUNT)]))
    code, out, err = chainrule("train", "people.csv", "-t", "bought", "--epochs", 1)
    assert (code, err) == (0, "")
    assert "'city' names the row" in out


# Pictures


@pytest.fixture
def pictures(home):
    """A folder of pictures, a folder a class."""
    image = pytest.importorskip("PIL.Image", reason="pictures need Pillow")
    for number, name in enumerate(["cats", "dogs"] * 10):
        (home / "pets" / name).mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 255, (8, 8, 3), dtype=np.uint8)
        image.fromarray(pixels).save(home / "pets" / name / f"{number}.png")
    return home / "pets"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (lambda whole: whole[:120], "this picture cannot be read"),
        (lambda whole: b"", "(0 bytes)"),
        (lambda whole: b"a cat", "(5 bytes)"),
    ],
)
@pytest.mark.parametrize("number", range(0, 20, 6))
def test_broken_pictures_of_every_part(pictures, fails, content, says, number):
    path = pictures / "cats" / f"{number}.png"
    path.write_bytes(content(path.read_bytes()))
    err = fails("train", "pets")
    assert f"pets/cats/{number}.png" in err
    assert says in err


def test_a_text_among_pictures_and_a_class_without_any(pictures, fails):
    (pictures / "cats" / "notes.txt").write_text("a cat")
    assert "cats/notes.txt: this is no picture" in fails("train", "pets")
    (pictures / "cats" / "notes.txt").unlink()
    (pictures / "birds").mkdir()
    assert "birds: a class has no pictures" in fails("train", "pets")


def test_a_path_of_no_picture(given, fails, pictures):
    paths = [f"pets/{('cats', 'dogs')[n % 2]}/{n % 20}.png" for n in range(COUNT)]
    lines = column(1, [*paths[:11], "pets/cats/none.png", *paths[12:]])
    given(lines)
    err = fails("train", "people.csv", "-t", "bought")
    assert "people.csv, line 13, column 'city': there is no such picture" in err
    assert "pets/cats/none.png (no file)" in err


def test_pictures_of_which_nothing_is_known_are_predicted(pictures, chainrule):
    assert chainrule("train", "pets", "--model", "mlp", "--epochs", 1, "--out", "run").code == 0
    for new, count in (("pets/cats", 10), ("pets/cats/0.png", 1), ("pets/*/*.png", 20)):
        code, out, err = chainrule("predict", "run", new, "-o", "-")
        assert (code, err) == (0, "")
        header, *rows = out.splitlines()
        assert header == "picture,predicted_class,probability_of_cats,probability_of_dogs"
        assert len(rows) == count
        assert rows[0].startswith("pets/cats/0.png,")
    (pictures / "cats" / "4.png").write_bytes(b"")
    code, _, err = chainrule("predict", "run", "pets/cats", "-o", "out.csv")
    assert code == 1
    assert "this picture cannot be read: it is empty" in err
    assert "pets/cats/4.png (0 bytes)" in err
    assert "--skip-broken" in err
    code, out, err = chainrule("predict", "run", "pets/cats/4.png", "pets/cats/6.png", "-o", "-", "--skip-broken")
    assert (code, len(out.splitlines())) == (0, 2)
    assert "pets/cats/4.png: it is empty" in err


def test_pictures_without_classes_are_no_data_to_train_on(pictures, fails):
    for said in (["pets/cats"], ["pets/cats", "pets/dogs"]):
        err = fails("train", *said)
        assert "nothing says which class these pictures are of" in err
        assert "a folder for each class" in err


def test_broken_pictures_are_seen_before_training(pictures, chainrule):
    (pictures / "cats" / "4.png").write_bytes(b"")
    (pictures / "dogs" / "5.png").write_text("a dog")
    code, out, _ = chainrule("data", "pets")
    assert code == 0
    assert "2 of 20 pictures cannot be read" in out
    assert "cats/4.png (it is empty)" in out
    assert "--skip-broken" in out


def test_a_run_with_broken_pictures_left_out_is_tested_on_the_same_folder(pictures, chainrule):
    assert chainrule("train", "pets", "--model", "mlp", "--epochs", 1, "--out", "run").code == 0
    (pictures / "cats" / "4.png").write_bytes(b"")
    code, _, err = chainrule("evaluate", "run", "pets")
    assert code == 1
    assert "--skip-broken" in err
    code, out, _ = chainrule("evaluate", "run", "pets", "--skip-broken")
    assert code == 0
    assert "mlp on pets, 19 rows" in out


# Predictions


@pytest.fixture
def run(given, chainrule):
    given(LINES)
    options = ["--column", "age=number", "--epochs", 1, "--out", "run"]
    assert chainrule("train", "people.csv", "-t", "bought", *options).code == 0
    return "run"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([line.partition(",")[2] for line in LINES], [": a column is missing.", "'age'"]),
        (["Age" + line.removeprefix("age") for line in LINES], ["is it 'Age' for 'age'? Rename it"]),
        (at(7, "old,Oslo,2024-01-06,yes"), [", line 7, column 'age': a word", "correct the value, or leave it empty"]),
        (column(0, ["old"] * COUNT), [", line 2, column 'age'", "a number"]),
        (at(7, "26,Oslo,some day,yes"), [", line 7, column 'joined'", "'some day'"]),
        (at(7, "inf,Oslo,2024-01-06,yes"), [", line 7, column 'age': there is an infinite value"]),
        (at(7, "26,Oslo"), [", line 7: this row has 2 columns"]),
        ([HEAD], ["there are no rows below the header"]),
        (b"", ["the file is empty"]),
    ],
)
def test_rows_that_cannot_be_predicted(run, given, fails, lines, says):
    given(lines, "new.csv")
    err = fails("predict", run, "new.csv", "-o", "out.csv")
    assert err.startswith("error: new.csv")
    assert all(each in err for each in says), err


def test_columns_that_were_not_there_are_ignored_and_said(run, given, chainrule):
    given([f"{line},{number}" for number, line in enumerate(LINES)], "new.csv")
    code, _, err = chainrule("predict", run, "new.csv", "-o", "out.csv")
    assert (code, err) == (0, "not looked at: 0\n")


def test_values_that_were_never_seen_are_no_error(run, given, chainrule):
    given(["joined,city,age", ",Bern,", "2031-07-01,,-40", "1900-01-01,Oslo,1e30"], "new.csv")
    code, out, err = chainrule("predict", run, "new.csv")
    assert (code, err) == (0, "")
    shares = [float(line.rpartition(",")[2]) for line in out.splitlines()[1:]]
    assert all(0 <= share <= 1 for share in shares)


@pytest.mark.parametrize(
    ("out", "says"),
    [
        ("there.csv", ["there.csv: the file is there already.", "--force"]),
        ("no/out.csv", ["no: there is no such folder."]),
        ("out.xlsx", ["'.xlsx'", ".parquet"]),
        ("run", ["run: this is a folder."]),
    ],
)
def test_where_predictions_cannot_go(run, home, fails, out, says):
    (home / "there.csv").write_text("mine")
    err = fails("predict", run, "people.csv", "-o", out)
    assert all(each in err for each in says), err


def test_a_file_is_replaced_where_that_is_said(run, home, chainrule):
    (home / "there.csv").write_text("mine")
    assert chainrule("predict", run, "people.csv", "-o", "there.csv", "--force").code == 0
    assert len((home / "there.csv").read_text().splitlines()) == 1 + COUNT


def test_a_full_disk_leaves_whole_rows_and_says_so(run, given, home, chainrule, monkeypatch):
    given([HEAD, *LINES[1:] * 100], "many.csv")
    real, left = writing._Destination.write, [2]

    def write(self, content):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(self, content)

    monkeypatch.setattr(writing._Destination, "write", write)
    code, _, err = chainrule("predict", run, "many.csv", "-o", "out.csv")
    assert code == 1
    assert "out.csv: the disk is full: 1,024 rows are written, each of them whole." in err
    lines = (home / "out.csv").read_text().splitlines()
    assert len(lines) == 1 + 1024
    assert {line.count(",") for line in lines} == {6}
    assert sorted(path.name for path in home.iterdir()) == ["many.csv", "out.csv", "people.csv", "run"]


@pytest.mark.parametrize("command", ["predict", "evaluate"])
@pytest.mark.parametrize("where", ["nowhere", ".", "people.csv"])
def test_a_run_folder_that_is_none(given, fails, command, where):
    given(LINES)
    assert fails(command, where, "people.csv").startswith(f"error: {where}: ")


def test_rows_to_evaluate_need_the_target(run, given, fails):
    given([line.rpartition(",")[0] for line in LINES], "new.csv")
    assert "new.csv: a column is missing.\n  expected: 'bought'" in fails("evaluate", run, "new.csv")
    given(column(3, [""] * COUNT), "new.csv")
    assert "new.csv: no row has a target" in fails("evaluate", run, "new.csv")


@pytest.mark.parametrize("command", ["data", "init"])
def test_other_commands_say_the_same(given, fails, home, command):
    given(at(7, "26,Oslo"))
    assert "line 7: this row has 2 columns" in fails(command, "people.csv", "-t", "bought")
    given(LINES)
    assert "did you mean 'bought'?" in fails(command, "people.csv", "-t", "bougt")
    assert "there is no such file" in fails(command, "peple.csv", "-t", "bought")
    if command == "init":
        (home / "run.toml").write_text("mine")
        assert "run.toml: the file is there already" in fails(command, "people.csv", "-t", "bought")


def test_pictures_that_cannot_be_read_are_left_out_where_that_is_wanted(pictures, chainrule):
    (pictures / "cats" / "4.png").write_bytes(b"")
    code, out, _ = chainrule(
        "train",
        "pets",
        "--model",
        "mlp",
        "--epochs",
        1,
        "--out",
        "run",
        "--skip-broken",
        "--column",
        "picture=picture:6x7",
    )
    assert code == 0
    assert "1 of 20 rows are left out: their pictures cannot be read\n    cats/4.png: it is empty" in out
    assert "6×7, RGB" in out
    assert chainrule("evaluate", "run").code == 0
    code, out, err = chainrule("predict", "run", "pets", "-o", "-", "--skip-broken")
    assert (code, len(out.splitlines())) == (0, 20)
    assert "cats/4.png: it is empty" in err
    assert "skip_broken = true" in (pictures.parent / "run" / "report.html").read_text()
    assert "once, before training: no step waits for it" in chainrule("profile", "run", "--repeat", 1).out
