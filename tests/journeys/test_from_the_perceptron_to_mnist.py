"""The way of the course: what a line can tell apart, what a network can, and the pictures at the end."""

import gzip
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule import models, nn
from chainrule.cli import main
from chainrule.tables.run_folder import read_run

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)


@pytest.mark.parametrize(("gate", "answers"), [("AND", [0, 0, 0, 1]), ("OR", [0, 1, 1, 1]), ("NAND", [1, 1, 1, 0])])
def test_a_perceptron_learns_what_a_line_can_tell_apart(gate, answers):
    perceptron = models.Perceptron(2)
    history = perceptron.fit(CORNERS, answers, verbose=False)
    assert history.separable
    assert perceptron(cr.tensor(CORNERS)).tolist() == answers


def test_a_perceptron_cannot_learn_xor_and_a_network_can():
    xor = np.array([0, 1, 1, 0])
    assert models.Perceptron(2).fit(CORNERS, xor, verbose=False).separable is False
    network = models.MLP(2, 8, 1, activation="tanh")
    network.compile(cr.optim.Adam(network.parameters(), lr=0.05), "binary_crossentropy", metrics=["accuracy"])
    history = network.fit(CORNERS, xor, batch_size=None, epochs=200, verbose=0)
    assert history["accuracy"][-1] == 1.0
    assert ((network.predict(CORNERS)[:, 0] > 0).astype(int) == xor).all()


def test_three_kinds_of_gradient_descent_reach_the_same_place():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 2)).astype(np.float32)
    y = x @ np.array([[2.0], [-1.0]], np.float32)
    for batch_size, epochs in ((None, 200), (1, 5), (16, 40)):
        model = nn.Linear(2, 1)
        model.compile(cr.optim.SGD(model.parameters(), lr=0.1), "mse")
        model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0)
        np.testing.assert_allclose(model.weight.detach().numpy(), [[2.0, -1.0]], atol=1e-3)


def test_overfitting_shows_and_early_stopping_ends_it():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 20)).astype(np.float32), np.arange(40) % 2
    validation = rng.normal(size=(40, 20)).astype(np.float32), np.arange(40) % 2
    model = models.MLP(20, 64, 1)
    model.compile(cr.optim.Adam(model.parameters(), lr=0.01), "binary_crossentropy")
    history = model.fit(x, y, epochs=40, validation_data=validation, verbose=0)
    assert history["loss"][-1] < 0.1
    assert history["val_loss"][-1] > history["val_loss"][0]
    stopping = cr.training.EarlyStopping(patience=3)
    fresh = models.MLP(20, 64, 1)
    fresh.compile(cr.optim.Adam(fresh.parameters(), lr=0.01), "binary_crossentropy")
    stopped = fresh.fit(x, y, epochs=40, validation_data=validation, callbacks=[stopping], verbose=0)
    assert len(stopped) < 40
    assert fresh.evaluate(*validation, verbose=0) < history["val_loss"][-1]


@pytest.fixture
def small_mnist(real_data, tmp_path):
    """The first rows of MNIST's own files, as files of the same form."""
    for name, rows, row_bytes in (
        ("train-images-idx3-ubyte", 2000, 784),
        ("train-labels-idx1-ubyte", 2000, 1),
        ("t10k-images-idx3-ubyte", 500, 784),
        ("t10k-labels-idx1-ubyte", 500, 1),
    ):
        head = 16 if row_bytes > 1 else 8
        with gzip.open(real_data / "mnist" / f"{name}.gz") as stream:
            content = bytearray(stream.read(head + rows * row_bytes))
        content[4:8] = rows.to_bytes(4, "big")
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(("model", "least"), [("mlp", 0.85), ("lenet", 0.88)])
def test_mnist_through_the_command(small_mnist, tmp_path, monkeypatch, capsys, model, least):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    arguments = ["train", str(small_mnist), "--model", model, "--epochs", "4", "--lr", "0.003"]
    monkeypatch.setattr(sys, "argv", ["chainrule", *arguments, "--out", str(tmp_path / "run")])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert "pictures of shape (28, 28, 1)" in capsys.readouterr().out
    run = read_run(tmp_path / "run")
    assert run.record.parts == {"training": 1700, "validation": 300, "test": 500}
    assert run.results[0].measured["accuracy"] > least
