"""What `chainrule train`, `evaluate` and `summary` print and leave behind."""

import json
import re
import sys

import numpy as np
import pytest
from chainrule.training.run_folder import read_run

import chainrule as cr
from chainrule import models


def test_every_stage_is_told(train):
    code, out, err = train()
    assert (code, err) == (0, "")
    stages = ["Data", "Preprocessing", "Model", "Training", "Test", "Run folder"]
    assert re.findall(r"\n(.+)\n-+\n", out) == stages
    for told in (
        "digits: 1,797 pictures of 8 x 8 pixels, 1 channel, in 10 classes",
        "training      1,257    124",
        "Test and validation are drawn at random (seed 0)",
        "the mean and standard deviation of the training part alone",
        "17,226 parameters",
        "Output: 10 numbers a row",
        "Loss: CrossEntropyLoss, since each row is one of several classes; from logits, because",
        "ln(10) = 2.303",
        "he_normal where ReLU follows: hidden1, hidden2",
        "mini-batch gradient descent: 20 iterations an epoch",
        "epoch 1/1  training: loss",
        "the weights of epoch 1 are restored, the best: val_loss",
        "most often confused:",
        "chainrule summary runs/digits-1",
    ):
        assert told in out


def test_the_run_folder(train, home):
    code, out, _ = train("--lr", 0.01, "--optimizer", "sgd", "--batch-size", 0, "--seed", 3, "--patience", 2)
    assert code == 0
    assert "full-batch gradient descent: 1 iteration an epoch" in out
    run = read_run(home / "runs" / "digits-1")
    config = run.config
    assert (config.data, config.model, config.optimizer, config.lr) == ("digits", "mlp", "sgd", 0.01)
    assert (config.batch_size, config.epochs, config.patience, config.seed) == (None, 1, 2, 3)
    assert (config.validation, config.test, config.interrupted) == (0.1, 0.2, False)
    assert f"accuracy {run.result.accuracy:.2%}: {run.result.right} of 360 right" in out
    assert sum(map(sum, run.result.confusion_matrix)) == 360
    assert list(run.history.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]


def test_the_same_seed_gives_the_same_run(train, home):
    for _ in range(2):
        train("--seed", 5)
    first, second = (read_run(home / "runs" / f"digits-{number}") for number in (1, 2))
    assert first.result == second.result
    for name, weight in first.weights.items():
        np.testing.assert_array_equal(weight.numpy(), second.weights[name].numpy())


def test_the_weights_are_those_of_the_result(train, home):
    train("--out", "run")
    run = read_run("run")
    model = models.get(run.config.model, run.config.input_shape, run.config.outputs)
    model.load_state_dict(run.weights)
    parts = cr.data.split_dataset(cr.data.load_digits(), validation=0.1, test=0.2, seed=run.config.seed)
    right = model.predict(run.transform(parts.test.inputs)).argmax(axis=1) == parts.test.targets
    assert right.sum() == run.result.right


def test_evaluate_finds_the_same(chainrule, train):
    _, trained, _ = train("--out", "run")
    code, out, err = chainrule("evaluate", "run")
    assert (code, err) == (0, "")
    assert out.startswith("run: mlp on the test part of digits, 360 rows\naccuracy ")
    for line in out.splitlines()[1:]:
        assert line in trained


def test_summary(chainrule, train):
    train("--out", "run")
    code, out, err = chainrule("summary", "run")
    assert (code, err) == (0, "")
    for told in ("model         mlp", "batch size    64", "17,226 parameters", "val_accuracy", "accuracy "):
        assert told in out
    assert re.search(r"versions      chainrule \S+, python 3\S+, numpy \S+", out)


def test_files_of_mnist(chainrule, train, mnist, home):
    mnist("pictures")
    code, out, _ = train("pictures", "--epochs", 20)
    assert code == 0
    assert "The test part came with the data. The validation is drawn at random" in out
    run = read_run(home / "runs" / "pictures-1")
    assert run.config.data == str(home / "pictures")
    assert run.config.test == 0
    assert run.result.rows == 40
    for where in ((), ("pictures",)):
        code, evaluated, _ = chainrule("evaluate", "runs/pictures-1", *where)
        assert code == 0
        assert evaluated.splitlines()[1] in out


def test_from_another_folder(chainrule, train, mnist, home, monkeypatch):
    mnist("pictures")
    train("pictures", "--out", "run")
    (home / "elsewhere").mkdir()
    monkeypatch.chdir(home / "elsewhere")
    assert chainrule("evaluate", "../run").code == 0


def test_digits_by_name(chainrule, train, home):
    assert train("digits", "--out", "run").code == 0
    assert read_run("run").config.data == "digits"
    assert chainrule("evaluate", "run", "digits").code == 0


def test_a_folder_called_digits_is_meant_where_there_is_one(train, mnist):
    mnist("digits")
    _, out, _ = train("digits")
    assert "MNIST: 160 pictures" in out


def test_many_classes_have_a_narrow_table(train, mnist):
    mnist("letters", labels=np.arange(240) % 40, rows=240)
    code, out, _ = train("letters")
    assert code == 0
    assert re.search(r"training +216  5 to 6\n", out)


def test_somebody_takes_the_place_meanwhile(train, home, monkeypatch):
    real = cr.nn.Module.fit

    def fit(self, *args, **kwargs):
        (home / "runs" / "digits-1").mkdir(parents=True)
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
    assert run.config.interrupted
    assert run.history.epoch == [0, 1]
    assert run.config.epochs == 40


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


def test_json_is_for_others_too(train, home):
    train("--out", "run")
    for name in ("run", "history", "preprocessing", "test"):
        json.loads((home / "run" / f"{name}.json").read_text())
