"""What tutorials of Keras do, with chainrule's layers."""

import csv

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.training import CSVLogger, EarlyStopping, LearningRateScheduler, ModelCheckpoint, ReduceLROnPlateau


def picture_model():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10), nn.Softmax())


def test_the_beginners_quickstart(digits, capsys):
    (x_train, y_train), (x_test, y_test) = digits
    model = picture_model()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train, y_train, epochs=10)
    assert len(history.history["loss"]) == 10
    assert history.history["loss"][-1] < history.history["loss"][0]
    test_loss, test_accuracy = model.evaluate(x_test, y_test)
    assert test_accuracy > 0.93
    assert test_loss < 0.5
    predictions = model.predict(x_test)
    assert predictions.shape == (len(x_test), 10)
    np.testing.assert_allclose(predictions.sum(axis=1), 1, rtol=1e-5)
    assert (np.argmax(predictions, axis=1) == y_test).mean() == pytest.approx(test_accuracy)
    out = capsys.readouterr().out
    assert "from probabilities, because the model ends in Softmax" in out
    assert "mini-batch gradient descent: 43 iterations an epoch, 32 of 1,347 rows each" in out


def test_one_hot_targets(digits):
    (x_train, y_train), (x_test, y_test) = digits
    model = picture_model()
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, np.eye(10)[y_train], epochs=5, batch_size=128, verbose=0)
    _, accuracy = model.evaluate(x_test, np.eye(10)[y_test], verbose=0)
    assert accuracy > 0.85


def test_validation_data_and_early_stopping(digits, capsys):
    (x_train, y_train), validation = digits
    model = picture_model()
    model.compile(cr.optim.Adam(model.parameters(), lr=0.01), "sparse_categorical_crossentropy", ["accuracy"])
    stopping = EarlyStopping(monitor="val_loss", patience=2, restore_best_weights=True)
    history = model.fit(x_train, y_train, 64, 60, validation_data=validation, callbacks=[stopping], verbose=2)
    assert len(history.epoch) < 60
    best = int(np.argmin(history.history["val_loss"]))
    assert stopping.best_epoch == best
    assert model.evaluate(*validation, verbose=0)[0] == pytest.approx(history.history["val_loss"][best])
    assert f"the weights of epoch {best + 1} are restored" in capsys.readouterr().out


def test_binary_classification(moons):
    x, y = moons
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
    optimizer = cr.optim.Adam(model.parameters(), lr=0.01)
    model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy", "auc", "precision", "recall"])
    history = model.fit(x, y, epochs=30, batch_size=16, validation_split=0.2, verbose=0)
    assert history.history["val_accuracy"][-1] > 0.95
    measured = model.evaluate(x, y, verbose=0, return_dict=True)
    assert list(measured) == ["loss", "accuracy", "auc", "precision", "recall"]
    assert ((model.predict(x) > 0.5).astype("int32")[:, 0] == y).mean() == pytest.approx(measured["accuracy"])


def test_classes_that_are_rare(moons):
    x, y = moons
    few = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:15]]
    recalls = []
    for class_weight in (None, {0: 1.0, 1: 10.0}):
        cr.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1), nn.Sigmoid())
        model.compile("adam", "binary_crossentropy", metrics=["recall"])
        model.fit(x[few], y[few], epochs=15, batch_size=8, class_weight=class_weight, verbose=0)
        recalls.append(model.evaluate(x, y, verbose=0)[1])
    assert recalls[1] > recalls[0]


def test_regression():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)).astype("float32")
    y = (x @ np.array([1.0, -2.0, 0.5]) + 3).astype("float32")[:, None]
    model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
    model.compile(optimizer=cr.optim.Adam(model.parameters(), lr=0.01), loss="mse", metrics=["mae", "r2"])
    history = model.fit(x, y, epochs=40, validation_split=0.2, verbose=0)
    assert history.history["val_r2"][-1] > 0.95
    assert history.history["val_mae"][-1] < 0.5
    assert model.predict(x[:3]).shape == (3, 1)


def test_all_callbacks_at_once(digits, tmp_path):
    (x_train, y_train), validation = digits
    model = picture_model()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])

    class Notes(cr.training.Callback):
        def __init__(self):
            self.rates = []

        def on_epoch_end(self, epoch, logs=None):
            self.rates.append(self.session.optimizer.learning_rate)

    notes = Notes()
    model.fit(
        x_train,
        y_train,
        epochs=4,
        validation_data=validation,
        callbacks=[
            LearningRateScheduler(lambda epoch, lr: 0.1 * 0.5**epoch),
            notes,
            ReduceLROnPlateau(monitor="val_accuracy", factor=0.5, patience=1),
            ModelCheckpoint(tmp_path / "best.safetensors", save_best_only=True, monitor="val_accuracy"),
            CSVLogger(tmp_path / "log.csv"),
        ],
        verbose=0,
    )
    assert notes.rates == pytest.approx([0.1, 0.05, 0.025, 0.0125])
    with (tmp_path / "log.csv").open() as stream:
        assert [row["epoch"] for row in csv.DictReader(stream)] == ["0", "1", "2", "3"]
    assert (tmp_path / "best.safetensors").exists()


def test_a_loop_over_batches_of_ones_own(digits):
    (x_train, y_train), _ = digits
    model = picture_model()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    losses = []
    for _ in range(6):
        for rows in np.random.default_rng(0).permutation(1280).reshape(20, 64):
            loss, accuracy = model.train_on_batch(x_train[rows], y_train[rows])
            losses.append(loss)
    assert np.mean(losses[-20:]) < np.mean(losses[:20]) / 1.3
    assert accuracy > 0.5


def test_the_summary(capsys):
    print(picture_model().summary((8, 8, 1)))
    out = capsys.readouterr().out
    assert "4,810 parameters" in out
    assert "(N, 10)" in out


def test_a_data_set_is_inputs_and_targets():
    parts = cr.data.split_dataset(cr.data.load_digits(), validation=0.1, test=0.2)
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(64), nn.Linear(64, 10))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(parts.train, epochs=10, validation_data=parts.validation, verbose=0)
    _, accuracy = model.evaluate(parts.test, verbose=0)
    assert accuracy > 0.85
    assert model.predict(parts.test).shape == (len(parts.test), 10)
