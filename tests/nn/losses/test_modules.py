"""The classes over the functions: arguments, buffers, what is printed."""

import copy

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn.functional as F
from chainrule import nn
from chainrule.errors import UnknownNameError

X = cr.tensor([[0.2, 0.5, 0.3], [0.7, 0.2, 0.1]])
NUMBERS = cr.tensor([[0.0, 1.0, 0.5], [1.0, 0.0, 0.25]])
SIGNS = cr.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]])
INDICES = cr.tensor([1, 2])
WEIGHT = [1.0, 2.0, 0.5]

# A module, and the function call it stands for.
MODULES = [
    (nn.MSELoss(), lambda r: F.mse_loss(X, NUMBERS, r)),
    (nn.L1Loss(), lambda r: F.l1_loss(X, NUMBERS, r)),
    (nn.HuberLoss(delta=0.3), lambda r: F.huber_loss(X, NUMBERS, r, 0.3)),
    (nn.SmoothL1Loss(beta=0.3), lambda r: F.smooth_l1_loss(X, NUMBERS, r, 0.3)),
    (nn.SmoothL1Loss(beta=0.0), lambda r: F.l1_loss(X, NUMBERS, r)),
    (nn.BCELoss(WEIGHT), lambda r: F.binary_cross_entropy(X, NUMBERS, cr.tensor(WEIGHT), r)),
    (
        nn.BCEWithLogitsLoss(weight=WEIGHT, pos_weight=[3.0, 2.0, 1.0]),
        lambda r: F.binary_cross_entropy_with_logits(X, NUMBERS, cr.tensor(WEIGHT), r, cr.tensor([3.0, 2.0, 1.0])),
    ),
    (nn.HingeLoss(), lambda r: F.hinge_loss(X, SIGNS, r)),
    (nn.CosineSimilarityLoss(), lambda r: F.cosine_similarity_loss(X, NUMBERS, r)),
    (
        nn.CrossEntropyLoss(WEIGHT, ignore_index=2, label_smoothing=0.1),
        lambda r: F.cross_entropy(X, INDICES, cr.tensor(WEIGHT), 2, r, 0.1),
    ),
    (
        nn.CategoricalCrossEntropy(WEIGHT, ignore_index=2, label_smoothing=0.1),
        lambda r: F.categorical_cross_entropy(X, INDICES, cr.tensor(WEIGHT), 2, r, 0.1),
    ),
    (nn.NLLLoss(WEIGHT, ignore_index=2), lambda r: F.nll_loss(X, INDICES, cr.tensor(WEIGHT), 2, r)),
    (nn.KLDivLoss(), lambda r: F.kl_div(X, NUMBERS, r)),
    (nn.KLDivLoss(log_target=True), lambda r: F.kl_div(X, NUMBERS, r, log_target=True)),
    (nn.KLDivergence(), lambda r: F.kl_divergence(X, NUMBERS, r)),
]
EVERY = pytest.mark.parametrize(("loss", "function"), MODULES, ids=lambda value: type(value).__name__)


def target_of(loss):
    if isinstance(loss, nn.HingeLoss):
        return SIGNS
    return INDICES if hasattr(loss, "ignore_index") else NUMBERS


@EVERY
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_module_is_its_function(loss, function, reduction):
    again = copy.copy(loss)
    again.reduction = reduction
    np.testing.assert_array_equal(again(X, target_of(loss)).numpy(), function(reduction).numpy())
    assert loss.reduction == "mean"


@EVERY
def test_what_a_loss_says_of_itself(loss, function):
    assert loss.task in ("regression", "binary", "multiclass")
    assert loss.takes in ("numbers", "probabilities", "log_probabilities", "logits")


def test_cosine_embedding():
    a, b, y = X, NUMBERS, cr.tensor([1, -1])
    loss = nn.CosineEmbeddingLoss(0.2, reduction="sum")
    assert loss(a, b, y).item() == F.cosine_embedding_loss(a, b, y, 0.2, "sum").item()


def test_batchmean_is_for_kl_div_only():
    nn.KLDivLoss("batchmean")
    with pytest.raises(UnknownNameError, match="no reduction called 'batchmean'"):
        nn.MSELoss(reduction="batchmean")
    with pytest.raises(UnknownNameError, match="did you mean 'mean'"):
        nn.CrossEntropyLoss(reduction="Mean")


def test_weights_are_state():
    loss = nn.BCEWithLogitsLoss(pos_weight=[3.0])
    assert list(loss.state_dict()) == ["pos_weight"]
    assert loss.double().pos_weight.dtype == cr.float64
    assert list(loss.parameters()) == []


def test_weights_take_the_dtype_of_the_predictions():
    loss = nn.CrossEntropyLoss(weight=np.array(WEIGHT))
    assert loss(X, INDICES).dtype == cr.float32


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        (nn.MSELoss(), "MSELoss()"),
        (nn.MSELoss("sum"), "MSELoss(reduction='sum')"),
        (nn.HuberLoss(delta=0.5), "HuberLoss(delta=0.5)"),
        (nn.SmoothL1Loss("none"), "SmoothL1Loss(beta=1, reduction='none')"),
        (nn.CosineEmbeddingLoss(0.5), "CosineEmbeddingLoss(margin=0.5)"),
        (nn.CrossEntropyLoss(), "CrossEntropyLoss()"),
        (
            nn.CrossEntropyLoss(ignore_index=0, reduction="sum", label_smoothing=0.1),
            "CrossEntropyLoss(ignore_index=0, reduction='sum', label_smoothing=0.1)",
        ),
    ],
)
def test_what_is_printed(loss, text):
    assert repr(loss) == text


def test_the_loop_that_every_tutorial_has():
    cr.manual_seed(0)
    x, y = cr.tensor([[0.0], [1.0], [2.0], [3.0]]), cr.tensor([[0.0], [0.0], [1.0], [1.0]])
    model, criterion = nn.Sequential(nn.Linear(1, 1), nn.Sigmoid()), nn.BCELoss()
    optimizer = cr.optim.SGD(model.parameters(), lr=1.0)
    for _ in range(200):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.2
    assert ((model(x) > 0.5) == (y > 0.5)).all()
