"""Bad input: an error of its own class, that names the loss, before a number is computed."""

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn.functional as F
from chainrule import nn
from chainrule.errors import (
    ArgumentError,
    ClassIndexError,
    DTypeError,
    LabelError,
    OutputLayerError,
    ShapeError,
    TargetDTypeError,
    TargetShapeError,
)

OF_NUMBERS = [nn.MSELoss, nn.L1Loss, nn.HuberLoss, nn.SmoothL1Loss, nn.BCELoss, nn.BCEWithLogitsLoss, nn.HingeLoss]
OF_CLASSES = [nn.CrossEntropyLoss, nn.CategoricalCrossEntropy, nn.NLLLoss]
half = cr.full
UNIFORM = cr.full((2, 3), 1 / 3)


def says(error, *parts):
    """The four parts of an error, each with what it must name."""
    text = str(error.value)
    for part in parts:
        assert part in text, text


@pytest.mark.parametrize("loss", OF_NUMBERS)
@pytest.mark.parametrize(
    ("predicted", "given", "remedy"),
    [((4,), (4, 1), "squeeze(-1)"), ((4, 1), (4,), "target[..., None]"), ((4, 2), (2, 4), "one target for each")],
)
def test_nothing_is_broadcast(loss, predicted, given, remedy):
    with pytest.raises(TargetShapeError) as error:
        loss()(cr.full(predicted, 0.5), cr.ones(given))
    says(error, loss.__name__, f"expected: targets of shape {predicted}", f"got:      {given}", remedy)


@pytest.mark.parametrize("loss", OF_NUMBERS)
@pytest.mark.parametrize("dtype", [cr.int32, cr.int64, cr.uint8, cr.bool])
def test_integers_are_no_targets_of_a_loss_of_numbers(loss, dtype):
    with pytest.raises(TargetDTypeError) as error:
        loss()(cr.full((4,), 0.5), cr.ones(4, dtype=dtype))
    says(error, loss.__name__, "float32", dtype.name, "target.float()")


@pytest.mark.parametrize("loss", OF_NUMBERS)
@pytest.mark.parametrize("labels", [["cat", "dog"], np.array(["cat", "dog"]), np.array(["cat", 1], object)])
def test_texts_are_no_targets(loss, labels):
    with pytest.raises(LabelError) as error:
        loss()(cr.full((2,), 0.5), labels)
    says(error, loss.__name__, "cat", "np.unique")


@pytest.mark.parametrize("loss", OF_CLASSES)
def test_texts_are_no_classes(loss):
    with pytest.raises(LabelError):
        loss()(UNIFORM, ["cat", "dog"])


@pytest.mark.parametrize("loss", [*OF_NUMBERS, *OF_CLASSES])
def test_predictions_are_floating(loss):
    with pytest.raises(DTypeError, match="predictions are floating") as error:
        loss()(cr.ones(2, 3, dtype=cr.int64), cr.ones(2, 3))
    assert not isinstance(error.value, TargetDTypeError)


@pytest.mark.parametrize("loss", OF_CLASSES)
@pytest.mark.parametrize("wrong", [3, -1, 255])
def test_classes_out_of_range(loss, wrong):
    with pytest.raises(ClassIndexError) as error:
        loss()(cr.full((4, 3), 1 / 3), cr.tensor([0, 2, wrong, 1]))
    says(error, loss.__name__, f"no class {wrong}", "0 to 2", "3 scores", "row 2", "1 of 4")


def test_the_place_of_a_class_out_of_range():
    with pytest.raises(ClassIndexError, match=r"row 1, position \(0, 2\)"):
        F.cross_entropy(cr.zeros(2, 1, 3, 5), cr.tensor([[[0, 1, 2]], [[3, 4, 5]]]))


