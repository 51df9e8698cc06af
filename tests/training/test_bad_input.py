"""Every mistake has its own error, which names the place, and leaves the model as it was."""

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn.functional as F
from chainrule import nn
from chainrule.errors import (
    ArgumentError,
    ClassIndexError,
    DataLengthError,
    DTypeError,
    EmptyDataError,
    GradientError,
    LabelError,
    MissingClassError,
    NonFiniteDataError,
    NotCompiledError,
    OutputLayerError,
    ShapeError,
    SingleClassError,
    TargetDTypeError,
    TargetShapeError,
    UnknownNameError,
)
from chainrule.ops.random import default_generator

RNG = np.random.default_rng(0)
X = RNG.normal(size=(42, 4)).astype(np.float32)
CLASSES = np.arange(42) % 3
YES = np.arange(42) % 2
NUMBERS = X.sum(axis=1, keepdims=True)


def network(outputs=3, *end):
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, outputs), *end)


class Ends(nn.Module):
    """A model of one's own, whose end is a function and no layer."""

    def __init__(self, end, outputs=3):
        super().__init__()
        self.body = network(outputs)
        self.end = end

    def forward(self, x):
        return self.end(self.body(x))


def softmax_by_hand(z):
    powers = (z - z.max(dim=1, keepdim=True).values).exp()
    return powers / powers.sum(dim=1, keepdim=True)


def compiled_and(model, loss, method, *rows, **arguments):
    model.compile("adam", loss)
    return getattr(model, method)(*rows, **arguments)


def state(model):
    kept = {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}
    kept |= {f"{name}.grad": parameter.grad for name, parameter in model.named_parameters()}
    return kept | {"random": default_generator().state.numpy().copy(), "training": model.training}


def assert_untouched(model, before):
    for name, value in state(model).items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def with_value(array, value):
    changed = array.copy()
    changed[3, 1 if array.shape[1] > 1 else 0] = value
    return changed


CE, MSE, BCE = "sparse_categorical_crossentropy", "mse", "binary_crossentropy"
WORDS = np.array(["cat", "dog", "owl"])[CLASSES]

