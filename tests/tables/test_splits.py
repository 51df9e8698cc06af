import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.data import stream_tables
from chainrule.data.table import ArrayTable, ChosenRows
from chainrule.errors import ArgumentError, ColumnTypeError, EmptyDataError, RareClassError, SingleClassError
from chainrule.tables.schema import infer_schema
from chainrule.tables.settings import Settings
from chainrule.tables.splits import fold_rows, split_rows


def prepared(columns, **said):
    table, wanted = ArrayTable(columns, name="people.csv"), Settings(target=("y",), **said)
    return table, infer_schema(table, wanted.target, group=wanted.group, time=wanted.time), wanted


def split(columns, test=None, **said):
    return split_rows(*prepared(columns, **said), None if test is None else ArrayTable(test, name="test.csv"))


def rows_of(parts):
    return np.concatenate([parts.train, parts.validation, parts.test])


@given(rows=st.integers(12, 60), seed=st.integers(0, 2**32), test=st.floats(0.1, 0.5), validation=st.floats(0.1, 0.4))
@settings(max_examples=25)
def test_each_row_with_a_target_is_in_one_part(rows, seed, test, validation):
    y = [None if row % 6 == 5 else float(row % 4) + 0.5 for row in range(rows)]
    parts = split({"x": np.arange(rows), "y": y}, seed=seed, test_share=test, validation_share=validation)
    known = [row for row in range(rows) if y[row] is not None]
    assert sorted(rows_of(parts)) == known
    assert abs(len(parts.test) - test * len(known)) <= 1
    assert abs(len(parts.validation) - validation * (len(known) - len(parts.test))) <= 1
    assert "without 'y'" in parts.notes[0]


def test_classes_have_the_same_shares_in_all_parts():
    y = np.repeat(["a", "b"], [300, 100])
    parts = split({"x": np.arange(400), "y": y})
    assert [float(np.mean(y[part] == "b")) for part in (parts.test, parts.validation, parts.train)] == [0.25] * 3
    assert parts.notes == ("272 rows to train, 48 to validate, 80 to test; stratified by 'y', seed 0",)


def test_groups_stay_together_and_rows_without_one_are_alone():
    patient = [None if row % 10 == 9 else f"p{row // 4}" for row in range(200)]
    parts = split({"patient": patient, "x": np.arange(200), "y": np.resize([0.5, 1.5, 2.0], 200)}, group="patient")
    sides = [{patient[row] for row in part} - {None} for part in (parts.train, parts.validation, parts.test)]
    assert sum(map(len, sides)) == len(set().union(*sides))
    assert abs(len(parts.test) - 40) <= 1
    assert "stay together" in parts.notes[-1]


def test_what_the_data_sets_apart_for_validation_is_the_validation():
    y = np.resize(["a", "b"], 40)
    table = ArrayTable({"x": np.arange(40), "y": y}, validation=np.arange(30, 40))
    test, wanted = ArrayTable({"x": np.arange(6), "y": y[:6]}, name="test"), Settings(target=("y",))
    schema = infer_schema(table, wanted.target)
    parts = split_rows(table, schema, wanted, test)
    assert parts.train.tolist() == list(range(30))
    assert parts.validation.tolist() == list(range(30, 40))
    assert parts.notes == ("30 rows to train, 10 to validate, 6 to test (test); the validation is the data's own",)
    # Rows of it that are left out, and parts of it.
    fewer = ChosenRows(table, np.arange(5, 35))
    assert split_rows(fewer, schema, wanted, test).validation.tolist() == list(range(25, 30))
    assert [part.validation.tolist() for part in stream_tables(table, 32)] == [[30, 31], list(range(8))]


def test_rows_of_one_picture_stay_together_and_are_learnt_from(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "0.png").touch()
    photo = [f"{row // 4}.png" for row in range(80)]
    table, schema, wanted = prepared({"photo": photo, "y": np.resize(["a", "b"], 80)}, group="photo")
    assert [field.name for field in schema.inputs] == ["photo"]
    parts = split_rows(table, schema, wanted)
    sides = [{photo[row] for row in part} for part in (parts.train, parts.validation, parts.test)]
    assert sum(map(len, sides)) == len(set().union(*sides)) == 20