@pytest.mark.parametrize("dtype", [cr.uint8, cr.int32])
def test_other_integers_are_classes_too(dtype):
    x, y = cr.tensor([[2.0, 0.0], [0.0, 1.0]]), cr.tensor([0, 1])
    assert F.cross_entropy(x, y.to(dtype)).item() == F.cross_entropy(x, y).item()


@pytest.mark.parametrize("loss", OF_CLASSES)
@pytest.mark.parametrize("dtype", [cr.float32, cr.float64, cr.bool])
def test_class_indices_are_integers(loss, dtype):
    with pytest.raises(TargetDTypeError) as error:
        loss()(UNIFORM, cr.ones(2, dtype=dtype))
    says(error, loss.__name__, "int64", dtype.name, "target.long()")


@pytest.mark.parametrize("loss", OF_CLASSES)
@pytest.mark.parametrize(
    ("scores", "given", "remedy"),
    [
        ((2, 3), (2, 1), "target.squeeze(-1)"),
        ((2, 3), (3,), "one class index for each row"),
        ((2, 3, 4, 5), (2, 4, 5), "input.movedim(1, -1)"),
        ((2, 4, 3), (2, 4, 1), "target.squeeze(-1)"),
        ((2, 3), (2, 4), "one class index for each row"),
    ],
)
def test_class_targets_that_do_not_fit(loss, scores, given, remedy):
    with pytest.raises(TargetShapeError) as error:
        loss()(cr.full(scores, 1 / scores[-1]), cr.zeros(given, dtype=cr.int64))
    says(error, loss.__name__, str(scores[:-1]), str(given), remedy)


def test_nll_takes_no_distributions():
    with pytest.raises(TargetShapeError, match="CrossEntropyLoss"):
        F.nll_loss(UNIFORM.log(), UNIFORM)


def test_distributions_are_floating():
    with pytest.raises(TargetDTypeError, match=r"target\.float\(\)"):
        F.cross_entropy(UNIFORM, F.one_hot(cr.tensor([0, 2])))


@pytest.mark.parametrize("row", [[1.0, 1.0, 0.0], [-0.5, 1.0, 0.5], [0.0, 0.0, 0.0], [0.3, 0.3, 0.3]])
def test_distributions_add_up_to_1(row):
    with pytest.raises(ArgumentError) as error:
        F.cross_entropy(UNIFORM, cr.tensor([[1.0, 0.0, 0.0], row]))
    says(error, "cross_entropy", "add up to 1", "row 1", "BCEWithLogitsLoss")


def test_a_single_score_has_no_classes():
    with pytest.raises(ShapeError, match="the last dimension is that of the classes"):
        F.cross_entropy(cr.tensor(1.0), cr.tensor(0))


@pytest.mark.parametrize("loss", OF_CLASSES)
@pytest.mark.parametrize("weight", [[1.0, 2.0], [1.0, 2.0, 3.0, 4.0], [1.0]])
def test_one_weight_a_class(loss, weight):
    with pytest.raises(ShapeError) as error:
        loss(weight=weight)(UNIFORM, cr.tensor([0, 1]))
    says(error, loss.__name__, "one weight for each class", "(3,)", f"({len(weight)},)")


@pytest.mark.parametrize("loss", OF_CLASSES)
def test_weights_that_make_no_sense(loss):
    with pytest.raises(ShapeError, match=loss.__name__):
        loss(weight=[[1.0, 2.0]])
    with pytest.raises(ArgumentError, match=f"{loss.__name__}: weights must not be negative"):
        loss(weight=[1.0, -2.0])


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss, nn.CategoricalCrossEntropy])
@pytest.mark.parametrize("smoothing", [-0.1, 1.1, "0.1", True, float("nan")])
def test_smoothing_is_a_fraction(loss, smoothing):
    with pytest.raises(ArgumentError, match=f"{loss.__name__}: label_smoothing does not fit"):
        loss(label_smoothing=smoothing)