# (loss, model, inputs, targets, error, what its text must have)
DATA = {
    "(N,) for (N, 1)": (MSE, lambda: network(1), X, NUMBERS[:, 0], TargetShapeError, r"y, MSELoss.*\(42, 1\).*\(42,\)"),
    "(N, 1) for (N,)": (MSE, lambda: Ends(lambda z: z.squeeze(-1), 1), X, NUMBERS, TargetShapeError, r"\(42, 1\)"),
    "(N,) for (N, 1), own loss": (
        lambda p, t: ((p - t) ** 2).mean(),
        lambda: network(1),
        X,
        NUMBERS[:, 0],
        TargetShapeError,
        "every row with every other.*y\\[:, None\\]",
    ),
    "(N, 1) for (N,), own loss": (
        lambda p, t: (p - t).abs().mean(),
        lambda: Ends(lambda z: z.squeeze(-1), 1),
        X,
        NUMBERS,
        TargetShapeError,
        "y.squeeze",
    ),
    "integers for numbers": (MSE, lambda: network(1), X, CLASSES[:, None], TargetDTypeError, "int64"),
    "floats for classes": (CE, network, X, CLASSES.astype(np.float32), TargetDTypeError, "float32.*astype"),
    "class too high": (CE, network, X, CLASSES + 1, ClassIndexError, "0 to 2.*3 in row 2; 14 of 42"),
    "class below 0": (CE, network, X, CLASSES - 1, ClassIndexError, "-1 in row 0"),
    "class without rows": (CE, lambda: network(4), X, CLASSES, MissingClassError, "none of 3"),
    "one class": (CE, network, X, CLASSES * 0, SingleClassError, "42 rows of class 0"),
    "one class, one-hot": ("categorical_crossentropy", network, X, np.eye(3)[CLASSES * 0], SingleClassError, "class 0"),
    "one class, yes or no": (BCE, lambda: network(1), X, YES * 0, SingleClassError, "class 0"),
    "labels -1 and 1": (BCE, lambda: network(1), X, YES * 2 - 1, ClassIndexError, r"\(target \+ 1\) / 2"),
    "no distribution": ("categorical_crossentropy", network, X, np.ones((42, 3), np.float32), ArgumentError, "row 0"),
    "words": (CE, network, X, WORDS, LabelError, "'cat' in row 0.*np.unique"),
    "list of words": (CE, network, X, WORDS.tolist(), LabelError, "'cat' in row 0"),
    "words as inputs": (CE, network, X.astype(str), CLASSES, DTypeError, "the inputs are no numbers"),
    "nothing": (CE, network, X[:0], CLASSES[:0], EmptyDataError, r"shape \(0, 4\)"),
    "NaN": (CE, network, with_value(X, np.nan), CLASSES, NonFiniteDataError, "x: 1 of 168.*nan in row 3, column 1"),
    "infinity": (CE, network, with_value(X, -np.inf), CLASSES, NonFiniteDataError, "inf in row 3, column 1"),
    "NaN in targets": (MSE, lambda: network(1), X, with_value(NUMBERS, np.nan), NonFiniteDataError, "y: 1 of 42"),
    "too large for float32": (
        MSE,
        lambda: network(1),
        X,
        NUMBERS.astype(float) * 1e300,
        NonFiniteDataError,
        "model.double",
    ),
    "lengths": (CE, network, X[:-1], CLASSES, DataLengthError, "41 in x, 42 in y"),
    "too few columns": (CE, network, X[:, :3], CLASSES, ShapeError, r"Linear '0'.*\(42, 3\)"),
    "no columns": (CE, network, X[:, 0], CLASSES, ShapeError, r"x\[:, None\]"),
    "rows of lists": (CE, network, [[1.0, 2.0], [3.0]], [0, 1], ShapeError, "rows of equal shape"),
    "softmax, loss from logits": (
        nn.CrossEntropyLoss(),
        lambda: network(3, nn.Softmax(-1)),
        X,
        CLASSES,
        OutputLayerError,
        "Softmax '5'.*leave out Softmax",
    ),
    "F.softmax, loss from logits": (
        nn.CrossEntropyLoss(),
        lambda: Ends(lambda z: F.softmax(z, dim=1)),
        X,
        CLASSES,
        OutputLayerError,
        "two activations.*leave out Softmax",
    ),
    "softmax by hand, loss from logits": (
        F.cross_entropy,
        lambda: Ends(softmax_by_hand),
        X,
        CLASSES,
        OutputLayerError,
        "CrossEntropyLoss applies a softmax itself",
    ),
    "sigmoid with three classes": (CE, lambda: network(3, nn.Sigmoid()), X, CLASSES, OutputLayerError, "Softmax in pl"),
    "F.sigmoid with three classes": (CE, lambda: Ends(F.sigmoid), X, CLASSES, OutputLayerError, "Softmax in place"),
    "yes or no of three classes": (BCE, lambda: network(3, nn.Sigmoid()), X, CLASSES, OutputLayerError, "3 classes"),
    "sigmoid, loss from logits": (
        nn.BCEWithLogitsLoss(),
        lambda: Ends(F.sigmoid, 1),
        X,
        YES,
        OutputLayerError,
        "leave out Sigmoid",
    ),
    "logits, loss from probabilities": (nn.BCELoss(), lambda: network(1), X, YES, OutputLayerError, "BCEWithLogits"),
    "too few outputs": (CE, lambda: network(2), X, CLASSES, OutputLayerError, "3 outputs"),
    "one output for classes": (CE, lambda: network(1), X, YES, OutputLayerError, "binary cross entropy"),
    "ReLU at the end": (CE, lambda: network(3, nn.ReLU()), X, CLASSES, OutputLayerError, "leave out the last ReLU"),
    "two tensors": (CE, lambda: Ends(lambda z: (z, z)), X, CLASSES, DTypeError, "Ends: .*tuple of 2"),
    "rows lost": (CE, lambda: Ends(lambda z: z.flatten()), X, CLASSES, ShapeError, r"flatten\(1\)"),
    "loss of each row": (nn.MSELoss(reduction="none"), lambda: network(1), X, NUMBERS, ShapeError, "MSELoss.*mean"),
    "loss of Python": (lambda p, t: 1.0, lambda: network(1), X, NUMBERS, ShapeError, "<lambda>.*float"),
    "loss of NumPy": (
        lambda p, t: np.mean(np.asarray(p.detach())),
        lambda: network(1),
        X,
        NUMBERS,
        ShapeError,
        "single number",
    ),
    "loss without a gradient": (
        lambda p, t: ((p - t) ** 2).mean().detach(),
        lambda: network(1),
        X,
        NUMBERS,
        GradientError,
        "does not depend on any weight",
    ),
    "frozen": (CE, lambda: network().requires_grad_(False), X, CLASSES, GradientError, "all weights are frozen"),
}