def test_names_of_pictures_that_are_not_there_only_name_something():
    scan = [f"scan{row // 4}.jpg" for row in range(80)]
    _, schema, _ = prepared({"scan": scan, "x": np.arange(80), "y": np.resize(["a", "b"], 80)}, group="scan")
    assert [field.name for field in schema.inputs] == ["x"]


def test_time_goes_from_training_to_test():
    order = np.random.default_rng(0).permutation(100)
    parts = split({"when": order // 2, "y": order % 7 + 0.5}, time="when")
    when = order // 2
    assert when[parts.train].max() < when[parts.validation].min()
    assert when[parts.validation].max() < when[parts.test].min()
    assert len(parts.test) == 20


def test_dates_written_as_texts_are_ordered_as_dates():
    days = [f"{1 + row % 28:02}.{1 + row // 28:02}.2024" for row in range(100)]
    parts = split({"day": days, "y": np.arange(100) + 0.5}, time="day")
    assert sorted(parts.test) == list(range(80, 100))
    with pytest.raises(ColumnTypeError, match=r"people.csv, row 8, column 'day'"):
        split({"day": [*days[:7], "soon", *days[8:]], "y": np.arange(100) + 0.5}, time="day")


def test_a_test_table_given_apart_takes_no_rows():
    parts = split({"x": np.arange(20), "y": np.arange(20) + 0.5}, test={"x": [1, 2, 3], "y": [1.5, None, 2.5]})
    assert sorted([*parts.train, *parts.validation]) == list(range(20))
    assert parts.test.tolist() == [0, 2]
    assert "2 to test (test.csv)" in parts.notes[-1]


@pytest.mark.parametrize("said", [{}, {"group": "g"}])
def test_folds_cover_each_row_once(said):
    columns = {"g": np.arange(90) // 3, "y": np.resize(["a", "b", "b"], 90)}
    folds = fold_rows(*prepared(columns, folds=4, **said))
    assert sorted(np.concatenate([parts.test for parts in folds])) == list(range(90))
    for parts in folds:
        assert sorted(rows_of(parts)) == list(range(90))
        if said:
            assert not set(parts.test // 3) & set(parts.train // 3)


def test_folds_in_time_are_tested_on_what_comes_after():
    folds = fold_rows(*prepared({"when": np.arange(60), "y": np.arange(60) + 0.5}, folds=3, time="when"))
    assert [parts.test.min() for parts in folds] == [15, 30, 45]
    for parts in folds:
        assert parts.train.max() < parts.validation.min()
        assert parts.validation.max() < parts.test.min()


def test_tiny_tables_with_many_classes_are_split_without_regard_to_them():
    parts = split({"x": np.arange(6), "y": ["a", "a", "b", "b", "c", "c"]}, test_share=0.5)
    assert [len(part) for part in (parts.train, parts.validation, parts.test)] == [2, 1, 3]


@pytest.mark.parametrize(
    ("columns", "said", "error", "message"),
    [
        ({"y": [1.0, None, None]}, {}, EmptyDataError, "1 of 3"),
        ({"y": ["a", "a", "a", "a"]}, {}, SingleClassError, "4 rows of 'a'"),
        ({"y": ["a", "b", "a", "c", "c"]}, {}, RareClassError, "people.csv, row 2, column 'y'"),
        ({"g": [1, 1, 2, 2], "y": [0.5] * 4}, {"group": "g", "time": "g"}, ArgumentError, "by group or by time"),
        ({"g": [1, 1, 1, 1], "y": [0.5, 1.5] * 2}, {"group": "g"}, ArgumentError, "one group"),
        ({"g": [1, 1, 1, 1], "y": [0.5, 1.5] * 2}, {"time": "g"}, ArgumentError, "one time"),
    ],
)
def test_what_cannot_be_split(columns, said, error, message):
    with pytest.raises(error, match=message):
        split(columns, **said)
