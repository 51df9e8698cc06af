import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import errors
from chainrule.columns.boolean import NO, YES, Boolean, BooleanTarget, read_truth
from chainrule.data.values import Values


@given(
    st.sampled_from(sorted(YES | NO)), st.sampled_from([str.upper, str.title, str.lower]), st.sampled_from(["", " "])
)
def test_all_spellings(word, case, space):
    assert read_truth(Values.of([space + case(word) + space]))[0] == (word in YES)


@pytest.mark.parametrize("values", [[True, None, False], [1, None, 0], ["T", "", "f"], ["on", "?", "OFF"]])
def test_gaps_are_marked(values):
    rows = Boolean().fit(Values.of(values)).transform(Values.of(values))
    np.testing.assert_array_equal(rows, [[1, 0], [0, 1], [-1, 0]])


def test_gaps_that_training_does_not_have_lie_in_the_middle():
    assert Boolean().fit(Values.of([True, False])).transform(Values.of([None])).tolist() == [[0]]


@pytest.mark.parametrize("values", [[0, 1, 2], ["yes", "no", "maybe"]])
def test_what_is_neither(values):
    assert Boolean.claim("x", Values.of(values)) is None
    with pytest.raises(errors.ColumnTypeError, match="neither yes nor no") as caught:
        Boolean().fit(Values.of(values))
    assert caught.value.row == 2


@pytest.mark.parametrize("values", [["no", "no"], [1, 1], ["f", "m"]])
def test_one_side_alone_says_too_little(values):
    assert Boolean.claim("x", Values.of(values)) is None


def test_targets_have_one_output_and_the_words_of_the_column():
    target = BooleanTarget().fit(Values.of(["yes", "Yes", "Yes", "no"]))
    assert (target.task, target.outputs, target.class_names) == ("binary", 1, ("no", "Yes"))
    assert target.encode(Values.of(["YES", "n"])).tolist() == [[1], [0]]
    assert target.predictions(np.array([[2.0], [-2.0]]))[""].tolist() == ["Yes", "no"]
    numbers = BooleanTarget().fit(Values.of([0, 1]))
    assert numbers.predictions(np.array([[2.0]]))[""].tolist() == [1]


def test_targets_of_one_class():
    with pytest.raises(errors.SingleClassError):
        BooleanTarget().fit(Values.of([True, True]))