@pytest.mark.parametrize("case", DATA, ids=str)
def test_data_that_fit_cannot_train_on(case):
    loss, build, x, y, error, says = DATA[case]
    model = build()
    before = state(model)
    with pytest.raises(error, match=f"(?s){says}"):
        compiled_and(model, loss, "fit", x, y, verbose=0)
    assert_untouched(model, before)


# What is a mistake of training alone: a test may well lack a class.
TRAINING_ALONE = {
    *("class without rows", "one class", "one class, one-hot", "one class, yes or no"),
    *("loss without a gradient", "frozen"),
}


@pytest.mark.parametrize("case", sorted(DATA.keys() - TRAINING_ALONE))
@pytest.mark.parametrize("method", ["evaluate", "train_on_batch"])
def test_the_other_ways_in_find_the_same(case, method):
    loss, build, x, y, error, _ = DATA[case]
    model = build()
    before = state(model)
    with pytest.raises(error):
        compiled_and(model, loss, method, x, y)
    assert_untouched(model, before)


@pytest.mark.parametrize("case", ["nothing", "NaN", "infinity", "words as inputs", "too few columns", "two tensors"])
def test_predict(case):
    _, build, x, _, error, _ = DATA[case]
    with pytest.raises(error):
        build().predict(x)


@pytest.mark.parametrize("case", ["one class", "class without rows"])
def test_what_is_no_mistake_in_a_test(case):
    loss, build, x, y, *_ = DATA[case]
    model = build()
    model.compile("adam", loss)
    assert np.isfinite(model.evaluate(x, y, verbose=0))


