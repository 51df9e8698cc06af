"""The folder that a run leaves: whole or not at all, and never read wrongly."""

import csv
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from chainrule.data.table import ArrayTable
from chainrule.errors import ChainruleError, FileFormatError, RunFolderError, VersionError
from chainrule.tables import run_folder
from chainrule.tables.choosing import Plan
from chainrule.tables.model import TableModel
from chainrule.tables.network import Architecture, build
from chainrule.tables.preparation import Preparation
from chainrule.tables.record import Record
from chainrule.tables.run_folder import FILES, FORMAT, check_free, free_folder, read_run, write_run
from chainrule.tables.schema import infer_schema
from chainrule.tables.settings import Settings
from chainrule.tables.tested import Result
from chainrule.training import History
from tests.tables.report import examples

PEOPLE = ArrayTable(
    {
        "age": [31.0, 25.0, None, 40.0, 58.0, 33.0],
        "city": ["Rome", "Oslo", "Rome", None, "Oslo", "Rome"],
        "bought": ["no", "yes", "no", "yes", "yes", "no"],
    },
    name="people",
)
SCHEMA = infer_schema(PEOPLE, ["bought"], kinds={"age": "number", "city": "category"})
ROWS = np.arange(len(PEOPLE))
RECORD = Record(
    data=("/data/people.csv",),
    test_data=None,
    settings=Settings(target=("bought",), columns={"city": "category"}, seed=7),
    fields=SCHEMA.fields,
    plan=Plan(Architecture("mlp", (4, 3)), "adam", None, 0, 3, 5, "a few rows"),
    parts={"training": 4, "validation": 1, "test": 1},
    seconds=1.5,
)
RESULT = Result(
    "bought", "binary", ("no", "yes"), 3, {"accuracy": 2 / 3, "auc": None}, {"linear model": {}}, ((1, 0), (1, 1))
)


@pytest.fixture
def pictures():
    pytest.importorskip("matplotlib", reason="drawing needs matplotlib, the extra `plot`")


@pytest.fixture(autouse=True)
def quick(request, monkeypatch):
    """Without matplotlib, but where pictures are asked for: drawing takes longer than all the rest."""
    if "pictures" not in request.fixturenames:
        monkeypatch.setitem(sys.modules, "matplotlib.figure", None)


@pytest.fixture(scope="module")
def write():
    """Writes the run of an untrained model; gives the folder and the model."""

    def to(folder):
        history = History()
        history.add(0, {"loss": 1.0, "val_loss": float("nan")}, seconds=0.5)
        preparation = Preparation.fit(PEOPLE, SCHEMA, ROWS)
        model = TableModel(build(preparation, RECORD.plan.architecture), preparation, SCHEMA, RECORD.settings)
        return write_run(folder, RECORD, model, history, [RESULT], examples.report(examples.classes_tested(2))), model

    return to


@pytest.fixture(scope="module")
def written(write, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "matplotlib.figure", None)
        return write(tmp_path_factory.mktemp("runs") / "run")[0]


@pytest.fixture
def folder(written, tmp_path):
    """A copy of a run folder, to be changed."""
    return Path(shutil.copytree(written, tmp_path / "run"))


def test_there_and_back(write, tmp_path):
    path, model = write(tmp_path / "a" / "b" / "run")
    run = read_run(path)
    assert run.record == RECORD
    assert run.results == (RESULT,)
    assert run.history["loss"] == [1.0]
    assert np.isnan(run.history["val_loss"][0])
    assert set(run.versions) == {"chainrule", "python", "numpy"}
    for name, tensor in model.network.state_dict().items():
        np.testing.assert_array_equal(run.model.network.state_dict()[name].numpy(), tensor.numpy())
    np.testing.assert_array_equal(run.model.preparation.apply(PEOPLE), model.preparation.apply(PEOPLE))
    np.testing.assert_array_equal(run.model.predict_proba(PEOPLE), model.predict_proba(PEOPLE))


def test_every_file_is_described(pictures, write, tmp_path):
    assert files_in(write(tmp_path / "run")[0]) == set(FILES)


def test_without_matplotlib_there_are_no_curves(folder):
    assert files_in(folder) == set(FILES) - {"history.png"}