@pytest.mark.parametrize(("make", "name"), [(nn.HuberLoss, "delta"), (nn.SmoothL1Loss, "beta")])
@pytest.mark.parametrize("value", [-1.0, float("nan")])
def test_widths_are_positive(make, name, value):
    with pytest.raises(ArgumentError, match=f"{make.__name__}: {name} does not fit"):
        make(**{name: value})


@pytest.mark.parametrize("value", [-0.01, 1.01, 5.0])
def test_predictions_that_are_no_probabilities(value):
    with pytest.raises(OutputLayerError) as error:
        nn.BCELoss()(cr.tensor([0.5, value]), cr.tensor([1.0, 0.0]))
    says(error, "BCELoss", "0 to 1", f"{value:g} in row 1", "Sigmoid", "BCEWithLogitsLoss")


@pytest.mark.parametrize("loss", [nn.CategoricalCrossEntropy, nn.KLDivergence])
@pytest.mark.parametrize("row", [[0.9, 0.8, 0.7], [2.0, -1.0, 0.0], [0.1, 0.1, 0.1]])
def test_predictions_that_are_no_distributions(loss, row):
    target = cr.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    with pytest.raises(OutputLayerError) as error:
        loss()(cr.tensor([[0.2, 0.3, 0.5], row]), target)
    says(error, loss.__name__, "add up to 1", "row 1", "Softmax", "CrossEntropyLoss")


@pytest.mark.parametrize("loss", [nn.BCELoss, nn.BCEWithLogitsLoss])
@pytest.mark.parametrize("value", [-1.0, 2.0])
def test_targets_of_yes_or_no(loss, value):
    with pytest.raises(ClassIndexError) as error:
        loss()(cr.tensor([0.5, 0.5]), cr.tensor([1.0, value]))
    says(error, loss.__name__, "0 to 1", f"{value} in row 1", "CrossEntropyLoss")


@pytest.mark.parametrize("labels", [[1.0, 2.0], [0.5, 1.0], [-1.0, 0.0]])
def test_targets_of_the_hinge_loss(labels):
    with pytest.raises(ClassIndexError, match="HingeLoss: the hinge loss tells two classes apart"):
        nn.HingeLoss()(cr.zeros(2), cr.tensor(labels))


@pytest.mark.parametrize("name", ["weight", "pos_weight"])
@pytest.mark.parametrize("shape", [(3,), (4, 2, 1), (5, 4, 2)])
def test_weights_of_elements_that_do_not_fit(name, shape):
    with pytest.raises(ShapeError) as error:
        nn.BCEWithLogitsLoss(**{name: cr.ones(shape)})(cr.zeros(4, 2), cr.zeros(4, 2))
    says(error, "BCEWithLogitsLoss", f"{name} does not fit", "(4, 2)", str(shape))


def test_pairs_of_vectors():
    a, y = cr.ones(3, 2), cr.ones(3)
    with pytest.raises(ShapeError, match="both sides need one shape"):
        F.cosine_embedding_loss(a, cr.ones(3, 1), y)
    with pytest.raises(TargetShapeError, match="one target for each pair"):
        F.cosine_embedding_loss(a, a, cr.ones(3, 1))
    with pytest.raises(ClassIndexError, match="1 or -1"):
        F.cosine_embedding_loss(a, a, cr.tensor([1, 0, 1]))
    with pytest.raises(ClassIndexError, match="1 or -1"):
        F.cosine_embedding_loss(a, a, cr.tensor([1, 0, 1], dtype=cr.uint8))


def test_the_error_names_the_place_in_a_model():
    class Judged(nn.Module):
        def __init__(self):
            super().__init__()
            self.loss = nn.MSELoss()

        def forward(self, x, y):
            return self.loss(x, y)

    with pytest.raises(TargetShapeError, match=r"^MSELoss 'loss': "):
        Judged()(cr.zeros(2, 1), cr.zeros(2))
    with pytest.raises(TargetShapeError, match=r"^mse_loss: "):
        F.mse_loss(cr.zeros(2, 1), cr.zeros(2))
