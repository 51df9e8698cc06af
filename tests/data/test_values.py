"""Values of a column from what people have in Python."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from chainrule.data import ArrayTable, Values
from chainrule.errors import ColumnTypeError

BERLIN = dt.timezone(dt.timedelta(hours=2))


@pytest.mark.parametrize(
    ("given", "array"),
    [
        ([dt.date(2020, 1, 2), None], np.array(["2020-01-02", "1970-01-01"], "datetime64[us]")),
        ([dt.datetime(2020, 1, 2, 1, tzinfo=BERLIN)], np.array(["2020-01-01T23:00"], "datetime64[us]")),
        ([Decimal("1.5"), None, 2], np.array([1.5, 0, 2])),
        ([True, None], np.array([True, False])),
        (np.array([2**63 + 4096, 1], np.uint64), np.array([2.0**63 + 4096, 1])),
    ],
)
def test_objects_of_python_are_what_they_mean(given, array):
    values = Values.of(given)
    assert values.array.dtype == array.dtype
    np.testing.assert_array_equal(values.array, array)
    np.testing.assert_array_equal(values.missing, [each is None for each in given])


@pytest.mark.parametrize("given", [[{"x": 1}, {"x": 2}], [1 + 2j, 3], [[1, 2], [3]], [dt.time(3), dt.time(4)]])
def test_what_is_no_value_is_an_error_that_names_the_column(given):
    with pytest.raises(ColumnTypeError, match="people, column 'odd': these are no values of a column"):
        ArrayTable({"odd": given}, name="people")
