import csv

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, FileFormatError
from chainrule.train import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)


class Scripted(Callback):
    """Puts a given value into each epoch's measures, and moves the weights so that epochs can be told apart."""

    def __init__(self, name, values):
        self.name, self.values = name, values

    def on_epoch_end(self, epoch, logs):
        logs[self.name] = self.values[epoch]
        with cr.no_grad():
            self.session.model.bias.fill_(float(epoch))


@pytest.fixture
def run():
    def go(values, *callbacks, name="val_loss", lr=0.0):
        model = nn.Linear(1, 1)
        model.compile(cr.optim.SGD(model.parameters(), lr=lr), "mse")
        x = np.ones((4, 1), np.float32)
        listeners = [Scripted(name, values), *callbacks]
        history = model.fit(x, x, epochs=len(values), validation_data=(x, x), callbacks=listeners, verbose=0)
        return model, history

    return go


def test_best_weights_come_back_when_stopped_early(run):
    model, history = run([3.0, 1.0, 2.0, 2.0, 2.0, 0.5], EarlyStopping(patience=2))
    assert len(history) == 4
    assert model.bias.item() == 1.0


def test_best_weights_come_back_without_an_early_stop(run):
    model, history = run([3.0, 1.0, 2.0], EarlyStopping(patience=5))
    assert len(history) == 3
    assert model.bias.item() == 1.0


def test_accuracy_shall_rise(run):
    model, _ = run([0.1, 0.9, 0.5], EarlyStopping("val_accuracy", patience=5), name="val_accuracy")
    assert model.bias.item() == 1.0


def test_not_a_number_is_never_the_best(run):
    model, _ = run([float("nan"), 2.0, float("nan")], EarlyStopping(patience=9, start_from_epoch=1))
    assert model.bias.item() == 1.0


def test_says_what_it_restores(capsys):
    model = nn.Linear(1, 1)
    model.compile("sgd", "mse")
    x = np.ones((4, 1), np.float32)
    model.fit(x, x, validation_data=(x, x), epochs=2, callbacks=[EarlyStopping()], verbose=2)
    assert "the weights of epoch 2 are restored, the best: val_loss" in capsys.readouterr().out


def test_a_measure_that_is_not_there(run):
    with pytest.raises(ArgumentError, match="expected: one of loss, val_loss"):
        run([1.0], EarlyStopping("val_accuracy"))


def test_plateau_reduces(run):
    model, _ = run([1.0, 1.0, 1.0, 1.0, 1.0], ReduceLROnPlateau(factor=0.5, patience=2), lr=0.8)
    assert model._compiled.optimizer.lr == pytest.approx(0.2)


def test_schedule_function_and_object(run):
    model, _ = run([1.0] * 3, LearningRateScheduler(lambda epoch, lr: 0.1 / (epoch + 1)))
    assert model._compiled.optimizer.lr == pytest.approx(0.1 / 3)
    x = np.ones((4, 1), np.float32)
    optimizer = cr.optim.SGD(model.parameters(), lr=1.0)
    model.compile(optimizer, "mse")
    schedule = cr.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.1)
    model.fit(x, x, epochs=2, callbacks=[LearningRateScheduler(schedule)], verbose=0)
    assert optimizer.lr == pytest.approx(0.01)


def test_schedule_every_batch(run):
    model, _ = run([1.0])
    optimizer = cr.optim.SGD(model.parameters(), lr=1.0)
    model.compile(optimizer, "mse", accumulate=2)
    schedule = cr.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.1)
    x = np.ones((8, 1), np.float32)
    model.fit(x, x, batch_size=2, epochs=1, callbacks=[LearningRateScheduler(schedule, every="batch")], verbose=0)
    assert optimizer.lr == pytest.approx(0.01)


def test_csv_has_a_row_an_epoch(run, tmp_path):
    path = tmp_path / "logs" / "history.csv"
    run([3.0, 1.0], CSVLogger(path))
    with path.open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert [float(row["val_loss"]) for row in rows] == [3.0, 1.0]
    run([2.0], CSVLogger(path, append=True))
    assert len(path.read_text().splitlines()) == 4


def test_only_the_best_are_saved(run, tmp_path):
    run([3.0, 1.0, 2.0], ModelCheckpoint(tmp_path / "{epoch}.safetensors", save_best_only=True))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.safetensors", "2.safetensors"]


def test_broken_checkpoints_change_nothing(tmp_path):
    model = nn.Linear(1, 1)
    model.compile("adam", "mse")
    x = np.ones((4, 1), np.float32)
    path = tmp_path / "c.safetensors"
    model.fit(x, x, verbose=0, callbacks=[ModelCheckpoint(path)])
    before = model.weight.numpy() if not model.weight.requires_grad else model.weight.detach().numpy()
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"\x00" * 64):
        path.write_bytes(broken)
        with pytest.raises(FileFormatError, match="does not hold tensors"):
            model.fit(x, x, epochs=3, resume=path, verbose=0)
    path.write_bytes(whole)
    with pytest.raises(FileFormatError, match="over other batches"):
        model.fit(x, x, epochs=3, batch_size=2, resume=path, verbose=0)
    np.testing.assert_array_equal(model.weight.detach().numpy(), before)


def test_an_exception_in_a_callback_leaves_a_usable_model(blobs, classifier):
    class Fails(Callback):
        def on_epoch_end(self, epoch, logs):
            raise RuntimeError("mine")

    stopping = EarlyStopping("loss")
    with pytest.raises(RuntimeError, match="mine"):
        classifier.fit(*blobs, callbacks=[stopping, Fails()], verbose=0)
    assert len(classifier.fit(*blobs, epochs=2, verbose=0)) == 2


def test_interrupting_restores_the_best(blobs, classifier):
    class Interrupts(Callback):
        def on_train_batch_end(self, batch, logs):
            if self.session.epoch == 2:
                raise KeyboardInterrupt

    stopping = EarlyStopping("loss", patience=5)
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(*blobs, epochs=5, callbacks=[stopping, Interrupts()], verbose=0)
    assert stopping.best_epoch == 1