FIT = {
    "sample_weight, too few": ({"sample_weight": np.ones(41)}, DataLengthError, "sample_weight"),
    "sample_weight, a column": ({"sample_weight": np.ones((42, 1))}, DataLengthError, r"\(42, 1\)"),
    "sample_weight, negative": ({"sample_weight": -np.ones(42)}, ArgumentError, "not be negative"),
    "sample_weight, NaN": ({"sample_weight": np.full(42, np.nan)}, NonFiniteDataError, "sample_weight"),
    "sample_weight, all 0": ({"sample_weight": np.zeros(42)}, ArgumentError, "all be 0"),
    "sample_weight, a word": ({"sample_weight": "balanced"}, ShapeError, "sample_weight"),
    "class_weight, a list": ({"class_weight": [1, 2, 3]}, ArgumentError, r"dict\(enumerate"),
    "class_weight, unknown class": ({"class_weight": {5: 1.0}}, ClassIndexError, "5"),
    "class_weight, words": ({"class_weight": {"cat": 1.0}}, ClassIndexError, "'cat'"),
    "class_weight, negative": ({"class_weight": {0: -1.0}}, ArgumentError, r"class_weight\[0\]"),
    "class_weight, NaN": ({"class_weight": {0: float("nan")}}, ArgumentError, r"class_weight\[0\]"),
    "class_weight, misspelt": ({"class_weight": "balance"}, ArgumentError, '"balanced"'),
    "class_weight, all 0": ({"class_weight": dict.fromkeys(range(3), 0)}, ArgumentError, "all be 0"),
    "validation_split 1": ({"validation_split": 1}, ArgumentError, "validation_split"),
    "validation_split below 0": ({"validation_split": -0.1}, ArgumentError, "between 0 and 1"),
    "validation_split NaN": ({"validation_split": float("nan")}, ArgumentError, "validation_split"),
    "validation_split of a class each": (
        {"validation_split": 0.95},
        ArgumentError,
        "leave a row of each class.*validation_data",
    ),
    "validation_split, a text": ({"validation_split": "0.2"}, ArgumentError, "'0.2'"),
    "validation_split, too large": ({"validation_split": 0.99}, ArgumentError, "validation_split: neither"),
    "validation of two kinds": ({"validation_data": (X, CLASSES), "validation_split": 0.1}, ArgumentError, "one of"),
    "validation of other columns": ({"validation_data": (X[:, :3], CLASSES)}, ShapeError, "validation_data, Linear"),
    "validation of other classes": ({"validation_data": (X, CLASSES + 1)}, ClassIndexError, "validation_data"),
    "validation with NaN": ({"validation_data": (X * np.nan, CLASSES)}, NonFiniteDataError, r"validation_data\[0\]"),
    "validation of words": ({"validation_data": (X, WORDS)}, LabelError, r"validation_data\[1\]"),
    "validation of two lengths": ({"validation_data": (X[:3], CLASSES)}, DataLengthError, "validation_data"),
    "validation without targets": ({"validation_data": (X,)}, ArgumentError, "tuple of 1"),
    "validation, inputs alone": ({"validation_data": X}, ArgumentError, "validation_data"),
    "validation, a dict": ({"validation_data": {"x": X, "y": CLASSES}}, ArgumentError, "dict of 2"),
    "validation of nothing": ({"validation_data": (X[:0], CLASSES[:0])}, EmptyDataError, "validation_data"),
    "batch_size 0": ({"batch_size": 0}, ArgumentError, "batch_size"),
    "batch_size, a fraction": ({"batch_size": 2.5}, ArgumentError, "batch_size"),
    "batches of one for BatchNorm": ({"batch_size": 1}, ShapeError, "BatchNorm1d '1'"),
    "a last batch of one": ({"batch_size": 41}, ShapeError, "BatchNorm1d '1'.*drop_last"),
    "drop_last of all": ({"batch_size": 100, "drop_last": True}, ArgumentError, "drop the only batch"),
    "epochs 0": ({"epochs": 0}, ArgumentError, "epochs"),
    "epochs, a fraction": ({"epochs": 1.5}, ArgumentError, "epochs"),
    "epochs, a text": ({"epochs": "3"}, ArgumentError, "'3'"),
    "initial_epoch below 0": ({"initial_epoch": -1}, ArgumentError, "initial_epoch"),
    "seed, a fraction": ({"seed": 0.5}, ArgumentError, "seed"),
    "callback, a class": ({"callbacks": [cr.training.EarlyStopping]}, DTypeError, r"EarlyStopping\(\)"),
    "callback, a function": ({"callbacks": print}, DTypeError, "no callback"),
    "callback, a word": ({"callbacks": ["early_stopping"]}, DTypeError, "'early_stopping'"),
    "watching no validation": ({"callbacks": cr.training.EarlyStopping()}, ArgumentError, 'split, or watch "loss"'),
    "plateau of no validation": ({"callbacks": cr.training.ReduceLROnPlateau()}, ArgumentError, "ReduceLROnPlateau"),
    "verbose": ({"verbose": "loud"}, ArgumentError, "'loud'"),
}


@pytest.mark.parametrize("case", FIT, ids=str)
def test_arguments_of_fit(case):
    arguments, error, says = FIT[case]
    model = network()
    model.compile("adam", CE, metrics=["accuracy"])
    before = state(model)
    with pytest.raises(error, match=f"(?s){says}"):
        model.fit(X, CLASSES, **{"verbose": 0, **arguments})
    assert_untouched(model, before)


