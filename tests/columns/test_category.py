import numpy as np
import pytest

import chainrule as cr
from chainrule import errors
from chainrule.columns.category import Category, CategoryTarget
from chainrule.data.values import Values

CITIES = ["Rome"] * 6 + ["Oslo"] * 4 + ["Bonn"]


def column(values):
    return Category().fit(Values.of(values))


def test_unknown_and_rare_categories_are_one_class_and_gaps_another():
    made = column([*CITIES, None])
    rows = made.transform(Values.of(["Rome", "Oslo", "Bonn", "Paris", None]))
    assert rows[:, 0].tolist() == [2, 3, 0, 0, 1]
    assert made.describe() == (
        "one-hot of 2 categories; 8 % missing: a category of its own; "
        "1 rare (fewer than 2 rows each) pooled, unknown ones with them"
    )
    assert made.encoder()(cr.tensor(rows)).numpy().argmax(axis=1).tolist() == [2, 3, 0, 0, 1]


def test_without_rare_categories_the_unknown_is_encoded_as_nothing():
    for values in (CITIES[:-1], [str(number) for number in range(40)] * 2):
        made = column(values)
        encoded = made.encoder()(cr.tensor(made.transform(Values.of(["Paris", None]))))
        assert (encoded.detach().numpy() == 0).all()


def test_numbers_are_the_same_categories_however_they_are_stored():
    made = column([3, 3, 1, 1])
    for values in ([3, 1], [3.0, 1.0], ["3", "1"]):
        assert made.transform(Values.of(values))[:, 0].tolist() == [2, 1]


def test_many_categories_have_learned_vectors():
    names = [f"shop {number}" for number in range(200)]
    made = column(names * 5)
    encoder = made.encoder()
    vectors = encoder(cr.tensor(made.transform(Values.of(names))))
    assert vectors.shape == (200, 31)
    vectors.sum().backward()
    assert next(iter(encoder.parameters())).grad is not None
    assert made.describe() == "a learned vector for each of 200 categories"


def test_a_different_text_in_each_row():
    names = [f"person {number}" for number in range(500)]
    assert Category.claim("name", Values.of(names)).strength < Category.claim("name", Values.of(names * 2)).strength
    made = column(names)
    encoded = made.encoder()(cr.tensor(made.transform(Values.of(names[:3]))))
    assert np.isfinite(encoded.detach().numpy()).all()


@pytest.mark.parametrize(
    ("values", "claimed"),
    [
        ([0, 1, 1, 0], True),
        ([3, 7, 3, 7], True),
        (list(range(10)) * 3, True),
        ([1, 2, 3] * 3, True),
        ([3, 4, 5, 6, 7, 8, 9] * 3, False),
        ([0, 1, 3] * 3, False),
        (list(range(30)) * 3, False),
        (list(range(10)), False),
        ([0.5, 1.5] * 3, False),
        (["a", "b", "c"], True),
    ],
)
def test_which_targets_are_classes(values, claimed):
    claim = CategoryTarget.claim("y", Values.of(values))
    assert (claim is not None) == claimed
    if claimed and not isinstance(values[0], str):
        assert "say --column y=number" in claim.reason


def test_classes_are_in_order_numbers_by_size():
    target = CategoryTarget().fit(Values.of(["10", "9", "b", "a", "10"]))
    assert target.class_names == ("9", "10", "a", "b")
    assert target.encode(Values.of(["a", "9"])).tolist() == [2, 0]


@pytest.mark.parametrize(
    ("values", "labels"), [([4, 8, 4], [4, 8]), ([True, False], [False, True]), (["01", "2"], ["01", "2"])]
)
def test_predictions_are_what_the_column_has(values, labels):
    target = CategoryTarget().fit(Values.of(values))
    assert target.task == "binary"
    made = target.predictions(np.array([[-3.0], [3.0]]))
    assert made[""].tolist() == labels
    assert list(made) == ["", *(f"probability of {label}" for label in target.class_names)]


def test_probabilities_add_up():
    target = CategoryTarget().fit(Values.of(list("abcab")))
    made = target.predictions(np.array([[1000.0, 0.0, -1000.0], [0.0, 0.0, 0.0]], np.float32))
    probabilities = np.stack([made[f"probability of {name}"] for name in "abc"], axis=1)
    np.testing.assert_allclose(probabilities, [[1, 0, 0], [1 / 3] * 3], rtol=1e-6)
    assert made[""].tolist() == ["a", "a"]


def test_balanced_classes_count_the_same():
    for names in ("ab", "abc"):
        rows = Values.of(["a"] * 90 + list(names[1:]) * 5)
        target = CategoryTarget("balanced").fit(rows)
        outputs = cr.zeros(len(rows), target.outputs, requires_grad=True)
        target.loss()(outputs, cr.tensor(target.encode(rows))).backward()
        # Where each class counts the same, equal probabilities are the best that constants can do.
        np.testing.assert_allclose(outputs.grad.numpy().sum(axis=0), 0, atol=1e-6)
    with pytest.raises(errors.ArgumentError):
        CategoryTarget("equal")


def test_targets_that_cannot_be_learned():
    with pytest.raises(errors.SingleClassError, match="3 rows of 'a'"):
        CategoryTarget().fit(Values.of(["a", "a", "a"]))
    with pytest.raises(errors.ColumnTypeError, match="nearly as many classes as rows"):
        CategoryTarget().fit(Values.of([str(number) for number in range(200)]))
    with pytest.raises(errors.ColumnTypeError, match="'c'") as caught:
        CategoryTarget().fit(Values.of(["a", "b"])).encode(Values.of(["a", "c"]))
    assert caught.value.row == 1
