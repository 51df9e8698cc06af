"""What goes wrong ends in one readable text on standard error, an exit code, and every file as it was."""

import errno
import gzip
import os
import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli import train as command
from chainrule.tables.run_folder import FORMAT, read_run
from tests.tables.test_run_folder import edit


def files(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--lr", "nan"], "a number above 0"),
        (["--lr", "-0.1"], "a number above 0"),
        (["--lr", "0"], "a number above 0"),
        (["--lr", "inf"], "a number above 0"),
        (["--lr", "fast"], "--lr"),
        (["--epochs", "0"], "--epochs"),
        (["--epochs", "many"], "--epochs"),
        (["--batch-size", "-1"], "--batch-size"),
        (["--patience", "0"], "--patience"),
        (["--seed", "-1"], "--seed"),
        (["--seed", "1.5"], "--seed"),
        (["--model", "cn"], "did you mean 'cnn'"),
        (["--model", "zzzz"], "cnn, lenet, linear, mlp"),
        (["--optimizer", "adm"], "did you mean 'adam'"),
        (["--epoch", "3"], "--epoch"),
        (["--time-limit", "soon"], "such as 60s, 5m or 1h"),
        (["--memory", "much"], "such as 500MB or 2GB"),
        (["--column", "age"], "--column takes NAME=TYPE"),
        (["--folds", "1"], "--folds"),
    ],
)
def test_options_are_checked_first(chainrule, home, arguments, says):
    code, out, err = chainrule("train", *arguments)
    assert (code, out) == (2, "")
    assert says in err.replace("\n", " ")
    assert "Traceback" not in err
    assert not list(home.iterdir())


def test_help_explains(chainrule):
    for arguments, says in (
        ((), "Train neural networks"),
        (("train",), "MNIST's or CIFAR's files"),
        (("predict",), "JSON lines, by its name"),
        (("evaluate",), "own test part"),
        (("summary",), "configuration"),
        (("models",), "train --model"),
    ):
        code, out, _ = chainrule(*arguments, "--help")
        assert code == 0
        assert out.startswith("Usage: chainrule")
        assert says in " ".join(out.split())


def test_nothing_at_all_is_usage(chainrule):
    assert chainrule().code == 2
    assert chainrule("tarin").code == 2
    assert chainrule("evaluate").code == 2


def test_version(chainrule):
    assert chainrule("--version") == (0, f"chainrule {cr.__version__}\n", "")


def test_models_are_those_that_train_takes(chainrule):
    code, out, _ = chainrule("models")
    assert (code, out.split()) == (0, sorted({*cr.models.names(), "linear"}))


def cut(content):
    return content[: len(content) // 2]


def flipped(content):
    return content[:-9] + bytes([content[-9] ^ 255]) + content[-8:]


def huge(content):
    return gzip.compress(struct.pack(">HBBIII", 0, 8, 3, 1 << 31, 1 << 15, 1 << 15))


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"])
@pytest.mark.parametrize(
    "breaking",
    [
        cut,
        flipped,
        huge,
        lambda content: b"",
        lambda content: b"hello",
        lambda content: gzip.compress(b"hello"),
        lambda content: gzip.compress(gzip.decompress(content)[:-1]),
        lambda content: gzip.compress(gzip.decompress(content) + b"\0"),
        lambda content: gzip.decompress(content),
    ],
)
def test_broken_files(train, mnist, home, name, breaking):
    path = mnist() / name
    path.write_bytes(breaking(path.read_bytes()))
    before = files(home)
    code, _, err = train("data", "--out", "run")
    assert code == 1
    assert err.startswith(f"error: {path.relative_to(home)}: ")
    assert files(home) == before


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"])
def test_a_missing_file(train, mnist, home, name):
    (mnist() / name).unlink()
    code, _, err = train("data")
    assert code == 1
    assert "put all four files of MNIST into the folder" in err
    assert not (home / "runs").exists()


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (np.zeros(120), "a label has no class"),
        (np.arange(120) % 3, "a label has no class"),
        (np.r_[np.arange(119) % 4, [255]], "'255'"),
        (np.arange(120) % 5, ""),
        (np.arange(4), "two rows or more of each class"),
    ],
)
def test_labels_that_leave_nothing_to_learn(train, mnist, home, labels, says):
    mnist(labels=labels, rows=len(labels))
    code, out, err = train("data")
    assert code == (1 if says else 0)
    assert says in err
    assert "Training\n" not in out or not says
    assert (home / "runs").exists() == (not says)


def test_one_class_alone(train, mnist, home):
    mnist(labels=np.zeros(120), test_labels=np.zeros(40))
    code, _, err = train("data")
    assert code == 1
    assert "all rows have the same class" in err
    assert not (home / "runs").exists()


@pytest.mark.parametrize("where", ["file", "file/run", "full", "full/mine.txt"])
def test_a_place_that_is_taken(train, home, where):
    (home / "file").write_text("mine")
    (home / "full").mkdir()
    (home / "full" / "mine.txt").write_text("mine")
    before = files(home)
    code, out, err = train("--out", where)
    assert (code, out) == (1, "")
    assert err.startswith(f"error: {where}: ")
    assert "another --out" in err
    assert files(home) == before


@pytest.mark.parametrize("where", ["nowhere", "."])
def test_no_data(train, home, where):
    code, _, err = train(where)
    assert code == 1
    assert err.startswith(f"error: {where}: ")
    assert not list(home.iterdir())


