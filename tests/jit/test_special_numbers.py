"""NaN, infinities and the smallest numbers go through compiled steps as they do through eager ones."""

import numpy as np
import pytest

import chainrule as cr
from tests.jit.steps import both, close

F = cr.nn.functional
NAN, INF = float("nan"), float("inf")


def eager_and_compiled(function, *arrays):
    """What a function makes of arrays, either way, and the gradients of its sum by them."""

    def with_gradients(*tensors):
        result = function(*tensors)
        return result, *cr.autograd.grad(result.sum(), tensors)

    found = []
    for way in (with_gradients, cr.jit(with_gradients)):
        tensors = [cr.tensor(np.asarray(array, np.float32), requires_grad=True) for array in arrays]
        found.append([tensor.detach().numpy() for tensor in way(*tensors)])
    close(*found)
    return found[1]


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize("norm", [False, True])
def test_a_bad_number_in_a_batch_reaches_the_loss_and_the_weights_that_it_reaches_eagerly(bad, norm):
    def build():
        # No bias before BatchNorm: its gradient is rounding alone, which Adam would blow up.
        layers = [cr.nn.Linear(5, 8, bias=not norm), cr.nn.BatchNorm1d(8) if norm else cr.nn.Identity(), cr.nn.ReLU()]
        model = cr.nn.Sequential(*layers, cr.nn.Linear(8, 3))
        optimizer = cr.optim.Adam(model.parameters(), lr=0.01)

        def step(x, y):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            return loss

        return step, (model, optimizer)

    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((8, 5)).astype(np.float32), rng.integers(0, 3, 8)
    wrong = x.copy()
    wrong[3, 2] = bad
    step = both(build, [(x, y), (wrong, y), (x, y)])
    assert not np.isfinite(step(wrong, y).item())


def test_positions_masked_with_minus_infinity_get_no_weight_and_no_gradient():
    rng = np.random.default_rng(0)
    q, k, v = (rng.standard_normal((2, 3, 9, 4)) for _ in range(3))
    mask = np.triu(np.full((9, 9), -INF, np.float32), 1)

    def attention(q, k, v):
        weights = F.softmax(q @ k.mT + cr.tensor(mask), dim=-1)
        return (weights @ v) ** 2

    results = eager_and_compiled(attention, q, k, v)
    assert all(np.isfinite(each).all() for each in results)
    (weights, _) = eager_and_compiled(lambda x: F.softmax(x + cr.tensor(mask), dim=-1), rng.standard_normal((9, 9)))
    assert (weights[mask == -INF] == 0).all()


def test_a_row_in_which_all_is_masked_is_nan_and_no_other():
    x = np.zeros((3, 20))
    x[1] = -INF
    softmax, gradient = eager_and_compiled(lambda x: F.softmax(x, dim=-1), x)
    for found in (softmax, gradient):
        assert np.isnan(found[1]).all()
        assert np.isfinite(found[[0, 2]]).all()


def test_logarithms_of_zero_and_below():
    log, gradient = eager_and_compiled(cr.log, [0.0, -0.0, -1.0, 1e-45, INF, NAN, 1.0])
    assert log[0] == log[1] == -INF
    assert gradient[0] == INF
    assert np.isnan(log[[2, 5]]).all()
    assert np.isfinite(log[3])
    eager_and_compiled(lambda x: x * cr.log(x), [0.0, 1.0, INF])
    eager_and_compiled(lambda x: cr.where(x > 0, x * cr.log(x), 0.0), [0.0, 1.0, INF, NAN])
    eager_and_compiled(lambda x: x.sqrt(), [0.0, -0.0, -1.0, INF])


def test_losses_at_the_ends():
    logits = [[1e30, -1e30, 0.0], [INF, 0.0, 1.0], [-INF, 0.0, 1.0], [NAN, 0.0, 1.0], [88.0, 89.0, 3e38]]
    y = cr.tensor([1, 0, 0, 2, 2])
    eager_and_compiled(lambda x: F.cross_entropy(x, y, reduction="none"), logits)
    x, target = [1e30, -1e30, INF, -INF, NAN, 100.0, -100.0], cr.tensor([0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0])
    eager_and_compiled(lambda x: F.binary_cross_entropy_with_logits(x, target, reduction="none"), x)


@pytest.mark.parametrize("function", [cr.relu, cr.sigmoid, cr.tanh, F.gelu, F.silu, F.elu, F.softplus, cr.abs])
def test_activations(function):
    eager_and_compiled(function, [NAN, INF, -INF, 0.0, -0.0, 1e-42, -1e-42, 3e38, -3e38, 100.0, -100.0])


def test_extrema_let_nan_win():
    x = [[1.0, NAN, 3.0], [INF, -INF, 0.0], [-0.0, 0.0, 0.0]]
    eager_and_compiled(lambda x: x.amax(1) + x.amin(1), x)
    eager_and_compiled(lambda x: cr.maximum(x, x.flip(1)), x)
    eager_and_compiled(lambda x: x.clamp(-1.0, 1.0), x)
    eager_and_compiled(lambda x: x.sort(1)[0], x)


@pytest.mark.parametrize("threads", [1, 4])
def test_the_smallest_numbers_are_not_taken_for_zero_on_any_thread(threads, monkeypatch):
    monkeypatch.setattr("chainrule.config._num_threads", None)
    cr.set_num_threads(threads)
    x = np.full((4000, 30), 1e-40, np.float32)
    # A product too small for a matrix unit, which does take them for zero (native/matrix_unit.py).
    product = cr.jit(lambda x: (cr.exp(x * 0.5) - 1 + x * 0.5, x @ cr.eye(30)))
    half, same = product(x)
    assert (half.numpy() == np.float32(1e-40) * np.float32(0.5)).all()
    assert (same.numpy() == np.float32(1e-40)).all()
    monkeypatch.undo()
    cr.config.threads_changed()
