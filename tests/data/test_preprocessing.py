import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import load, save

from chainrule import errors
from chainrule.data import Scale, Standardize, State, load_digits, preprocessor_from_state

shapes = hnp.array_shapes(min_dims=1, max_dims=4, max_side=5)
numbers = st.floats(-1e3, 1e3, width=32)


@given(x=hnp.arrays(np.float64, shapes, elements=numbers))
def test_mean_and_std_are_numpys(x):
    scaler = Standardize().fit(x)
    axes = tuple(range(x.ndim - 1)) or 0
    np.testing.assert_allclose(scaler.mean, np.atleast_1d(x.mean(axis=axes)), rtol=1e-9, atol=1e-9)
    std = np.atleast_1d(x.std(axis=axes))
    constant = np.atleast_1d((x == x.reshape(-1, scaler.mean.size)[0]).all(axis=axes))
    np.testing.assert_allclose(scaler.std, np.where(constant, 1.0, std), rtol=1e-6, atol=1e-9)


@given(x=hnp.arrays(np.float64, shapes, elements=numbers))
def test_inverse_gives_back_what_was_there(x):
    for step in (Standardize(), Scale(-3.0, 17.0)):
        np.testing.assert_allclose(step.inverse(step.fit_transform(x)), x, rtol=1e-9, atol=1e-9)


def test_tables_are_scikit_learns():
    preprocessing = pytest.importorskip("sklearn.preprocessing", reason="scikit-learn is not installed")
    random = np.random.default_rng(1)
    x = random.normal(3.0, 5.0, (50, 4))
    x[:, 2] = 7.0
    ours = Standardize().fit_transform(x)
    np.testing.assert_allclose(ours, preprocessing.StandardScaler().fit_transform(x), rtol=1e-12, atol=1e-12)


def test_pictures_have_one_mean_a_channel():
    random = np.random.default_rng(2)
    x = random.integers(0, 256, (20, 6, 5, 3), dtype=np.uint8)
    x[..., 1] //= 4
    scaled = Standardize().fit_transform(x)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.mean(axis=(0, 1, 2), dtype=np.float64), 0.0, atol=1e-6)
    np.testing.assert_allclose(scaled.std(axis=(0, 1, 2), dtype=np.float64), 1.0, rtol=1e-6)


@pytest.mark.parametrize("value", [0.1, 1e8 + 0.1, 255, np.float32(1 / 3)])
def test_constant_features_become_zero(value):
    x = np.full((7, 2), value)
    x[0, 1] += 1
    scaled = Standardize().fit_transform(x)
    assert (scaled[:, 0] == 0).all()
    assert np.isfinite(scaled).all()


def test_large_numbers_keep_their_digits():
    x = np.array([[1_600_000_000], [1_600_000_001], [1_600_000_002]])
    np.testing.assert_allclose(Standardize().fit_transform(x).ravel(), [-1.2247449, 0, 1.2247449], rtol=1e-6)


def test_blocks_change_nothing(monkeypatch):
    x = load_digits().inputs
    whole = Standardize().fit(x)
    monkeypatch.setattr("chainrule.data.preprocessing.BLOCK", 1000)
    parts = Standardize().fit(x)
    np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-14)
    np.testing.assert_allclose(parts.std, whole.std, rtol=1e-14)


def test_test_rows_are_measured_by_the_training_part():
    scaler = Standardize().fit([[0.0], [2.0]])
    np.testing.assert_array_equal(scaler.transform([[10.0]]), [[9.0]])
    assert scaler.transform(np.zeros((0, 1))).shape == (0, 1)


@pytest.mark.parametrize("step", [Standardize().fit(load_digits().inputs), Scale(high=16)])
def test_a_way_through_files_changes_no_bit(step):
    config, arrays = step.to_state()
    again = preprocessor_from_state(State(json.loads(json.dumps(config)), load(save(arrays))))
    x = load_digits().inputs[:9]
    assert type(again) is type(step)
    np.testing.assert_array_equal(again.transform(x), step.transform(x))


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (State({"kind": "standardise"}, {}), errors.UnknownNameError),
        (State({}, {}), errors.UnknownNameError),
        (State({"kind": "standardize"}, {"mean": np.zeros(2)}), errors.StateDictError),
        (State({"kind": "standardize"}, {"mean": np.zeros(2), "std": np.ones(3)}), errors.StateDictError),
        (State({"kind": "standardize"}, {"mean": np.zeros(2), "std": np.zeros(2)}), errors.StateDictError),
    ],
)
def test_states_that_nothing_can_be_built_from(state, error):
    with pytest.raises(error):
        preprocessor_from_state(state)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: Standardize().transform([[1.0]]), errors.NotFittedError),
        (lambda: Standardize().to_state(), errors.NotFittedError),
        (lambda: Standardize().fit([[1.0, np.nan]]), errors.NonFiniteDataError),
        (lambda: Standardize().fit(np.zeros((0, 3))), errors.EmptyDataError),
        (lambda: Standardize().fit([["a"]]), errors.DTypeError),
        (lambda: Standardize().fit(np.eye(3)).transform(np.eye(4)), errors.ShapeError),
        (lambda: Standardize().fit(np.arange(3.0)).transform(np.eye(3)), errors.ShapeError),
        (lambda: Scale(1.0, 1.0), errors.ArgumentError),
        (lambda: Scale(0.0, np.inf), errors.ArgumentError),
    ],
)
def test_what_cannot_be_preprocessed(call, error):
    with pytest.raises(error):
        call()