def files_in(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_table(folder):
    with (folder / "history.csv").open() as stream:
        assert list(csv.DictReader(stream)) == [{"epoch": "0", "loss": "1.0", "val_loss": "nan", "seconds": "0.5"}]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_others_may_read_what_the_umask_lets_them(write, tmp_path):
    before = os.umask(0o027)
    try:
        path, _ = write(tmp_path / "run")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o750
    assert (path / "run.json").stat().st_mode & 0o777 == 0o640


# Where it may be written


def test_an_empty_folder_is_filled(write, tmp_path):
    (tmp_path / "run").mkdir()
    inode = (tmp_path / "run").stat().st_ino
    path, _ = write(tmp_path / "run")
    assert path.stat().st_ino == inode
    assert read_run(path).record == RECORD


def test_the_folder_that_one_is_in(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(".")
    assert read_run(".").record == RECORD


@pytest.mark.parametrize("taken", ["a file in it", "a file"])
def test_what_is_there_stays(write, tmp_path, taken):
    target = tmp_path / "run"
    if taken == "a file":
        target.write_text("mine")
    else:
        target.mkdir()
        (target / "mine.txt").write_text("mine")
    with pytest.raises(RunFolderError, match="another --out"):
        write(target)
    assert (target if taken == "a file" else target / "mine.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_place_that_cannot_be_written_to_is_found_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match=r"(?s)cannot be made.*Not a directory"):
        check_free(tmp_path / "file" / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_looking_leaves_nothing(tmp_path):
    check_free(tmp_path / "new" / "run")
    assert not list(tmp_path.iterdir())


def test_names_go_on(tmp_path):
    assert free_folder(tmp_path, "digits") == tmp_path / "digits-1"
    (tmp_path / "digits-1").mkdir()
    (tmp_path / "digits-2").write_text("")
    assert free_folder(tmp_path, "digits") == tmp_path / "digits-3"


@pytest.mark.parametrize("failing", ["write_json", "write_bytes", "save"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("exists", [False, True])
def test_a_full_disk_and_ctrl_c_leave_nothing(write, tmp_path, monkeypatch, failing, error, exists):
    if exists:
        (tmp_path / "run").mkdir()
    real, calls = getattr(run_folder, failing), []

    def fails(*args, **kwargs):
        calls.append(args)
        if len(calls) == (2 if failing != "write_bytes" else 1):
            raise error
        return real(*args, **kwargs)

    monkeypatch.setattr(run_folder, failing, fails)
    with pytest.raises(type(error)):
        write(tmp_path / "run")
    assert [path for path in tmp_path.rglob("*") if path.name != "run"] == []
    assert (tmp_path / "run").exists() == exists


# Reading what is not as it was written


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / "file").write_text("")
    for path, says in ((tmp_path, "no run folder"), (tmp_path / "no", "no such folder"), (tmp_path / "file", "a file")):
        with pytest.raises(RunFolderError, match=says):
            read_run(path)


SHOWN = {"history.csv", "history.png", "report.html", "report.json", "report/mistakes.png", "report/confusion.png"}
READ = sorted(FILES.keys() - SHOWN)


@pytest.mark.parametrize("name", READ)
def test_a_missing_file(folder, name):
    (folder / name).unlink()
    with pytest.raises(RunFolderError, match="no run folder" if name == "run.json" else f"{name}: .*missing"):
        read_run(folder)


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("keep", [0, 0.5, -1])
def test_a_file_that_is_cut_off(folder, name, keep):
    content = (folder / name).read_bytes()
    # JSON ends with a line break, without which it is still whole.
    (folder / name).write_bytes(content[: int(len(content) * keep)] if keep >= 0 else content.rstrip()[:-1])
    with pytest.raises(FileFormatError, match=name):
        read_run(folder)


@pytest.mark.parametrize("name", [name for name in READ if name.endswith(".json")])
@pytest.mark.parametrize(
    "content", ["[]", "{}", "null", "3", '"text"', "[1, 2]", "NaN", '{"format": 2}', "\x00", "\xff"]
)
def test_json_of_something_else(folder, name, content):
    (folder / name).write_text(content, encoding="latin-1")
    with pytest.raises(FileFormatError, match=name):
        read_run(folder)


def edit(folder, name, path, value):
    data = json.loads((folder / name).read_text())
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    (folder / name).write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("name", "path", "value", "says"),
    [
        ("run.json", ["format"], ..., "no 'format'"),
        ("run.json", ["format"], "1", "format '1'"),
        ("run.json", ["format"], 0, "format 0"),
        ("run.json", ["run", "parts"], ..., "parts: Field required"),
        ("run.json", ["run", "plan", "batch_size"], "all", "plan: batch_size: Input should be a valid integer"),
        ("run.json", ["run", "plan", "architecture", "model"], "mpl", "did you mean 'mlp'"),
        ("run.json", ["run", "plan", "architecture", "hidden"], [5, 3], "body.hidden1.weight has shape"),
        ("run.json", ["run", "settings", "lr"], -1, "lr: this is a number above 0"),
        ("run.json", ["run", "settings", "learning"], 1, "settings: learning: "),
        ("run.json", ["run", "fields", 0, "kind"], "nmber", "did you mean 'number'"),
        ("run.json", ["run", "fields", 0, "role"], "output", "fields: 0: role"),
        ("run.json", ["versions"], [], "dictionary"),
        ("test.json", [0, "measured"], None, "measured"),
        ("test.json", [0, "confusion_matrix"], [[1]], "not 2 x 2"),
        ("test.json", [0, "confusion_matrix", 0], ["a", "b"], "confusion_matrix"),
        ("history.json", ["epoch"], [0, 1], "different lengths"),
        ("history.json", ["history", "loss"], [None, None], "different lengths"),
        ("history.json", ["history", "loss"], ["high"], "high"),
        ("preprocessing.json", ["inputs"], ..., "no 'inputs'"),
        ("preprocessing.json", ["targets"], [], "targets"),
        ("preprocessing.json", ["inputs", 1], ..., "age|inputs"),
        ("preprocessing.json", ["inputs", 1, "kind"], "nmber", "did you mean 'number'"),
        ("preprocessing.json", ["inputs", 1, "shape"], "two", "invalid literal"),
        ("preprocessing.json", ["targets", 0, "config"], {}, "no '"),
    ],
)
def test_an_edited_file(folder, name, path, value, says):
    edit(folder, name, path, value)
    with pytest.raises(ChainruleError, match=f"(?s){name}.*({says})"):
        read_run(folder)


def test_a_later_version(folder):
    edit(folder, "run.json", ["format"], FORMAT + 1)
    edit(folder, "run.json", ["versions", "chainrule"], "9.1")
    edit(folder, "run.json", ["run"], {"all": "new"})
    (folder / "weights.safetensors").unlink()
    with pytest.raises(VersionError, match=rf"(?s)format {FORMAT + 1} \(chainrule 9\.1\).*pip install -U"):
        read_run(folder)


def test_an_earlier_version(folder):
    edit(folder, "run.json", ["format"], FORMAT - 1)
    with pytest.raises(VersionError, match="train again"):
        read_run(folder)
