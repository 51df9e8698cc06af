import math

import numpy as np
import pytest
from hypothesis import given

from chainrule.errors import ArgumentError, NonFiniteDataError
from chainrule.metrics import PRAUC, ROCAUC, average_precision_score, roc_auc_score, roc_curve
from tests.metrics.strategies import binary_scores, class_scores

AREAS = {ROCAUC: "roc_auc_score", PRAUC: "average_precision_score"}


def scikit_learn_warns(test):
    """Where an area is not defined scikit-learn warns, and gives the same value as we do."""
    for message in ("Only one class is present", "No positive class found"):
        test = pytest.mark.filterwarnings(f"ignore:{message}")(test)
    return test


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_worked_by_hand():
    # Of the 2 × 2 pairs, three are in order.
    assert roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) == 0.75
    # Recall rises to 1/2 at precision 1, then to 1 at precision 2/3.
    assert average_precision_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) == pytest.approx(5 / 6)


def test_equal_scores_count_half():
    assert roc_auc_score([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5]) == 0.5
    assert roc_auc_score([0, 1, 1], [0.5, 0.5, 0.7]) == 0.75


def test_scores_may_be_integers_booleans_and_infinite():
    assert roc_auc_score([0, 1], np.array([3, 250], dtype=np.uint8)) == 1.0
    assert roc_auc_score([0, 1], [False, True]) == 1.0
    assert roc_auc_score([0, 0, 1], [-np.inf, -np.inf, np.inf]) == 1.0
    assert roc_auc_score([0, 1], [-np.inf, -np.inf]) == 0.5


@scikit_learn_warns
@pytest.mark.parametrize("cls", AREAS, ids=lambda cls: cls.__name__)
@given(batch=binary_scores())
def test_two_classes_are_scikit_learns(sk, cls, batch):
    metric = cls()
    metric.update(*batch)
    expected = getattr(sk, AREAS[cls])(batch.targets, batch.predictions, sample_weight=batch.weights)
    np.testing.assert_allclose(metric.compute(), expected, rtol=1e-12, atol=1e-12)


@scikit_learn_warns
@pytest.mark.parametrize("cls", AREAS, ids=lambda cls: cls.__name__)
@given(batch=class_scores(n_classes=3))
def test_several_classes_are_scikit_learns(sk, cls, batch):
    one_hot = np.eye(3, dtype=int)[batch.targets]
    for average in ("macro", "weighted", None):
        metric = cls(average)
        metric.update(*batch)
        expected = getattr(sk, AREAS[cls])(one_hot, batch.predictions, average=average, sample_weight=batch.weights)
        np.testing.assert_allclose(metric.compute(), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.filterwarnings("ignore:No (positive|negative) samples")
@given(batch=binary_scores())
def test_the_curve_is_scikit_learns(sk, batch):
    expected = sk.roc_curve(
        batch.targets, batch.predictions, sample_weight=batch.weights, pos_label=1, drop_intermediate=False
    )
    for got, theirs in zip(
        roc_curve(batch.targets, batch.predictions, sample_weight=batch.weights), expected, strict=True
    ):
        np.testing.assert_allclose(got, theirs, rtol=1e-12)


def test_one_class_only_has_no_roc_curve():
    assert math.isnan(roc_auc_score([1, 1], [0.2, 0.7]))
    assert average_precision_score([0, 0], [0.2, 0.7]) == 0.0


def test_rows_without_weight_are_left_out():
    assert roc_auc_score([0, 1, 1], [0.6, 0.7, 0.1], sample_weight=[1, 1, 0]) == 1.0


@pytest.mark.parametrize("cls", AREAS)
def test_logits_of_several_classes_go_through_softmax(cls):
    random = np.random.default_rng(5)
    logits, targets = 3 * random.normal(size=(40, 4)), random.integers(0, 4, 40)
    of_logits, of_shares, of_raw = cls(from_logits=True), cls(), cls()
    of_logits.update(logits, targets)
    of_shares.update(softmax(logits), targets)
    assert of_logits.compute() == pytest.approx(of_shares.compute(), rel=1e-12)
    with pytest.raises(ArgumentError, match="from_logits=True"):
        of_raw.update(logits, targets)


@pytest.mark.parametrize("cls", AREAS)
def test_two_columns_rank_as_one(cls):
    random = np.random.default_rng(6)
    logits, targets = random.normal(size=(30, 2)), random.integers(0, 2, 30)
    single, shares, raw = cls(), cls(), cls(from_logits=True)
    single.update(logits[:, 1] - logits[:, 0], targets)
    shares.update(softmax(logits), targets)
    raw.update(logits, targets)
    assert single.compute() == shares.compute() == raw.compute()


def test_an_infinite_logit_has_no_softmax():
    with pytest.raises(NonFiniteDataError, match="infinite"):
        ROCAUC(from_logits=True).update([[np.inf, 0.0, 0.0], [0.0, 1.0, 2.0]], [0, 1])
    # A masked class is minus infinity, and that is fine.
    ROCAUC(from_logits=True).update([[-np.inf, 0.0, 0.0], [0.0, 1.0, 2.0]], [1, 1])


def test_an_unknown_average_is_refused():
    with pytest.raises(ArgumentError, match="average"):
        ROCAUC("micro")
