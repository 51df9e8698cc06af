"""What batches, weights and indices that do not count mean for the loss and the metrics: laws, in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
import chainrule.nn.functional as F
from chainrule import nn
from chainrule.training.objective import Objective

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 4))
CLASSES = np.arange(30) % 3
ONE_HOT = np.eye(3)[CLASSES]
YES = (np.arange(30) % 2).astype(float)[:, None]
NUMBERS = X.sum(axis=1, keepdims=True)
WORDS = RNG.integers(0, 5, (30, 6))
NEXT = np.where(RNG.random((30, 6)) < 0.3, -100, RNG.integers(0, 5, (30, 6)))

LOSSES = {
    "mse": (nn.MSELoss, NUMBERS, 1),
    "huber": (nn.HuberLoss, NUMBERS, 1),
    "bce": (nn.BCEWithLogitsLoss, YES, 1),
    "classes": (nn.CrossEntropyLoss, CLASSES, 3),
    "weighed classes": (lambda **k: nn.CrossEntropyLoss(weight=[1.0, 2.0, 4.0], **k), CLASSES, 3),
    "a class that does not count": (lambda **k: nn.CrossEntropyLoss(ignore_index=1, **k), CLASSES, 3),
    "distributions": (nn.CrossEntropyLoss, ONE_HOT, 3),
    "smoothed": (lambda **k: nn.CrossEntropyLoss(label_smoothing=0.1, **k), CLASSES, 3),
}


def linear(outputs):
    cr.manual_seed(0)
    return nn.Linear(4, outputs, dtype=cr.float64)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_weights_of_1_change_nothing(loss, reduction):
    build, y, outputs = LOSSES[loss]
    output, target = linear(outputs)(cr.tensor(X)), cr.tensor(y)
    objective = Objective(build(reduction=reduction))
    plain, weighed = objective(output, target), objective(output, target, cr.ones(30, dtype=cr.float64))
    np.testing.assert_allclose(weighed.item(), plain.item(), rtol=1e-12)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("weigh", [False, True])
def test_evaluation_does_not_depend_on_the_batch_size(loss, weigh):
    build, y, outputs = LOSSES[loss]
    model = linear(outputs)
    model.compile("sgd", build())
    weight = np.linspace(0.5, 2, 30) if weigh else None
    found = [model.evaluate(X, y, batch_size=n, sample_weight=weight, verbose=0) for n in (4, 7, None)]
    np.testing.assert_allclose(found, found[0], rtol=1e-12)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_accumulated_batches_are_one_large_batch(loss):
    build, y, outputs = LOSSES[loss]
    found = []
    for accumulate, batch_size in ((1, 12), (3, 4), (4, 3)):
        model = linear(outputs)
        model.compile(cr.optim.SGD(model.parameters(), lr=0.1), build(), accumulate=accumulate)
        model.fit(X, y, batch_size=batch_size, epochs=2, shuffle=False, verbose=0)
        found.append(model.weight.detach().numpy())
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-10)


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0]), min_size=30, max_size=30).filter(any))
def test_a_weight_of_n_is_n_rows(weights):
    build, y, outputs = LOSSES["classes"]
    objective, model = Objective(build()), linear(outputs)
    weighed = objective(model(cr.tensor(X)), cr.tensor(y), cr.tensor(np.array(weights)))
    rows = np.repeat(np.arange(30), np.array(weights, int))
    repeated = objective(model(cr.tensor(X[rows])), cr.tensor(y[rows]))
    # As in Keras, the weighed sum is divided by the number of rows.
    np.testing.assert_allclose(weighed.item() * 30, repeated.item() * len(rows), rtol=1e-10)


def language_model():
    cr.manual_seed(0)
    return nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 5))


def test_targets_at_every_position_some_of_which_do_not_count():
    model = language_model()
    model.compile("adam", nn.CrossEntropyLoss(), metrics=["accuracy"])
    loss, accuracy = model.evaluate(WORDS, NEXT, batch_size=7, verbose=0)
    scores, counted = model.predict(WORDS), NEXT != -100
    assert accuracy == pytest.approx((scores.argmax(-1) == NEXT)[counted].mean())
    expected = F.cross_entropy(cr.tensor(scores[counted]), cr.tensor(NEXT[counted])).item()
    assert loss == pytest.approx(expected, rel=1e-5)
    history = model.fit(WORDS, NEXT, epochs=2, validation_split=0.2, sample_weight=np.ones(30), verbose=0)
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}


def test_metrics_weigh_the_positions_of_a_row_by_the_row():
    model = language_model()
    model.compile("adam", nn.CrossEntropyLoss(), metrics=["accuracy"])
    weight = np.r_[np.ones(15), np.zeros(15)]
    _, accuracy = model.evaluate(WORDS, NEXT, sample_weight=weight, verbose=0)
    _, of_half = model.evaluate(WORDS[:15], NEXT[:15], verbose=0)
    assert accuracy == pytest.approx(of_half)


def test_class_indices_as_a_column():
    found = []
    for y in (CLASSES, CLASSES[:, None], CLASSES.astype(np.uint8), CLASSES.astype(np.int32)[:, None]):
        model = linear(3)
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(X, y, verbose=0)
        found.append(model.evaluate(X, y, verbose=0))
    assert all(other == found[0] for other in found)


def test_yes_and_no_in_every_form():
    found = []
    for y in (YES, YES[:, 0], YES.astype(bool), YES[:, 0].astype(np.int32)):
        model = linear(1)
        model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
        model.fit(X, y, verbose=0)
        found.append(model.evaluate(X, y, verbose=0))
    assert all(other == found[0] for other in found)


def test_several_answers_a_row():
    y = (RNG.random((30, 4)) > 0.5).astype(int)
    model = linear(4)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy", "f1_macro"])
    history = model.fit(X, y, epochs=3, validation_split=0.2, verbose=0)
    assert 0 <= history["val_f1_macro"][-1] <= 1


@pytest.mark.parametrize(
    ("function", "module", "end"),
    [
        (F.cross_entropy, nn.CrossEntropyLoss, nn.Identity),
        (F.mse_loss, nn.MSELoss, nn.Identity),
        (F.binary_cross_entropy, nn.BCELoss, nn.Sigmoid),
    ],
)
def test_a_loss_as_a_function_is_the_loss(function, module, end):
    model = nn.Sequential(linear(3), end())
    model.compile("sgd", function)
    assert isinstance(model._compiled.objective.loss, module)


class Custom(nn.Module):
    def __init__(self, end=None):
        super().__init__()
        self.layer = linear(3)
        self.end = end

    def forward(self, x):
        return self.layer(x) if self.end is None else self.end(self.layer(x))


@pytest.mark.parametrize(
    ("end", "loss"),
    [
        (None, nn.CrossEntropyLoss),
        (lambda z: F.softmax(z, dim=-1), nn.CategoricalCrossEntropy),
        (lambda z: F.log_softmax(z, dim=-1), nn.CrossEntropyLoss),
    ],
)
@pytest.mark.parametrize("frozen", [False, True])
def test_a_name_takes_the_form_that_a_custom_forward_calls_for(end, loss, frozen):
    model = Custom(end)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.requires_grad_(not frozen)
    with cr.no_grad():
        measured, _ = model.evaluate(X, CLASSES, verbose=0)
    assert isinstance(model._compiled.objective.loss, loss)
    logits = model.layer(cr.tensor(X)).detach()
    assert measured == pytest.approx(F.cross_entropy(logits, cr.tensor(CLASSES)).item())
