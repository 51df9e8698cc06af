"""What `chainrule train`, `evaluate` and `summary` print and leave behind, on pictures."""

import json
import re
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule.tables import run_folder
from chainrule.tables.run_folder import read_run


def test_every_stage_is_told(train):
    code, out, err = train()
    assert (code, err) == (0, "")
    stages = ["Data", "Preprocessing", "Model", "Training", "Test", "Run folder"]
    assert re.findall(r"\n(.+)\n-+\n", out) == stages
    for told in (
        "digits: 1,797 rows, 2 columns",
        "pictures of shape (8, 8, 1)",
        "1,221 rows to train, 216 to validate, 360 to test; stratified by 'class', seed 0",
        "learned from the training part alone:",
        "8×8, grey; standardised, mean 4.",
        "17,226 parameters",
        "10 scores (logits), one a class; the highest is the answer. No softmax",
        "Loss: CrossEntropyLoss, since each row is one of several classes",
        "ln(10) = 2.303",
        "he_normal where ReLU follows: mlp.hidden1, mlp.hidden2",
        "mini-batch gradient descent: 20 iterations an epoch",
        "epoch 1/1  training: loss",
        "the weights of epoch 1 are restored, the best: val_loss",
        "class, 360 rows  network  majority class  linear model",
        "most often confused:",
        "Look at it: runs/digits-1/report.html",
        "chainrule predict runs/digits-1",
    ):
        assert told in out
    assert re.search(r"\ntraining +(1[12]\d +){9}1[12]\d\nvalidation +(2\d +){9}2\d\ntest ", out)


def test_the_run_folder(train, home):
    code, out, _ = train("--lr", 0.01, "--optimizer", "sgd", "--batch-size", 0, "--seed", 3, "--patience", 2)
    assert code == 0
    assert "full-batch gradient descent: 1 iteration an epoch" in out
    run = read_run(home / "runs" / "digits-1")
    record, plan, (result,) = run.record, run.record.plan, run.results
    assert (record.data, record.test_data, record.interrupted) == (("digits",), None, False)
    assert (plan.architecture.model, plan.optimizer, plan.lr) == ("mlp", "sgd", 0.01)
    assert (plan.batch_size, plan.epochs, plan.patience, record.settings.seed) == (0, 1, 2, 3)
    assert record.parts == {"training": 1221, "validation": 216, "test": 360}
    assert f"{result.measured['accuracy']:.2%}" in out
    assert sum(map(sum, result.confusion_matrix)) == result.rows == 360
    assert list(run.history.history) == ["loss", "accuracy", "f1", "val_loss", "val_accuracy", "val_f1"]
    assert (home / "runs" / "digits-1" / "report.html").stat().st_size > 10_000


def test_the_same_seed_gives_the_same_run(train, home):
    for _ in range(2):
        train("--seed", 5)
    first, second = (read_run(home / "runs" / f"digits-{number}") for number in (1, 2))
    assert first.results == second.results
    weights = second.model.network.state_dict()
    for name, weight in first.model.network.state_dict().items():
        np.testing.assert_array_equal(weight.numpy(), weights[name].numpy())


def test_evaluate_finds_the_same(chainrule, train):
    _, trained, _ = train("--out", "run")
    code, out, err = chainrule("evaluate", "run")
    assert (code, err) == (0, "")
    assert out.startswith("run: mlp on its own test part, 360 rows\n")
    for line in out.splitlines()[2:]:
        assert line in trained


def test_summary(chainrule, run):
    code, out, err = chainrule("summary", "run")
    assert (code, err) == (0, "")
    for told in ("model        mlp", "batch size   64", "17,226 parameters", "val_accuracy", "accuracy "):
        assert told in out
    assert re.search(r"versions     chainrule \S+, python 3\S+, numpy \S+", out)


def test_files_of_mnist(chainrule, train, mnist, home):
    mnist("pictures")
    code, out, _ = train("pictures", "--epochs", 20)
    assert code == 0
    run = read_run(home / "runs" / "pictures-1")
    assert run.record.data == (str(home / "pictures"),)
    assert run.record.parts["test"] == run.results[0].rows == 40
    for where in ((), ("pictures",)):
        code, evaluated, _ = chainrule("evaluate", "runs/pictures-1", *where)
        assert code == 0
        assert all(line in out for line in evaluated.splitlines()[2:])


def test_from_another_folder(chainrule, train, mnist, home, monkeypatch):
    mnist("pictures")
    train("pictures", "--out", "run")
    (home / "elsewhere").mkdir()
    monkeypatch.chdir(home / "elsewhere")
    assert chainrule("evaluate", "../run").code == 0


def test_digits_by_name(chainrule, train, home):
    assert train("digits", "--out", "run").code == 0
    assert read_run("run").record.data == ("digits",)
    assert chainrule("evaluate", "run", "digits").code == 0


def test_a_folder_called_digits_is_meant_where_there_is_one(train, mnist):
    mnist("digits")
    _, out, _ = train("digits")
    assert "digits: 120 rows" in out


def test_many_classes_have_a_narrow_table(train, mnist):
    mnist("letters", labels=np.arange(240) % 40, rows=240)
    code, out, _ = train("letters")
    assert code == 0
    assert re.search(r"training +5 to 6\n", out)


def test_somebody_takes_the_place_meanwhile(train, home, monkeypatch):
    real = cr.nn.Module.fit

    def fit(self, *args, **kwargs):
        (home / "runs" / "digits-1").mkdir(parents=True, exist_ok=True)
        (home / "runs" / "digits-1" / "theirs").write_text("")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(cr.nn.Module, "fit", fit)
    code, out, _ = train()
    assert code == 0
    assert "runs/digits-1-1 holds" in out
    assert [path.name for path in (home / "runs" / "digits-1").iterdir()] == ["theirs"]


def test_ctrl_c_after_an_epoch_tests_what_was_learnt(chainrule, home, monkeypatch):
    real = cr.training.EarlyStopping.on_epoch_end

    def interrupted(self, epoch, logs):
        real(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(cr.training.EarlyStopping, "on_epoch_end", interrupted)
    code, out, err = chainrule("train", "--model", "mlp", "--out", "run")
    assert (code, err) == (0, "")
    assert "interrupted: what has been learnt so far is tested" in out
    run = read_run("run")
    assert run.record.interrupted
    assert run.history.epoch == [0, 1]
    assert run.record.plan.epochs > 2


def test_ctrl_c_before_that_leaves_nothing(chainrule, home, monkeypatch):
    def interrupted(self, epoch):
        raise KeyboardInterrupt

    monkeypatch.setattr(cr.training.EarlyStopping, "on_epoch_begin", interrupted)
    code, _, err = chainrule("train", "--model", "mlp", "--out", "run")
    assert (code, err) == (130, "\ninterrupted: nothing was written\n")
    assert not list(home.iterdir())


def test_a_picture_where_matplotlib_is_installed(train, home, monkeypatch):
    pytest.importorskip("matplotlib", reason="drawing needs matplotlib, the extra `plot`")
    monkeypatch.delitem(sys.modules, "matplotlib.figure")
    _, out, _ = train("--out", "run")
    assert "history.png" in out
    assert (home / "run" / "history.png").stat().st_size > 1000


def test_json_is_for_others_too(run):
    for name in run_folder.FILES:
        if name.endswith(".json"):
            json.loads((run / name).read_text(), parse_constant=pytest.fail)
