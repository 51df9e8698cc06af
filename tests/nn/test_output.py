"""What a model ends in, and whether its loss fits."""

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn.functional as F
from chainrule import nn
from chainrule.core.abstract import shapes_only
from chainrule.errors import OutputLayerError, TargetDTypeError, UnknownNameError
from chainrule.nn.output import LastLayer, check_layer, check_output, fit_loss_to_output, last_layer, traced_layer


def ending_in(*layers, outputs=3):
    return nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Sequential(nn.Linear(5, outputs), *layers))


class Own(nn.Module):
    """A model whose structure does not show what it ends in."""

    def __init__(self, function):
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.function = function

    def forward(self, x):
        return self.function(self.linear(x))


# Looking


@pytest.mark.parametrize("layer", [nn.Sigmoid(), nn.Softmax(), nn.LogSoftmax(), nn.ReLU(), nn.Tanh(), nn.Step()])
def test_the_last_layer_of_a_chain(layer):
    kind = type(layer).__name__
    assert last_layer(ending_in(layer)) == LastLayer(kind, f"{kind} '2.1'")
    assert last_layer(layer) == LastLayer(kind, kind)


@pytest.mark.parametrize(
    "passing",
    [nn.Identity(), nn.Flatten(), nn.Dropout(), nn.AdaptiveAvgPool2d(1), nn.AdaptiveMaxPool2d(1), nn.MaxPool1d(2)],
)
def test_layers_that_keep_the_kind_of_numbers_are_passed_over(passing):
    assert last_layer(ending_in(passing)) == LastLayer("Linear", "Linear '2.0'")


def test_what_cannot_be_known_is_not_guessed():
    class Mine(nn.Sequential):
        def forward(self, x):
            return F.softmax(super().forward(x), dim=-1)

    assert last_layer(Own(F.relu)).kind is None
    assert last_layer(Mine(nn.Linear(4, 2))).kind is None
    assert last_layer(nn.Sequential()).kind is None
    assert last_layer(nn.Sequential(nn.Linear(4, 4), Own(F.relu))).kind is None
    assert last_layer(nn.Sequential(nn.Hardtanh(0, 1))).kind is None


TRACED = {
    "a layer": (nn.Softmax(), "Softmax"),
    "no layer": (lambda x: x, "Linear"),
    "softmax": (lambda x: F.softmax(x, dim=-1), "Softmax"),
    "softmax by hand, worked out twice": (lambda x: x.exp() / x.exp().sum(dim=-1, keepdim=True), None),
    "softmax by hand": (lambda x: (lambda e: e / e.sum(dim=-1, keepdim=True))(x.exp()), "Softmax"),
    "log_softmax": (lambda x: F.log_softmax(x, dim=-1), "LogSoftmax"),
    "sigmoid": (cr.sigmoid, "Sigmoid"),
    "sigmoid by hand": (lambda x: 1 / (1 + (-x).exp()), "Sigmoid"),
    "tanh": (cr.tanh, "Tanh"),
    "moved": (lambda x: x.sigmoid().reshape(4, -1)[:2].T.squeeze(-1), "Sigmoid"),
    "averaged": (lambda x: F.softmax(x, dim=-1).mean(dim=0), "Softmax"),
    "scaled": (lambda x: x * 0.5, "Linear"),
    "matmul": (lambda x: x @ cr.ones(4, 2), "Linear"),
    "matmul and bias": (lambda x: x @ cr.ones(4, 2) + 1, "Linear"),
    "a sum of two": (lambda x: x + x.sigmoid(), None),
    "a quotient of two": (lambda x: x / (x + 1), None),
    "a difference of two": (lambda x: x - x.sigmoid(), None),
    "nothing learned": (lambda x: cr.ones(2, 2), None),
}


@pytest.mark.parametrize("how", TRACED)
@pytest.mark.parametrize("values", [True, False])
def test_the_trace_of_an_output(how, values):
    function, kind = TRACED[how]
    model = Own(function)
    if values:
        assert traced_layer(model(cr.zeros(2, 4))).kind == kind
    else:
        with shapes_only():
            assert traced_layer(model(cr.zeros(2, 4))).kind == kind


def test_the_trace_knows_the_layers_name():
    model = Own(lambda x: x)
    assert traced_layer(model(cr.zeros(2, 4)).squeeze(0)).label == "Linear 'linear'"


# Fitting

FORMS = [
    ("binary_crossentropy", nn.Sigmoid, nn.BCELoss, "probabilities"),
    ("binary_crossentropy", None, nn.BCEWithLogitsLoss, "logits"),
    ("sparse_categorical_crossentropy", nn.Softmax, nn.CategoricalCrossEntropy, "probabilities"),
    ("categorical_crossentropy", nn.Softmax, nn.CategoricalCrossEntropy, "probabilities"),
    ("sparse_categorical_crossentropy", None, nn.CrossEntropyLoss, "logits"),
    ("categorical_crossentropy", None, nn.CrossEntropyLoss, "logits"),
    ("cross_entropy", nn.LogSoftmax, nn.CrossEntropyLoss, "LogSoftmax"),
    ("kl_divergence", nn.Softmax, nn.KLDivergence, "probabilities"),
    ("kld", nn.LogSoftmax, nn.KLDivLoss, "log-probabilities"),
]


