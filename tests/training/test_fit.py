"""`fit`, `evaluate`, `predict`, `train_on_batch`: what Keras's users expect, and what is better here."""

import copy

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, NotCompiledError
from chainrule.training import Callback, ModelCheckpoint


def weights(model):
    return {name: tensor.numpy() for name, tensor in model.state_dict().items()}


def assert_same_bits(a, b):
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def test_learns_and_keeps_the_history(blobs, classifier):
    history = classifier.fit(*blobs, epochs=15, validation_split=0.25, verbose=0)
    assert history.epoch == list(range(15))
    assert list(history.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert history["val_accuracy"][-1] == 1.0
    assert history["loss"][-1] < history["loss"][0]
    loss, accuracy = classifier.evaluate(*blobs, verbose=0)
    assert accuracy == 1.0
    assert 0 < loss < 0.2
    assert (classifier.predict(blobs[0]).argmax(axis=1) == blobs[1]).all()


def test_same_seed_same_bits(blobs):
    found = []
    for _ in range(2):
        cr.manual_seed(3)
        model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))
        model.compile("adam", nn.CrossEntropyLoss())
        model.fit(*blobs, epochs=2, batch_size=16, seed=5, verbose=0)
        found.append(weights(model))
    assert_same_bits(*found)


@pytest.mark.parametrize(
    ("batch_size", "said"),
    [
        (None, "full-batch gradient descent: 1 iteration an epoch"),
        (1, "stochastic gradient descent: 120 iterations an epoch"),
        (50, "mini-batch gradient descent: 3 iterations an epoch"),
    ],
)
def test_says_which_kind_of_gradient_descent(blobs, classifier, capsys, batch_size, said):
    classifier.fit(*blobs, batch_size=batch_size, epochs=1, verbose=2)
    out = capsys.readouterr().out
    assert said in out
    assert "epoch 1/1  training: loss" in out
    assert "metric: accuracy is CategoricalAccuracy" in out


def test_silence(blobs, classifier, capsys):
    classifier.fit(*blobs, epochs=1, validation_split=0.1, verbose=0)
    classifier.evaluate(*blobs, verbose=0)
    assert capsys.readouterr().out == ""


