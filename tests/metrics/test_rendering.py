import numpy as np
import pytest

from chainrule.errors import DataLengthError, ShapeError
from chainrule.metrics import format_confusion_matrix


def test_ten_digits_fit_a_terminal():
    matrix = np.diag([40] * 10)
    matrix[3, 8] = 12
    lines = format_confusion_matrix(matrix).splitlines()
    assert len(lines) == 12
    assert max(map(len, lines)) <= 80
    assert len({len(line) for line in lines[1:]}) == 1
    assert lines[5] == "3        .   .   .  40   .   .   .   .  12   ."


def test_long_names_number_the_columns():
    text = format_confusion_matrix(np.eye(10, dtype=int), ["a class with a long name"] * 10)
    assert "9 a class with a long name" in text
    assert text.splitlines()[1].split() == list("0123456789")
    assert max(map(len, text.splitlines())) <= 100


def test_wide_characters_stay_aligned():
    lines = format_confusion_matrix([[1, 2], [3, 4]], ["긍정", "no"]).splitlines()
    assert lines[2] == "긍정       1     2"
    assert lines[3] == "no         3     4"


def test_shares_are_rounded():
    assert "0.6667" in format_confusion_matrix([[2 / 3, 1 / 3], [0.0, 1.0]])


def test_what_is_no_confusion_matrix():
    with pytest.raises(ShapeError, match="square"):
        format_confusion_matrix([[1, 2, 3], [4, 5, 6]])
    with pytest.raises(ShapeError, match="square"):
        format_confusion_matrix(np.zeros((0, 0)))
    with pytest.raises(DataLengthError, match="class_names"):
        format_confusion_matrix([[1, 2], [3, 4]], ["cat"])