@pytest.mark.parametrize(("name", "layer", "loss", "word"), FORMS)
def test_the_form_of_a_loss_follows_the_last_layer(name, layer, loss, word):
    model = ending_in(*([layer()] if layer else []))
    found, because = fit_loss_to_output(name, model)
    assert type(found) is loss
    assert word in because
    assert (layer.__name__ if layer else "Linear") in because


@pytest.mark.parametrize(("name", "loss"), [("mse", nn.MSELoss), ("mae", nn.L1Loss), ("huber", nn.HuberLoss)])
@pytest.mark.parametrize("layer", [nn.Identity, nn.Sigmoid, nn.Softmax, nn.ReLU, nn.Tanh])
def test_a_loss_of_numbers_has_one_form(name, loss, layer):
    found, because = fit_loss_to_output(name, ending_in(layer()))
    assert (type(found), because) == (loss, "")


def test_a_name_means_what_it_means_in_keras_where_nothing_is_known():
    model = Own(lambda x: x.sigmoid())
    found, because = fit_loss_to_output("binary_crossentropy", model)
    assert type(found) is nn.BCELoss
    assert "Keras" in because


@pytest.mark.parametrize(
    ("function", "loss"),
    [(lambda x: x, nn.CrossEntropyLoss), (lambda x: F.softmax(x, dim=-1), nn.CategoricalCrossEntropy)],
)
def test_a_trace_is_better_than_nothing(function, loss):
    model = Own(function)
    layer = traced_layer(model(cr.zeros(2, 4)))
    assert type(fit_loss_to_output("sparse_categorical_crossentropy", model, layer)[0]) is loss


def test_an_unknown_loss_has_a_nearest_one():
    with pytest.raises(UnknownNameError, match="did you mean 'binary_crossentropy'"):
        fit_loss_to_output("binary_crosentropy", ending_in())


# Checking

MISFITS = [
    (nn.CrossEntropyLoss, nn.Softmax, "applies a softmax itself", "leave out Softmax, or take CategoricalCrossEntropy"),
    (nn.CrossEntropyLoss, nn.Sigmoid, "applies a softmax itself", "leave out Sigmoid"),
    (nn.CrossEntropyLoss, nn.ReLU, "cuts off", "leave out the last ReLU"),
    (nn.BCEWithLogitsLoss, nn.Sigmoid, "applies a sigmoid itself", "leave out Sigmoid, or take BCELoss"),
    (nn.BCEWithLogitsLoss, nn.Softmax, "applies a sigmoid itself", "leave out Softmax"),
    (nn.BCEWithLogitsLoss, nn.LogSoftmax, "applies a sigmoid itself", "leave out LogSoftmax"),
    (nn.BCEWithLogitsLoss, nn.ReLU, "cuts off", "leave out the last ReLU"),
    (nn.BCELoss, nn.Identity, "no probabilities", "end the model with Sigmoid, or take BCEWithLogitsLoss"),
    (nn.BCELoss, nn.ReLU, "no probabilities", "end the model with Sigmoid"),
    (nn.BCELoss, nn.Tanh, "no probabilities", "end the model with Sigmoid"),
    (nn.BCELoss, nn.LogSoftmax, "no probabilities", "end the model with Sigmoid"),
    (nn.CategoricalCrossEntropy, nn.Sigmoid, "do not add up to 1", "Softmax in place of Sigmoid"),
    (nn.CategoricalCrossEntropy, nn.Identity, "no probabilities", "Softmax, or take CrossEntropyLoss"),
    (nn.CategoricalCrossEntropy, nn.ReLU, "no probabilities", "Softmax, or take CrossEntropyLoss"),
    (nn.KLDivergence, nn.Identity, "no probabilities", "end the model with Softmax"),
    (nn.NLLLoss, nn.Identity, "no log-probabilities", "LogSoftmax, or take CrossEntropyLoss"),
    (nn.NLLLoss, nn.Softmax, "no log-probabilities", "LogSoftmax"),
    (nn.KLDivLoss, nn.Softmax, "no log-probabilities", "LogSoftmax"),
    (nn.HingeLoss, nn.Sigmoid, "one sign", "Tanh, or no activation"),
    (nn.MSELoss, nn.Step, "derivative of Step is 0", "Sigmoid"),
    (nn.HingeLoss, nn.Step, "derivative of Step is 0", "Sigmoid"),
]


@pytest.mark.parametrize(("loss", "layer", "message", "remedy"), MISFITS)
def test_a_layer_that_does_not_fit(loss, layer, message, remedy):
    model = ending_in(layer())
    with pytest.raises(OutputLayerError) as error:
        check_output(model, loss(), (2, 3))
    text = str(error.value)
    where = "Linear '2.0'" if layer is nn.Identity else f"{layer.__name__} '2.1'"
    assert text.startswith(f"{where}: ")
    assert message in text
    assert f"for {loss.__name__}" in text
    assert remedy in text.partition("remedy: ")[2]