def test_full_batch_is_gradient_descent_by_hand(blobs, classifier):
    by_hand, compiled = copy.deepcopy(classifier), copy.deepcopy(classifier)
    classifier.fit(*blobs, batch_size=None, epochs=3, verbose=0, jit=False)
    compiled.fit(*blobs, batch_size=None, epochs=3, verbose=0)
    optimizer = cr.optim.SGD(by_hand.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(by_hand(cr.tensor(blobs[0])), cr.tensor(blobs[1])).backward()
        optimizer.step()
    assert_same_bits(weights(classifier), weights(by_hand))
    for name, weight in weights(compiled).items():
        np.testing.assert_allclose(weight, weights(by_hand)[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rows", [120, 119, 113])
def test_accumulated_batches_are_one_large_batch(blobs, rows):
    x, y = blobs[0][:rows].astype(np.float64), blobs[1][:rows]
    found = []
    for accumulate, batch_size in ((1, 24), (3, 8)):
        cr.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 3)).double()
        model.compile(
            cr.optim.SGD(model.parameters(), lr=0.5), nn.CrossEntropyLoss(), accumulate=accumulate, clip_norm=0.3
        )
        model.fit(x, y, batch_size=batch_size, epochs=2, shuffle=False, verbose=0)
        found.append(weights(model))
    for name in found[0]:
        np.testing.assert_allclose(found[0][name], found[1][name], rtol=1e-12, err_msg=name)


def test_a_weight_of_two_is_a_row_twice(blobs):
    x, y = blobs[0].astype(np.float64), blobs[1]
    twice = np.r_[np.arange(120), np.arange(0, 120, 3)]
    found = []
    # A batch's loss is the weighed sum divided by its rows: 160 rows must weigh more to make up for that.
    for inputs, targets, weight in (
        (x, y, np.where(np.arange(120) % 3 == 0, 2.0, 1.0)),
        (x[twice], y[twice], np.full(160, 160 / 120)),
    ):
        cr.manual_seed(0)
        model = nn.Linear(2, 3, dtype=cr.float64)
        model.compile(cr.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss())
        model.fit(inputs, targets, batch_size=None, epochs=2, sample_weight=weight, verbose=0)
        found.append(weights(model))
    for name in found[0]:
        np.testing.assert_allclose(found[0][name], found[1][name], rtol=1e-10, err_msg=name)


def test_class_weight_is_a_weight_for_each_row_of_the_class(blobs):
    x, y = blobs
    found = []
    for arguments in ({"class_weight": {0: 3.0, 2: 0.5}}, {"sample_weight": np.array([3.0, 1.0, 0.5])[y]}):
        cr.manual_seed(0)
        model = nn.Linear(2, 3)
        model.compile("sgd", nn.CrossEntropyLoss())
        model.fit(x, y, epochs=1, verbose=0, **arguments)
        found.append(weights(model))
    assert_same_bits(*found)


def test_balanced_classes_count_the_same(blobs):
    from chainrule.training.rows import Rows, weigh_classes

    y = np.array([0] * 90 + [1] * 10)
    rows = weigh_classes(Rows(np.zeros((100, 1)), y), y, "balanced", nn.Linear(1, 2))
    assert rows.weight[:90].sum() == pytest.approx(rows.weight[90:].sum())
    assert rows.weight.mean() == pytest.approx(1.0)


def test_validation_split_is_seeded_and_stratified(blobs, classifier):
    seen = {}

    class Look(Callback):
        def on_train_begin(self):
            seen["training"] = self.session.batches.arrays[1]

    order = np.argsort(blobs[1], kind="stable")
    classifier.fit(blobs[0][order], blobs[1][order], validation_split=0.25, callbacks=[Look()], verbose=0)
    np.testing.assert_array_equal(np.bincount(seen["training"]), [30, 30, 30])
    first = seen["training"].copy()
    classifier.fit(blobs[0][order], blobs[1][order], validation_split=0.25, callbacks=[Look()], verbose=0)
    np.testing.assert_array_equal(seen["training"], first)


def test_validation_loss_is_what_evaluate_gives(blobs, classifier):
    x, y = blobs
    history = classifier.fit(x[:80], y[:80], validation_data=(x[80:], y[80:]), epochs=2, verbose=0)
    measured = classifier.evaluate(x[80:], y[80:], return_dict=True, verbose=0)
    assert measured == {"loss": history["val_loss"][-1], "accuracy": history["val_accuracy"][-1]}


def test_modes_are_put_back(blobs, classifier):
    classifier.eval()
    classifier.fit(*blobs, epochs=1, verbose=0)
    assert not classifier.training
    classifier.train()
    classifier.predict(blobs[0])
    classifier.evaluate(*blobs, verbose=0)
    assert classifier.training


def test_evaluation_does_not_depend_on_the_batch_size(blobs, classifier):
    one = classifier.evaluate(*blobs, batch_size=7, verbose=0)
    other = classifier.evaluate(*blobs, batch_size=120, verbose=0)
    np.testing.assert_allclose(one, other, rtol=1e-6)
    np.testing.assert_allclose(classifier.predict(blobs[0], batch_size=7), classifier.predict(blobs[0]), rtol=1e-5)


def test_train_on_batch(blobs, classifier):
    losses = [classifier.train_on_batch(*blobs)[0] for _ in range(5)]
    assert losses == sorted(losses, reverse=True)
    assert set(classifier.train_on_batch(*blobs, return_dict=True)) == {"loss", "accuracy"}


def test_a_loss_of_ones_own(blobs):
    x, y = blobs[0], blobs[0] @ np.array([[1.0], [2.0]], np.float32)
    model = nn.Linear(2, 1)
    model.compile(cr.optim.SGD(model.parameters(), lr=0.05), lambda p, t: ((p - t) ** 2).mean(), metrics=["mae"])
    history = model.fit(x, y, epochs=20, verbose=0)
    assert history["mae"][-1] < 0.05


def test_tensors_and_lists_are_data_too(blobs, classifier):
    classifier.fit(cr.tensor(blobs[0]), cr.tensor(blobs[1]), epochs=1, verbose=0)
    classifier.fit(blobs[0].tolist(), blobs[1].tolist(), epochs=1, verbose=0)
    assert classifier.predict(cr.tensor(blobs[0])).shape == (120, 3)


def test_a_second_fit_goes_on(blobs, classifier):
    first = classifier.fit(*blobs, epochs=2, verbose=0)
    second = classifier.fit(*blobs, epochs=2, verbose=0)
    assert second["loss"][0] < first["loss"][0]


@pytest.mark.parametrize("stop_after", [1, 3])
def test_resuming_gives_the_same_bits(blobs, tmp_path, stop_after):
    def train(epochs, **options):
        cr.manual_seed(1)
        model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3))
        model.compile("adam", nn.CrossEntropyLoss(), metrics=["accuracy"])
        history = model.fit(*blobs, epochs=epochs, batch_size=16, validation_split=0.2, verbose=0, **options)
        return model, history

    path = tmp_path / "checkpoint.safetensors"
    whole, history = train(5)
    train(stop_after, callbacks=[ModelCheckpoint(path)])
    cr.rand(7)  # the random state is the checkpoint's, not what it happens to be
    resumed, resumed_history = train(5, resume=path)
    assert_same_bits(weights(whole), weights(resumed))
    assert resumed_history.history == history.history


def test_before_compile(blobs):
    with pytest.raises(NotCompiledError, match=r"model\.compile"):
        nn.Linear(2, 3).fit(*blobs)


def test_optimizer_of_another_model(classifier):
    other = nn.Linear(2, 3)
    with pytest.raises(ArgumentError, match="no weight of this model"):
        classifier.compile(cr.optim.SGD(other.parameters(), lr=0.1), "mse")


class OfFunctions(nn.Module):
    """A model whose last layer only its forward knows."""

    def __init__(self, activation):
        super().__init__()
        self.hidden, self.output = nn.Linear(2, 8), nn.Linear(8, 3)
        self.activation = activation

    def forward(self, x):
        return self.activation(self.output(cr.relu(self.hidden(x))))


@pytest.mark.parametrize(
    ("activation", "loss"),
    [(lambda x: x, nn.CrossEntropyLoss), (lambda x: cr.softmax(x, dim=-1), nn.losses.CategoricalCrossEntropy)],
)
def test_a_loss_by_name_fits_what_forward_ends_in(blobs, activation, loss):
    model = OfFunctions(activation)
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    history = model.fit(*blobs, epochs=1, verbose=0)
    assert isinstance(model._compiled.objective.loss, loss)
    assert "accuracy" in history.history