COMPILE = {
    "optimizer": ({"optimizer": "adm"}, UnknownNameError, "did you mean 'adam'"),
    "optimizer, none": ({"optimizer": None}, DTypeError, "optimizer"),
    "loss": ({"loss": "categorical_crossentrop"}, UnknownNameError, "did you mean 'categorical_crossentropy'"),
    "loss, none": ({"loss": None}, ArgumentError, "compile needs a loss"),
    "loss, a class": ({"loss": nn.MSELoss}, DTypeError, r"MSELoss\(\)"),
    "metric": ({"metrics": ["acuracy"]}, UnknownNameError, "did you mean 'accuracy'"),
    "metrics, a word": ({"metrics": "accuracy"}, DTypeError, r"metrics=\['accuracy'\]"),
    "metric, a class": ({"metrics": [cr.metrics.ConfusionMatrix]}, DTypeError, r"ConfusionMatrix\(\)"),
    "metric, a function": ({"metrics": [max]}, DTypeError, "a metric is a name or a Metric"),
    "metric of numbers": ({"metrics": ["mae"]}, ArgumentError, "measures a regression"),
    "metric twice": ({"metrics": ["accuracy", "accuracy"]}, ArgumentError, "two measures are called 'accuracy'"),
    "clip_norm 0": ({"clip_norm": 0}, ArgumentError, "clip_norm"),
    "clip_value NaN": ({"clip_value": float("nan")}, ArgumentError, "clip_value"),
    "clip_norm, a text": ({"clip_norm": "1"}, ArgumentError, "clip_norm"),
    "accumulate 0": ({"accumulate": 0}, ArgumentError, "accumulate"),
    "accumulate, a fraction": ({"accumulate": 1.5}, ArgumentError, "accumulate"),
}


@pytest.mark.parametrize("case", COMPILE, ids=str)
def test_arguments_of_compile(case):
    arguments, error, says = COMPILE[case]
    model = network()
    with pytest.raises(error, match=f"(?s){says}"):
        model.compile(**{"optimizer": "adam", "loss": CE, **arguments})
    with pytest.raises(NotCompiledError):
        model.fit(X, CLASSES)


@pytest.mark.parametrize(
    ("metric", "says"),
    [
        (cr.metrics.ConfusionMatrix(), "metric 'confusion_matrix'.*more than one number"),
        (cr.metrics.F1Score(None), "metric 'f1'.*more than one number"),
        (cr.metrics.MeanAbsoluteError(), "metric 'mae'"),
    ],
)
def test_a_metric_that_cannot_measure_is_found_before_training(metric, says):
    model = network()
    model.compile("adam", CE, metrics=[metric])
    before = state(model)
    with pytest.raises((ArgumentError, ShapeError), match=f"(?s){says}"):
        model.fit(X, CLASSES, verbose=0)
    assert_untouched(model, before)


def test_a_metric_of_several_answers():
    model = network(5)
    model.compile("adam", BCE, metrics=["f1"])
    with pytest.raises(ArgumentError, match=r"(?s)metric 'f1'.*macro"):
        model.fit(X, (RNG.random((42, 5)) > 0.5).astype(int), verbose=0)


def test_a_metric_of_ones_own_may_divide_by_zero_on_trial(blobs, classifier):
    class Precise(cr.metrics.Metric):
        name = "precise"

        def reset(self):
            self.right, self.found = 0, 0

        def update(self, predictions, targets, sample_weight=None):
            found = predictions.argmax(1) == 1
            self.right, self.found = self.right + int((targets[found] == 1).sum()), self.found + int(found.sum())

        def compute(self):
            return self.right / self.found

    classifier.compile(classifier._compiled.optimizer, CE, metrics=[Precise()])
    assert classifier.fit(*blobs, epochs=8, verbose=0)["precise"][-1] > 0.9


def test_own_loss_cannot_weigh_rows():
    model = network(1)
    model.compile("adam", lambda p, t: ((p - t) ** 2).mean())
    with pytest.raises(ArgumentError, match="cannot weigh rows"):
        model.fit(X, NUMBERS, sample_weight=np.ones(42), verbose=0)


def test_several_parts_are_no_rows():
    with pytest.raises(ArgumentError, match=r"split\.train"):
        network().predict(cr.data.split_dataset(cr.data.load_digits(), test=0.2))


@pytest.mark.parametrize(
    ("activation", "loss"),
    [(nn.Softmax, nn.CrossEntropyLoss), (nn.Sigmoid, nn.BCEWithLogitsLoss), (nn.ReLU, nn.BCELoss)],
)
def test_a_last_layer_that_does_not_fit_the_loss_is_found_by_compile(activation, loss):
    with pytest.raises(OutputLayerError, match=f"{activation.__name__} '1'"):
        nn.Sequential(nn.Linear(2, 3), activation()).compile("adam", loss())
