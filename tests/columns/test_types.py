"""What holds of every type of columns."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

import chainrule as cr
from chainrule import errors
from chainrule.columns import TARGETS, TYPES, column_type, target_type
from chainrule.data import State
from chainrule.data.table import ArrayTable
from chainrule.data.values import Values
from chainrule.tables.schema import infer_schema

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.text("abc é", max_size=3)
DATES = st.datetimes().map(lambda instant: instant.isoformat(" "))
TRUTHS = st.sampled_from(["yes", "NO", " Y", "n", "True", "off", "1"])
# Valid values of each type, and of its targets.
COLUMNS = {"number": NUMBERS, "category": WORDS, "boolean": TRUTHS, "date": DATES}


def columns():
    """A kind, values to learn from, and others."""

    def of(kind):
        values = st.lists(st.none() | COLUMNS[kind], min_size=1, max_size=40)
        return st.tuples(st.just(kind), values, values)

    return st.sampled_from(sorted(COLUMNS)).flatmap(of)


def rebuilt(column):
    """The same column after a way through the files of a run folder."""
    config, arrays = column.to_state()
    return type(column).from_state(State(json.loads(json.dumps(config)), load(save(arrays))))


@settings(max_examples=60)
@given(drawn=columns())
def test_what_a_column_becomes_is_finite_and_survives_files(drawn):
    kind, train, others = drawn[0], Values.of(drawn[1]), Values.of(drawn[2])
    column = column_type(kind)().fit(train)
    for values in (train, others):
        rows = column.transform(values)
        assert rows.dtype == np.float32
        assert np.isfinite(rows).all()
        again = rebuilt(column)
        np.testing.assert_array_equal(again.transform(values), rows)
        assert again.describe() == column.describe()


@settings(max_examples=60)
@given(drawn=columns(), cut=st.integers(0, 40))
def test_a_row_becomes_the_same_in_any_chunk(drawn, cut):
    kind, train, others = drawn[0], Values.of(drawn[1]), Values.of(drawn[2])
    column = column_type(kind)().fit(train)
    parts = [column.transform(others.take(part)) for part in (slice(cut), slice(cut, None))]
    np.testing.assert_array_equal(np.concatenate(parts), column.transform(others))


@settings(max_examples=40)
@given(drawn=columns())
def test_only_the_training_rows_are_learned_from(drawn):
    kind, train, others = drawn
    # The words of a part are those of the whole column.
    part, alone = Values.of([*train, *others]).take(slice(len(train))), Values.of(train)
    seen = [column_type(kind)().fit(values) for values in (part, alone)]
    rows = [column.transform(Values.of(others)) for column in seen]
    np.testing.assert_array_equal(rows[0], rows[1])
    assert seen[0].describe() == seen[1].describe()


@settings(max_examples=10)
@given(drawn=columns())
def test_encoders_take_what_transform_gives(drawn):
    kind, train, others = drawn[0], Values.of(drawn[1]), Values.of(drawn[2])
    column = column_type(kind)().fit(train)
    rows = cr.tensor(column.transform(others))
    encoded = column.encoder()(rows)
    assert encoded.shape[0] == len(others)
    assert np.isfinite(encoded.detach().numpy()).all()


@pytest.mark.parametrize("kind", ["number", "boolean"])
def test_columns_side_by_side_are_encoded_as_each_by_itself(kind):
    random = np.random.default_rng(0)
    made = {
        "number": [random.normal(size=50), random.integers(0, 4, 50), np.where(random.random(50) < 0.2, np.nan, 1.5)],
        "boolean": [random.random(50) < 0.5, ["yes", None] * 25],
    }[kind]
    each = [column_type(kind)().fit(Values.of(values)) for values in made]
    rows = [cr.tensor(column.transform(Values.of(values))) for column, values in zip(each, made, strict=True)]
    joint = column_type(kind).joint_encoder(each)(cr.cat(rows, dim=1)).numpy()
    apart = np.concatenate([column.encoder()(x).numpy() for column, x in zip(each, rows, strict=True)], axis=1)
    # The features are the same, in another order.
    np.testing.assert_array_equal(np.sort(joint, axis=1), np.sort(apart, axis=1))


def test_encoders_are_compiled():
    values = {"number": [0.5, None, 2.0, 3.5], "category": list("abab"), "date": ["2020-01-31", "2021-06-01", None, ""]}
    for kind, given_ in values.items():
        column = column_type(kind)().fit(Values.of(given_))
        rows = column.transform(Values.of(given_))
        encoder = column.encoder()
        model = cr.nn.Sequential(encoder, cr.nn.Linear(encoder(cr.tensor(rows)).shape[1], 1))
        model.compile("adam", "mse")
        model.fit(rows, np.ones((4, 1), np.float32), epochs=1, verbose=0)
        model.eval()
        eager = model(cr.tensor(rows)).detach().numpy()
        np.testing.assert_allclose(model.predict(rows), eager, rtol=1e-5, atol=1e-6)


def test_every_file_of_types_is_found():
    assert set(TYPES) == {"boolean", "category", "date", "number", "picture", "text"}
    assert set(TARGETS) == {"boolean", "category", "number"}
    with pytest.raises(errors.UnknownNameError, match="did you mean 'number'"):
        column_type("numbers")
    with pytest.raises(errors.UnknownNameError, match="did you mean 'category'"):
        target_type("categories")


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_values_of_another_form_are_errors(kind):
    values = Values.of(np.zeros((3, 2)))
    with pytest.raises(errors.ColumnTypeError):
        column_type(kind)().fit(values)


@pytest.mark.parametrize(
    ("name", "values", "kind", "reason"),
    [
        ("age", [22.0, None, 0.5], "number", "numbers from 0.5 to 22"),
        ("rooms", [1, 5, 3], "number", "whole numbers from 1 to 5"),
        ("price", ["1.5", "2", *["3"] * 30, "n/a", "?"], "number", "32 of 32 texts are numbers"),
        ("city", ["Rome", "Oslo", "Rome", "Oslo"], "category", "2 different texts in 4 rows"),
        ("zip_code", [20095, 10115, 20095, 10115], "category", "codes by the column's name"),
        ("plz", ["01067", "10115", "20095"], "category", "with leading zeros"),
        ("ticket", ["A/5 1", "PC 2", "C 3", "C 3"], "category", "3 different texts in 4 rows"),
        ("alone", [True, False], "boolean", "truth values"),
        ("alive", ["no", "yes", "no"], "boolean", "only 'no', 'yes'"),
        ("bought", [0, 1, None], "boolean", "only 0 and 1"),
        ("born", ["31.12.1999", "1.2.2003"], "date", "dates, as '1.2.2003'"),
        ("at", np.array(["2020-01-01"], "datetime64[D]"), "date", "dates"),
        ("photo", ["a/1.JPG", "a/2.png"], "picture", "2 of 2 texts are paths of pictures"),
        ("scan", np.zeros((3, 8, 8), np.uint8), "picture", "pictures of shape (8, 8)"),
    ],
)
def test_what_columns_are_taken_for(name, values, kind, reason):
    (field,) = infer_schema(ArrayTable({name: values})).fields
    assert (field.kind, field.role) == (kind, "input")
    assert reason in field.reason


def test_texts_are_left_out_with_a_reason():
    messages = [f"Free entry number {n} in a weekly competition" for n in range(9)]
    for said in ({}, {"message": "text"}):
        (field,) = infer_schema(ArrayTable({"message": messages}), kinds=said).fields
        assert field.role == "ignored"
        assert "texts cannot be encoded yet" in field.reason


def test_real_tables(real_data):
    import csv

    def table(path, header=True):
        with open(real_data / path, encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        names = rows.pop(0) if header else [f"c{at}" for at in range(len(rows[0]))]
        return ArrayTable({name: [row[at] or None for row in rows] for at, name in enumerate(names)})

    def kinds(schema):
        return {field.name: field.kind for field in schema.fields}

    titanic = kinds(infer_schema(table("tabular/titanic.csv"), ["survived"]))
    assert titanic == {
        **dict.fromkeys(["survived", "adult_male", "alive", "alone"], "boolean"),
        **dict.fromkeys(["age", "sibsp", "parch", "fare", "pclass"], "number"),
        **dict.fromkeys(["sex", "embarked", "class", "who", "deck", "embark_town"], "category"),
    }
    houses = kinds(infer_schema(table("tabular/california-housing.csv"), ["median_house_value"]))
    assert {name for name, kind in houses.items() if kind != "number"} == {"ocean_proximity"}
    wines = infer_schema(table("tabular/wine-quality-white.csv", header=False), ["c11"])
    assert set(kinds(wines).values()) == {"number"}
    passengers = kinds(infer_schema(table("timeseries/airline-passengers.csv"), ["Passengers"]))
    assert passengers["Month"] == "date"
