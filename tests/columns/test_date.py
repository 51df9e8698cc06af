import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import errors
from chainrule.columns.date import FORMATS, ISO, Date
from chainrule.data.values import Values

DAYS = [datetime.datetime(2019, 3, 31), datetime.datetime(2020, 7, 14), datetime.datetime(2021, 12, 24)]


@pytest.mark.parametrize("format", [format for format in FORMATS if format != ISO and "%d" in format])
def test_texts_are_read_in_the_format_of_most(format):
    instants = [day.replace(hour=15, minute=30 if "%M" in format else 0) for day in DAYS]
    written = Values.of([instant.strftime(format) for instant in instants])
    read = [each if "%H" in format or "%I" in format else each.replace(hour=0) for each in instants]
    plain = Values.of(np.array(read, "datetime64[us]"))
    assert Date.claim("when", written).strength > 60
    made = Date().fit(written)
    np.testing.assert_array_equal(made.transform(written), Date().fit(plain).transform(plain))


@settings(max_examples=30)
@given(st.lists(st.datetimes(timezones=st.none() | st.just(datetime.UTC)), min_size=1))
def test_iso_dates_are_read_as_they_are(instants):
    made = Date().fit(Values.of([instant.isoformat() for instant in instants]))
    plain = np.array([instant.replace(tzinfo=None) for instant in instants], "datetime64[us]")
    same = Date().fit(Values.of(plain))
    np.testing.assert_array_equal(made.transform(Values.of(plain)), same.transform(Values.of(plain)))


def test_one_row_in_many_says_whether_day_or_month_comes_first():
    words = [f"{day:02}/05/2020" for day in range(1, 13)] * 40
    assert "cannot be told" in Date().fit(Values.of(words)).describe()
    assert Date().fit(Values.of([*words, "25/12/2020"])).describe().startswith("%d/%m/%Y; ")
    assert Date().fit(Values.of([*words, "12/25/2020"])).describe().startswith("%m/%d/%Y; ")


@pytest.mark.parametrize(
    ("words", "rounds"),
    [
        (["2020-01", "2020-05", "2020-09"], "year"),
        (["2019-01-01", "2020-01-01"], ""),
        (["10:00", "22:30"], "day"),
        (["2020-03-05", "2020-04-17"], "year, the week"),
        (["2020-03-05 10:00", "2020-04-17 11:00"], "year, the week, the day"),
    ],
)
def test_only_what_differs_is_encoded(words, rounds):
    described = Date().fit(Values.of(words)).describe()
    assert described.partition("place in the ")[2] == rounds


def test_the_end_of_a_round_is_beside_its_start():
    made = Date().fit(Values.of(["2019-01-01 00:00", "2019-07-02 12:00", "2020-01-04 06:30"]))
    near = made.transform(Values.of(["2019-12-31 23:59", "2020-01-01 00:00"]))[:, 1:]
    np.testing.assert_allclose(near[0, [0, 1, 4, 5]], near[1, [0, 1, 4, 5]], atol=0.03)


def test_gaps_stand_at_the_centre_and_are_marked():
    rows = Date().fit(Values.of(["2020-01-05", None, "n/a", "2021-07-09"])).transform(Values.of([None]))
    assert rows[0, 1:].tolist() == [1, 0, 0, 0, 0]


def test_numbers_are_years():
    made = Date().fit(Values.of([1990, 2000, None, 2010]))
    np.testing.assert_array_equal(made.transform(Values.of([2000.0])), made.transform(Values.of(["2000-01-01"])))
    with pytest.raises(errors.ColumnTypeError, match="no year") as caught:
        made.transform(Values.of([2000, 12.5]))
    assert caught.value.row == 1


@pytest.mark.parametrize("word", ["2020-02-30", "31/12/2020", "soon"])
def test_dates_that_do_not_parse(word):
    values = Values.of([*[f"2020-01-{day:02}" for day in range(1, 29)], word])
    assert Date.claim("when", values) is not None
    with pytest.raises(errors.ColumnTypeError, match=word) as caught:
        Date().fit(values)
    assert caught.value.row == 28


def test_plain_digits_are_no_dates():
    assert Date.claim("code", Values.of(["20240131", "20240201"])) is None