FITS = [
    (nn.CrossEntropyLoss, nn.Identity),
    (nn.CrossEntropyLoss, nn.LogSoftmax),
    (nn.CategoricalCrossEntropy, nn.Softmax),
    (nn.KLDivergence, nn.Softmax),
    (nn.NLLLoss, nn.LogSoftmax),
    (nn.KLDivLoss, nn.LogSoftmax),
    (nn.BCELoss, nn.Sigmoid),
    (nn.BCELoss, nn.Softmax),
    (nn.BCEWithLogitsLoss, nn.Identity),
    (nn.HingeLoss, nn.Tanh),
    (nn.HingeLoss, nn.Identity),
    (nn.MSELoss, nn.Softmax),
    (nn.MSELoss, nn.ReLU),
    (nn.CosineSimilarityLoss, nn.Tanh),
]


@pytest.mark.parametrize(("loss", "layer"), FITS)
def test_a_layer_that_fits(loss, layer):
    check_output(ending_in(layer()), loss(), (2, 3))


@pytest.mark.parametrize("loss", list(dict.fromkeys(loss for loss, *_ in [*MISFITS, *FITS])))
def test_what_is_not_known_is_not_judged(loss):
    check_layer(loss(), LastLayer(None, "mine"))


@pytest.mark.parametrize(("loss", "layer"), [("sparse_categorical_crossentropy", nn.Sigmoid), ("hinge", nn.Softmax)])
def test_names_are_checked_at_once(loss, layer):
    with pytest.raises(OutputLayerError):
        fit_loss_to_output(loss, ending_in(layer()))


def fails(model, loss, output, targets, *parts):
    with pytest.raises(OutputLayerError) as error:
        check_output(model, loss, output, np.asarray(targets))
    for part in parts:
        assert part in str(error.value)


def test_softmax_over_one_output():
    for layer, loss in ((nn.Softmax(), nn.CategoricalCrossEntropy()), (nn.Softmax(), nn.BCELoss())):
        fails(ending_in(layer, outputs=1), loss, (2, 1), [0, 1], "softmax of a single output", "Sigmoid")


def test_fewer_outputs_than_classes():
    fails(ending_in(), nn.CrossEntropyLoss(), (4, 3), [0, 1, 2, 3], "4 classes", "Linear '2.0'", "4 outputs")
    fails(ending_in(outputs=1), nn.CrossEntropyLoss(), (2, 1), [0, 1], "2 classes", "binary cross entropy")
    fails(ending_in(), nn.CrossEntropyLoss(), (2, 3), np.eye(4)[:2], "4 classes", "4 outputs")
    fails(ending_in(), nn.CrossEntropyLoss(), (4,), [0, 1, 2, 1], "3 classes", "output (4,)")


def test_class_indices_are_integers():
    for targets in (np.array([0.0, 1.0]), np.array([True, False])):
        with pytest.raises(TargetDTypeError, match=r"CrossEntropyLoss: class indices are integers"):
            check_output(ending_in(), nn.CrossEntropyLoss(), (2, 3), targets)


def test_as_many_outputs_as_classes():
    check_output(ending_in(), nn.CrossEntropyLoss(), (4, 3), np.array([0, 1, 2, -100]))
    check_output(ending_in(), nn.CrossEntropyLoss(), (4, 3), np.array([0, 1]))
    check_output(ending_in(), nn.CrossEntropyLoss(), (2, 7, 3), np.array([[0, 1, 2]] * 2))
    check_output(ending_in(), nn.CrossEntropyLoss(), (2, 3), np.eye(3)[:2])
    check_output(ending_in(), nn.CrossEntropyLoss(), None, np.array([0, 9]))


def test_yes_or_no_asked_of_several_classes():
    sigmoid = nn.Sigmoid()
    fails(ending_in(sigmoid, outputs=10), nn.BCELoss(), (4, 10), np.arange(4.0), "one of 4 classes", "Softmax")
    fails(ending_in(sigmoid, outputs=1), nn.BCELoss(), (4, 1), np.arange(4.0)[:, None], "one of 4 classes")
    fails(ending_in(sigmoid, outputs=2), nn.BCELoss(), (4, 2), np.array([0.0, 1.0]), "one of 2 classes", "(N, 2)")


def test_several_answers_of_yes_or_no():
    model = ending_in(nn.Sigmoid())
    check_output(model, nn.BCELoss(), (2, 3), np.array([[0.0, 1.0, 1.0], [0.0, 0.0, 0.0]]))
    check_output(model, nn.BCELoss(), (2, 1), np.array([[0.0], [1.0]]))
    check_output(model, nn.BCELoss(), (2, 1), np.array([[0.1], [0.5]]))
    check_output(model, nn.BCELoss(), (2,), np.array([0.0, 1.0]))
