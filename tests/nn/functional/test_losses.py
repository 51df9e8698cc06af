"""What holds of losses, beyond PyTorch's numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
import chainrule.nn.functional as F
from chainrule.core.abstract import shapes_only

RANDOM = np.random.RandomState(0)


def draw(*shape):
    return cr.tensor(RANDOM.standard_normal(shape))


def rows(*shape):
    return cr.tensor(RANDOM.dirichlet(np.ones(shape[-1]), shape[:-1]))


def chances(*shape):
    return cr.tensor(RANDOM.uniform(0.05, 0.95, shape))


INDICES = cr.tensor([0, 3, 1, -100])
WEIGHT = cr.tensor([1.0, 0.5, 0.0, 2.0], dtype=cr.float64)

# Each with arguments at which it is smooth.
LOSSES = {
    "mse": (F.mse_loss, draw(4, 3), draw(4, 3)),
    "l1": (F.l1_loss, draw(4, 3), draw(4, 3)),
    "huber": (lambda x, y, **k: F.huber_loss(x, y, delta=0.7, **k), draw(4, 3), draw(4, 3)),
    "smooth_l1": (lambda x, y, **k: F.smooth_l1_loss(x, y, beta=0.7, **k), draw(4, 3), draw(4, 3)),
    "cosine_similarity": (F.cosine_similarity_loss, draw(4, 3), draw(4, 3)),
    "cosine_embedding": (
        lambda x, y, **k: F.cosine_embedding_loss(x, y, cr.tensor([1.0, -1.0, 1.0, -1.0]), **k),
        draw(4, 3),
        draw(4, 3),
    ),
    "bce": (F.binary_cross_entropy, chances(4, 3), chances(4, 3)),
    "bce_logits": (
        lambda x, y, **k: F.binary_cross_entropy_with_logits(x, y, pos_weight=WEIGHT[:3], **k),
        draw(4, 3),
        chances(4, 3),
    ),
    "hinge": (F.hinge_loss, draw(4, 3), cr.tensor(RANDOM.choice([-1.0, 1.0], (4, 3)))),
    "cross_entropy": (lambda x, y, **k: F.cross_entropy(x, y, WEIGHT, label_smoothing=0.1, **k), draw(4, 4), INDICES),
    "cross_entropy-soft": (lambda x, y, **k: F.cross_entropy(x, y, WEIGHT, **k), draw(4, 4), rows(4, 4)),
    "categorical": (F.categorical_cross_entropy, rows(4, 4), INDICES),
    "categorical-soft": (F.categorical_cross_entropy, rows(4, 4), rows(4, 4)),
    "nll": (F.nll_loss, draw(4, 4), INDICES),
    "kl_div": (F.kl_div, draw(4, 4), rows(4, 4)),
    "kl_divergence": (F.kl_divergence, rows(4, 4), rows(4, 4)),
}
EVERY = pytest.mark.parametrize("name", LOSSES)


@EVERY
def test_first_and_second_derivatives(name):
    loss, x, y = LOSSES[name]
    if name == "hinge":
        assert cr.gradcheck(lambda x: loss(x, y), x, order=2)
    else:
        assert cr.gradcheck(loss, [x, y], order=2)


@EVERY
def test_reductions_agree(name):
    loss, x, y = LOSSES[name]
    each, total, mean = (loss(x, y, reduction=reduction) for reduction in ("none", "sum", "mean"))
    assert each.shape[:1] == (4,)
    np.testing.assert_allclose(total.item(), each.sum().item(), rtol=1e-12)
    counted = 2.0 + 0.5 + 1.0 if name == "cross_entropy" else 3 if y is INDICES else each.numel()
    np.testing.assert_allclose(mean.item(), each.sum().item() / counted, rtol=1e-12)


@EVERY
@pytest.mark.parametrize("dtype", [cr.float32, cr.float64])
def test_shapes_and_dtypes_are_known_without_values(name, dtype):
    loss, x, y = LOSSES[name]
    x = x.detach().to(dtype).requires_grad_()
    y = y if y.dtype == cr.int64 else y.to(dtype)
    for reduction in ("none", "mean"):
        expected = loss(x, y, reduction=reduction)
        assert expected.dtype == dtype, "the loss has the dtype of the predictions"
        with shapes_only():
            # From operations, so that their values are not known either.
            got = loss(x * 1, y * 1, reduction=reduction)
            got.sum().backward()
            assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
            assert x.grad.shape == x.shape
        assert x.grad is None


@EVERY
def test_no_reduction_by_this_name(name):
    loss, x, y = LOSSES[name]
    with pytest.raises(cr.errors.UnknownNameError, match="did you mean 'mean'"):
        loss(x, y, reduction="means")


# Laws

logits = st.lists(st.floats(-50, 50), min_size=12, max_size=12).map(lambda v: cr.tensor(np.reshape(v, (3, 4))))
labels = st.lists(st.integers(0, 3), min_size=3, max_size=3).map(lambda v: cr.tensor(v))


@given(x=logits, y=labels, shift=st.floats(-1e3, 1e3))
def test_cross_entropy_knows_only_differences_of_logits(x, y, shift):
    np.testing.assert_allclose(F.cross_entropy(x + shift, y).item(), F.cross_entropy(x, y).item(), atol=1e-10)


@given(x=logits, y=labels, smoothing=st.floats(0, 1))
def test_indices_are_one_hot_distributions(x, y, smoothing):
    one_hot = F.one_hot(y, 4).double()
    by_index, by_distribution = (F.cross_entropy(x, t, label_smoothing=smoothing).item() for t in (y, one_hot))
    np.testing.assert_allclose(by_index, by_distribution, rtol=1e-12, atol=1e-12)


@given(x=logits, y=labels)
def test_the_three_forms_of_cross_entropy_agree(x, y):
    expected = F.cross_entropy(x, y).item()
    np.testing.assert_allclose(F.nll_loss(F.log_softmax(x, dim=-1), y).item(), expected, rtol=1e-12)
    np.testing.assert_allclose(F.categorical_cross_entropy(F.softmax(x, dim=-1), y).item(), expected, atol=1e-9)


@given(x=logits, y=logits)
def test_binary_forms_agree(x, y):
    # Beyond 15 the digits of 1 - p are lost.
    x, target = x.clip(-15, 15), y.sigmoid()
    expected = F.binary_cross_entropy_with_logits(x, target).item()
    np.testing.assert_allclose(F.binary_cross_entropy(x.sigmoid(), target).item(), expected, rtol=1e-8)


@given(x=logits, y=logits)
def test_kl_forms_agree_and_are_not_negative(x, y):
    p, q = F.softmax(y, dim=-1), F.log_softmax(x, dim=-1)
    divergence = F.kl_div(q, p, reduction="batchmean").item()
    assert divergence >= -1e-12
    np.testing.assert_allclose(
        divergence, F.kl_div(q, p.log(), reduction="batchmean", log_target=True).item(), atol=1e-9
    )
    np.testing.assert_allclose(divergence, F.kl_divergence(q.exp(), p).item(), atol=1e-9)


@pytest.mark.parametrize("shape", [(2, 5, 4), (2, 3, 5, 4)])
def test_positions_are_rows_of_their_own(shape):
    x, y = draw(*shape), cr.tensor(RANDOM.randint(0, 4, shape[:-1]))
    flat = F.cross_entropy(x.reshape(-1, 4), y.reshape(-1), WEIGHT)
    np.testing.assert_allclose(F.cross_entropy(x, y, WEIGHT).item(), flat.item(), rtol=1e-12)


# Keras's


def test_hinge_as_keras_documents_it():
    # https://keras.io/api/losses/hinge_losses/#hinge-function
    y, x = cr.tensor([[0.0, 1.0], [0.0, 0.0]]), cr.tensor([[0.6, 0.4], [0.4, 0.6]])
    np.testing.assert_allclose(F.hinge_loss(x, y, reduction="none").mean(dim=1).tolist(), [1.1, 1.5], rtol=1e-6)


def test_hinge_takes_0_for_minus_1():
    x, y = draw(5), cr.tensor([1.0, -1.0, 1.0, -1.0, -1.0], dtype=cr.float64)
    assert F.hinge_loss(x, y).item() == F.hinge_loss(x, (y + 1) / 2).item()


def test_cosine_similarity_as_keras_documents_it():
    # https://keras.io/api/losses/regression_losses/#cosinesimilarity-class
    y, x = cr.tensor([[0.0, 1.0], [1.0, 1.0]]), cr.tensor([[1.0, 0.0], [1.0, 1.0]])
    np.testing.assert_allclose(F.cosine_similarity_loss(x, y).item(), -0.5, rtol=1e-6)


def test_categorical_cross_entropy_as_keras_documents_it():
    # https://keras.io/api/losses/probabilistic_losses/#categoricalcrossentropy-class
    y, x = cr.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), cr.tensor([[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]])
    np.testing.assert_allclose(F.categorical_cross_entropy(x, y).item(), 1.177, atol=5e-4)
    np.testing.assert_allclose(F.categorical_cross_entropy(x, cr.tensor([1, 2])).item(), 1.177, atol=5e-4)


# Far away


@pytest.mark.parametrize("x", [-1e4, -50.0, 0.0, 50.0, 1e4])
@pytest.mark.parametrize("y", [0.0, 1.0])
@pytest.mark.parametrize("dtype", [cr.float32, cr.float64])
def test_binary_cross_entropy_of_logits_is_exact(x, y, dtype):
    logit = cr.tensor(x, dtype=dtype, requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(logit, cr.tensor(y, dtype=dtype))
    loss.backward()
    distance = -x if y else x
    expected = max(distance, 0.0) + math.log1p(math.exp(-abs(distance)))
    np.testing.assert_allclose(loss.item(), expected, rtol=1e-6 if dtype == cr.float32 else 1e-15)
    slope = 0.0 if distance < -700 else 1 / (1 + math.exp(-distance))
    np.testing.assert_allclose(logit.grad.item(), -slope if y else slope, rtol=1e-6, atol=1e-30)


def test_a_confident_mistake_has_a_finite_gradient():
    """Also where the probability is 0 in floating numbers, or has lost all but its last digits."""
    for gap in (20.0, 90.0, 95.0, 100.0, 1e4):
        x = cr.tensor([[gap, 0.0]], requires_grad=True)
        F.categorical_cross_entropy(x.softmax(dim=-1), cr.tensor([1])).backward()
        assert np.isfinite(x.grad.numpy()).all()
        if gap < 87:
            np.testing.assert_allclose(x.grad.tolist(), [[1.0, -1.0]], rtol=1e-5)


def test_masked_classes_cost_nothing_and_have_no_gradient():
    x = cr.tensor([[1.0, -math.inf, 2.0]], requires_grad=True)
    for target in (cr.tensor([2]), cr.tensor([[0.25, 0.0, 0.75]])):
        x.grad = None
        loss = F.cross_entropy(x, target)
        loss.backward()
        assert math.isfinite(loss.item())
        assert np.isfinite(x.grad.numpy()).all()
        assert x.grad[0, 1].item() == 0


def test_ignored_targets_have_no_gradient():
    x = draw(3, 4).requires_grad_()
    F.cross_entropy(x, cr.tensor([1, -100, 2]), label_smoothing=0.1).backward()
    assert x.grad[1].tolist() == [0.0] * 4
    assert bool((x.grad[0] != 0).all())


def test_the_mean_of_nothing_is_nan():
    assert math.isnan(F.cross_entropy(draw(2, 3), cr.tensor([-100, -100])).item())
    assert F.cross_entropy(draw(2, 3), cr.tensor([-100, -100]), reduction="sum").item() == 0


def test_nan_predictions_give_nan_rather_than_an_error():
    """Training names the layer that broke; a loss that complained of probabilities would hide it."""
    nan = cr.tensor([[math.nan, 0.5]])
    assert math.isnan(F.binary_cross_entropy(nan, cr.tensor([[1.0, 0.0]])).item())
    assert math.isnan(F.categorical_cross_entropy(nan, cr.tensor([0])).item())
