import csv
import json

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import (
    ArgumentError,
    ChainruleError,
    FileFormatError,
    StateDictError,
    UnknownNameError,
    VersionError,
)
from chainrule.nn.files import load_with_metadata, save
from chainrule.training import (
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


@pytest.mark.parametrize(
    ("name", "mode", "best"),
    [
        ("val_loss", "auto", 1),
        ("val_loss", "max", 2),
        ("val_mae", "auto", 1),
        ("val_root_mse", "auto", 1),
        ("val_f1", "auto", 2),
        ("val_f1", "min", 1),
    ],
)
def test_what_is_better(run, name, mode, best):
    model, _ = run([2.0, 1.0, 3.0], EarlyStopping(name, mode=mode, patience=9), name=name)
    assert model.bias.item() == best


def test_better_by_too_little_is_not_better(run):
    _, history = run([1.0, 0.95, 0.91, 0.85], EarlyStopping(min_delta=0.1, patience=2))
    assert len(history) == 3


def test_epochs_that_are_not_watched(run):
    model, _ = run([0.1, 3.0, 2.0], EarlyStopping(patience=9, start_from_epoch=1))
    assert model.bias.item() == 2.0


def test_weights_that_shall_stay(run):
    model, _ = run([1.0, 2.0, 3.0], EarlyStopping(patience=1, restore_best_weights=False))
    assert model.bias.item() == 1.0


def test_unknown_modes():
    with pytest.raises(ArgumentError, match="'auto', 'min' or 'max'"):
        EarlyStopping(mode="lowest")


@pytest.mark.parametrize(
    "build",
    [
        lambda: EarlyStopping(patience=-1),
        lambda: EarlyStopping(patience="3"),
        lambda: ReduceLROnPlateau(factor=1.5),
        lambda: ReduceLROnPlateau(patience=1.5),
        lambda: ReduceLROnPlateau(min_lr=-1.0),
        lambda: LearningRateScheduler(0.1),
        lambda: LearningRateScheduler(abs, every="step"),
        lambda: LearningRateScheduler(abs, every="batch"),
    ],
)
def test_arguments_that_make_no_sense(build):
    with pytest.raises(ArgumentError):
        build()


def test_a_single_callback(blobs, classifier):
    stopping = EarlyStopping("loss")
    classifier.fit(*blobs, epochs=2, callbacks=stopping, verbose=0)
    assert stopping.best_epoch == 1


def test_stopping_in_both_ways(blobs, classifier, capsys):
    class Ours(Callback):
        def on_epoch_end(self, epoch, logs):
            if logs["accuracy"] > 0.5:
                self.session.stop("half is enough")

    class Keras(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if logs.get("accuracy") > 0.5:
                self.model.stop_training = True

    for callback, said in ((Ours(), "half is enough"), (Keras(), "model.stop_training")):
        history = classifier.fit(*blobs, epochs=50, callbacks=[callback], verbose=2)
        assert len(history) < 50
        assert f"stopped after epoch {len(history)}: " in (out := capsys.readouterr().out)
        assert said in out
    assert len(classifier.fit(*blobs, epochs=3, verbose=0)) == 3


def test_methods_that_nobody_calls_are_an_error():
    with pytest.raises(UnknownNameError, match="did you mean 'on_train_batch_end'"):

        class Ignored(Callback):
            def on_batch_end(self, batch, logs):
                raise AssertionError


def test_all_callbacks_are_told_in_order(blobs, classifier):
    heard = []

    class Hears(Callback):
        def on_train_begin(self):
            heard.append("begin")

        def on_epoch_begin(self, epoch):
            heard.append(f"epoch {epoch}")

        def on_train_batch_end(self, batch, logs):
            heard.append(f"batch {batch}")
            assert logs["loss"] == pytest.approx(self.session.running_metrics()["loss"])

        def on_epoch_end(self, epoch, logs):
            heard.append("end of epoch")

        def on_train_end(self):
            heard.append("end")

    classifier.fit(*blobs, batch_size=80, epochs=2, callbacks=[Hears()], verbose=0)
    epoch = ["batch 0", "batch 1", "end of epoch"]
    assert heard == ["begin", "epoch 0", *epoch, "epoch 1", *epoch, "end"]


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
    model, _ = run([1.0] * 3, LearningRateScheduler(lambda epoch: 0.1 / (epoch + 2)))
    assert model._compiled.optimizer.lr == pytest.approx(0.1 / 4)
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


def test_measures_in_the_name_of_a_checkpoint(run, tmp_path):
    run([3.0, 1.25], ModelCheckpoint(tmp_path / "{epoch:02d}-{val_loss:.2f}.safetensors"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["01-3.00.safetensors", "02-1.25.safetensors"]
    with pytest.raises(ArgumentError, match=r"{epoch}, {loss}, {val_loss}"):
        run([1.0], ModelCheckpoint(tmp_path / "{accuracy}.safetensors"))


def edited(path, change):
    """A checkpoint with a change in what is said of it."""
    tensors, metadata = load_with_metadata(path)
    about = json.loads(metadata["chainrule.checkpoint"])
    change(about, tensors)
    save(tensors, path, metadata={"chainrule.checkpoint": json.dumps(about)})


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda about, tensors: about.update(format=99), VersionError),
        (lambda about, tensors: about.pop("format"), FileFormatError),
        (lambda about, tensors: about.update(format="new"), FileFormatError),
        (lambda about, tensors: about.pop("history"), FileFormatError),
        (lambda about, tensors: about["history"].update(epoch=3), FileFormatError),
        (lambda about, tensors: about.update(epoch="last"), FileFormatError),
        (lambda about, tensors: about.pop("param_groups"), FileFormatError),
        (lambda about, tensors: about.update(param_groups=[]), ChainruleError),
        (lambda about, tensors: tensors.pop("random"), FileFormatError),
        (lambda about, tensors: tensors.pop("model.weight"), StateDictError),
        (lambda about, tensors: tensors.pop("optimizer.0.exp_avg"), StateDictError),
        (lambda about, tensors: tensors.update({"optimizer.x.exp_avg": tensors["random"]}), FileFormatError),
    ],
)
def test_edited_checkpoints_change_nothing(tmp_path, change, error):
    x, path = np.ones((4, 1), np.float32), tmp_path / "c.safetensors"
    model = nn.Linear(1, 1)
    model.compile("adam", "mse")
    model.fit(x, x, verbose=0, callbacks=[ModelCheckpoint(path)])
    edited(path, change)
    model.fit(x, x, epochs=3, verbose=0)
    optimizer = model._compiled.optimizer
    before = {**model.state_dict(), "lr": optimizer.lr, **optimizer.state_dict()["state"][0]}
    before = {name: np.asarray(value).copy() for name, value in before.items()}
    with pytest.raises(error):
        model.fit(x, x, epochs=3, resume=path, verbose=0)
    after = {**model.state_dict(), "lr": optimizer.lr, **optimizer.state_dict()["state"][0]}
    for name, value in after.items():
        np.testing.assert_array_equal(np.asarray(value), before[name], err_msg=name)


def test_resuming_what_is_finished(tmp_path, capsys):
    x, path = np.ones((4, 1), np.float32), tmp_path / "c.safetensors"
    model = nn.Linear(1, 1)
    model.compile("adam", "mse")
    model.fit(x, x, epochs=2, verbose=0, callbacks=[ModelCheckpoint(path)])
    history = model.fit(x, x, epochs=2, resume=path)
    assert history.epoch == [0, 1]
    assert "nothing is left to train: 2 of 2 epochs are done" in capsys.readouterr().out


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


@pytest.mark.parametrize("metric", ["false_negatives", "false_positives"])
def test_a_metric_says_itself_that_it_shall_fall(metric):
    model = nn.Sequential(nn.Linear(1, 1))
    model.compile(cr.optim.SGD(model.parameters(), lr=0.0), nn.BCEWithLogitsLoss(), metrics=[metric])
    x, y = np.ones((4, 1), np.float32), np.array([0, 1, 0, 1])
    stopping = EarlyStopping(f"val_{metric}", patience=5)

    class Moves(Callback):
        def on_epoch_end(self, epoch, logs):
            logs[f"val_{metric}"] = [3.0, 1.0, 2.0][epoch]

    model.fit(x, y, epochs=3, validation_data=(x, y), callbacks=[Moves(), stopping], verbose=0)
    assert stopping.best_epoch == 1


@pytest.mark.parametrize("jit", [True, False])
def test_layers_put_into_evaluation_at_the_start_of_an_epoch_stay_there_for_it(blobs, jit):
    class FirstOnly(Callback):
        """BatchNorm's statistics are those of the first epoch."""

        def on_epoch_begin(self, epoch):
            seen.append(norm.num_batches_tracked.item())
            if epoch:
                norm.eval()

    norm, seen = nn.BatchNorm1d(2), []
    model = nn.Sequential(norm, nn.Linear(2, 3))
    model.compile("sgd", "sparse_categorical_crossentropy")
    x, y = blobs
    model.fit(x, y, 40, 3, verbose=0, callbacks=FirstOnly(), validation_data=(x, y), jit=jit)
    assert seen == [0, 3, 3]
    assert norm.num_batches_tracked.item() == 3
    assert norm.training