@pytest.fixture
def full(monkeypatch):
    """Lets the disk be full in a folder, for what is written under a temporary name."""

    def fill(folder, number=errno.ENOSPC):
        real = tempfile.mkstemp

        def mkstemp(**where):
            if Path(where["dir"]).resolve().is_relative_to(folder):
                raise OSError(number, os.strerror(number), f"{where['dir']}/{where['prefix']}abc")
            return real(**where)

        monkeypatch.setattr(tempfile, "mkstemp", mkstemp)

    return fill


@pytest.fixture
def elsewhere(home, monkeypatch):
    """The temporary directory, on another disk than what is trained."""
    folder = home / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_what_is_learnt_is_kept_elsewhere_where_the_disk_is_full(train, home, elsewhere, full):
    full(home / "runs")
    code, out, err = train("--out", "runs/mine")
    assert (code, err) == (0, "")
    assert f"runs/mine: the disk is full. It is in {elsewhere / 'mine-1'} instead.\n" in out
    assert f"chainrule predict {elsewhere / 'mine-1'} DATA" in out
    assert read_run(elsewhere / "mine-1").results
    assert not list((home / "runs").iterdir())


def test_what_is_learnt_is_kept_elsewhere_where_the_place_is_taken(train, home, monkeypatch):
    real = command.run

    def run(*arguments):
        (home / "mine").mkdir()
        (home / "mine" / "theirs.txt").write_text("theirs")
        return real(*arguments)

    monkeypatch.setattr(command, "run", run)
    code, out, err = train("--out", "mine")
    assert (code, err) == (0, "")
    assert "mine: there is something here already. It is in mine-1 instead.\n" in out
    assert (home / "mine-1" / "run.json").exists()


def test_a_disk_that_is_full_everywhere(train, home, elsewhere, full):
    full(home)
    code, _, err = train("--out", "mine")
    assert code == 1
    assert err == (
        f"error: mine: the disk is full. Nor could what was learnt be written to {elsewhere}: it is lost.\n"
        "  expected: room for it\n"
        "  got:      No space left on device\n"
        "  remedy:   make room, or name a place on another disk\n"
    )
    assert [path.name for path in home.iterdir()] == ["tmp"]
    assert not list(elsewhere.iterdir())


def test_a_place_that_is_read_only(chainrule, run, home, full):
    full(home, errno.EROFS)
    (home / "new.csv").write_text("no,such,columns\n1,2,3\n")
    for arguments, where in (
        # It is noticed before the rows are read.
        (("predict", "run", "new.csv", "-o", "out.csv"), "out.csv"),
        (("report", "run"), "run/report.html"),
    ):
        code, out, err = chainrule(*arguments)
        assert (code, out) == (1, "")
        assert err == (
            f"error: {where}: this cannot be written.\n"
            "  expected: a place that may be written to\n"
            "  got:      Read-only file system\n"
            "  remedy:   name another place\n"
        )


def test_too_little_memory(train, home, monkeypatch):
    def greedy(*args, **kwargs):
        raise MemoryError("Unable to allocate 20 TiB")

    monkeypatch.setattr(cr.nn.Module, "fit", greedy)
    code, _, err = train()
    assert code == 1
    assert "not enough memory: Unable to allocate 20 TiB" in err
    assert "a smaller --batch-size" in err


def test_weights_that_explode(train, home):
    code, _, err = train("--lr", "1e30", "--optimizer", "sgd")
    assert code == 1
    assert "no longer finite, in epoch 1, batch" in err
    assert "Linear '" in err
    assert not list(home.iterdir())


# Folders of runs


@pytest.mark.parametrize("command", ["evaluate", "summary"])
@pytest.mark.parametrize(
    ("name", "path", "value", "says"),
    [
        ("run.json", ["format"], FORMAT + 1, "update: pip install -U chainrule"),
        ("run.json", ["run", "plan", "architecture", "model"], "lenet", "weights.safetensors"),
        ("run.json", ["run", "plan", "epochs"], "few", "run.json"),
        ("test.json", [0, "rows"], "some", "test.json"),
    ],
)
def test_an_edited_run(chainrule, run, command, name, path, value, says):
    edit(run, name, path, value)
    before = files(run)
    code, out, err = chainrule(command, "run")
    assert (code, out) == (1, "")
    assert says in err
    assert err.startswith("error: run")
    assert files(run) == before


@pytest.mark.parametrize("command", ["evaluate", "summary"])
@pytest.mark.parametrize("where", ["nowhere", ".", "file"])
def test_no_run(chainrule, home, command, where):
    (home / "file").write_text("")
    code, out, err = chainrule(command, where)
    assert (code, out) == (1, "")
    assert err.startswith(f"error: {where}: ")


def test_data_that_have_moved(chainrule, train, mnist, home):
    mnist()
    train("data", "--out", "run")
    (home / "data").rename(home / "moved")
    code, _, err = chainrule("evaluate", "run")
    assert code == 1
    assert "chainrule evaluate run DATA" in err
    assert chainrule("evaluate", "run", "moved").code == 0


def test_other_data_than_it_was_trained_on(chainrule, train, mnist):
    mnist()
    train("data", "--out", "run")
    mnist("large", size=10)
    assert "these pictures have another shape" in chainrule("evaluate", "run", "large").err
    mnist("more", labels=np.arange(120) % 5, test_labels=np.arange(40) % 5)
    code, _, err = chainrule("evaluate", "run", "more")
    assert code == 1
    assert "more, row 5, column 'class': this is no class of the training part" in err


@pytest.mark.skipif(os.name != "posix", reason="names of files that are no text are there on POSIX systems only")
def test_names_that_are_no_text(chainrule, train, home):
    name = os.fsdecode(b"r\xfcn")
    assert train("--out", name).code == 0
    code, out, _ = chainrule("evaluate", name)
    assert code == 0
    assert out.startswith("r\\udcfcn: mlp")
