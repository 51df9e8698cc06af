import numpy as np
import pytest

from chainrule.data import Dataset
from chainrule.errors import ClassIndexError, DataLengthError, EmptyDataError, TargetDTypeError, TargetShapeError

ROWS = np.arange(12.0).reshape(4, 3)


def test_taking_rows_copies_them():
    data = Dataset(ROWS, np.array([0, 1, 1, 0]), ("no", "yes"), "answers", "nowhere")
    for rows in ([3, 1], np.array([False, True, False, True])):
        part = data.take(rows)
        assert (part.name, part.source, part.class_names) == ("answers", "nowhere", ("no", "yes"))
        assert not np.shares_memory(part.inputs, data.inputs)
        assert sorted(part.inputs[:, 0]) == [3.0, 9.0]
    assert data.take([3, 1]).class_counts() == {"no": 1, "yes": 1}


def test_targets_may_be_numbers():
    data = Dataset(ROWS, ROWS[:, 0])
    assert len(data) == 4
    assert data.class_counts() == {}


@pytest.mark.parametrize(
    ("targets", "error"),
    [
        (np.array([0, 1, 1]), DataLengthError),
        (np.array([0, 1, 2, 0]), ClassIndexError),
        (np.array([0, -1, 1, 0]), ClassIndexError),
        (np.array([0.0, 1.0, 1.0, 0.0]), TargetDTypeError),
        (np.array([[0], [1], [1], [0]]), TargetShapeError),
    ],
)
def test_targets_that_do_not_fit(targets, error):
    with pytest.raises(error, match="targets"):
        Dataset(ROWS, targets, ("no", "yes"))


def test_no_rows():
    with pytest.raises(EmptyDataError, match="nothing here"):
        Dataset(ROWS[:0], np.zeros(0), name="nothing here")
