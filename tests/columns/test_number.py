import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule import errors
from chainrule.columns.number import Number, NumberTarget, PiecewiseLinear
from chainrule.data.values import Values

RANDOM = np.random.default_rng(0)


def column(x, **options):
    return Number(**options).fit(Values.of(x))


def test_gaps_become_the_median_and_a_mark():
    rows = column([1.0, None, 5.0, 3.0]).transform(Values.of([None, 3.0]))
    np.testing.assert_array_equal(rows, [[0, 1], [0, 0]])


def test_gaps_that_training_does_not_have_become_the_median():
    rows = column([1.0, 3.0, 5.0]).transform(Values.of([None, 3.0]))
    np.testing.assert_array_equal(rows, [[0], [0]])


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (RANDOM.normal(50, 9, 10_000), "(x - 5"),
        (RANDOM.uniform(0, 1, 1_000), "(x - 0."),
        (RANDOM.lognormal(0, 1.5, 10_000), "long tail"),
        (-RANDOM.lognormal(0, 1.5, 10_000), "long tail"),
        (np.append(RANDOM.normal(50, 9, 10_000), [99_999.0]), "outliers"),
        (np.append(np.zeros(900), np.ones(50)), "(x - 0.05263) / 0.2233"),
    ],
)
def test_the_training_values_choose_the_scaling(x, said):
    assert column(x).describe().startswith(said)


@pytest.mark.parametrize("scaling", ["standardise", "robust", "log", "minmax"])
def test_a_scaling_can_be_said(scaling):
    x = RANDOM.lognormal(0, 1, 500)
    z = column(x, scaling=scaling).transform(Values.of(x))[:, 0].astype(np.float64)
    measured = {
        "standardise": (z.mean(), z.std()),
        "log": (z.mean(), z.std()),
        "robust": (np.median(z), np.subtract(*np.quantile(z, [0.75, 0.25])) / 1.349),
        "minmax": (z.min(), z.max()),
    }[scaling]
    # What is cut at 8 is missing from mean and deviation.
    np.testing.assert_allclose(measured, (0, 1), atol=0.04)
    assert (np.diff(z[np.argsort(x)]) >= 0).all()


def test_unknown_scalings():
    with pytest.raises(errors.ArgumentError, match="standardise, robust, log, minmax"):
        Number(scaling="zscore")


@settings(max_examples=50)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.sampled_from(("auto", *Number.ways)))
def test_scaled_numbers_keep_their_order_and_are_bounded(x, scaling):
    z = column(x, scaling=scaling).transform(Values.of(x))[:, 0]
    assert (np.abs(z) <= 8).all()
    assert (np.diff(z[np.argsort(x)]) >= 0).all()


@pytest.mark.parametrize("x", [[7.0] * 5, [0.1] * 5, [None, None], [1e300] * 3])
def test_constants_become_zero(x):
    made = column(x)
    assert (made.transform(Values.of(x))[:, 0] == 0).all()
    assert np.isfinite(made.transform(Values.of([-5.0, 1e9]))).all()


def test_pieces_say_where_a_number_stands_among_the_training_rows():
    x = RANDOM.exponential(size=5_000)
    made = column(x, pieces=10)
    encoded = made.encoder()(cr.tensor(made.transform(Values.of(x)))).numpy()
    ranks = np.argsort(np.argsort(x)) / len(x)
    np.testing.assert_allclose(encoded[:, 1:].sum(axis=1) / 10, ranks, atol=0.05)


def test_few_different_numbers_have_a_piece_each():
    made = column([0, 0, 0, 0, 1, 1, 2, 5])
    encoded = made.encoder()(cr.tensor(made.transform(Values.of([0, 1, 2, 5])))).numpy()
    np.testing.assert_allclose(encoded[:, 1:], np.tril(np.ones((4, 3)), -1), atol=1e-6)


def test_pieces_of_numbers_in_any_place():
    layer = PiecewiseLinear({0: np.array([0.0, 1.0, 2.0]), 2: np.array([0.0, 4.0])})
    np.testing.assert_array_equal(layer(cr.tensor([[1.5, 9.0, 1.0]])).numpy(), [[1.5, 9, 1, 1, 0.5, 0.25]])


def test_words_among_numbers():
    values = Values.of([*["1.5", " 2 "] * 20, "?", "n/a", "twelve"])
    with pytest.raises(errors.ColumnTypeError, match="'twelve'") as caught:
        Number().fit(values)
    assert caught.value.row == 42
    assert "--column NAME=category" in caught.value.remedy
    assert column(["1.5", "?", None]).transform(Values.of(["?"])).tolist() == [[0, 1]]


@pytest.mark.parametrize("words", [[1.0, -np.inf], ["1", "inf"]])
def test_infinite_values(words):
    with pytest.raises(errors.ColumnTypeError, match="infinite") as caught:
        column([1.0]).transform(Values.of(words))
    assert caught.value.row == 1


def test_python_spellings_are_words():
    assert Number.claim("x", Values.of(["1_000", "2_000"])) is None


def test_targets_come_back_in_their_units():
    y = Values.of(RANDOM.normal(200, 30, 50))
    target = NumberTarget().fit(y)
    encoded = target.encode(y)
    assert encoded.shape == (50, 1)
    np.testing.assert_allclose([encoded.mean(), encoded.std()], [0, 1], atol=1e-6)
    np.testing.assert_allclose(target.predictions(encoded)[""], y.array, rtol=1e-6)
    assert target.loss()(cr.tensor(encoded), cr.tensor(encoded)).item() == 0


def test_a_missing_target_is_named():
    with pytest.raises(errors.ColumnTypeError, match="missing") as caught:
        NumberTarget().fit(Values.of([1.0, 2.0])).encode(Values.of([1.0, None]))
    assert caught.value.row == 1
