"""Every check on a small table in which it must find something, and on one in which it must not."""

import csv

import numpy as np
import pytest

from chainrule.data.table import ArrayTable
from chainrule.tables.findings import look_at_columns, look_at_parts
from chainrule.tables.findings.base import ENOUGH_ROWS
from chainrule.tables.schema import infer_schema
from chainrule.tables.settings import Settings
from chainrule.tables.splits import split_rows

ROWS = 400


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def look(columns, target, **settings):
    """What is left of the inputs, and the findings."""
    table = columns if isinstance(columns, ArrayTable) else ArrayTable(columns)
    wanted = Settings(target=(target,), **settings)
    schema = infer_schema(table, wanted.target, group=wanted.group, time=wanted.time)
    schema, findings = look_at_columns(table, schema, wanted)
    return [field.name for field in schema.inputs], findings


def look_at_split(columns, target, test=None, **settings):
    table, wanted = ArrayTable(columns), Settings(target=(target,), **settings)
    apart = None if test is None else ArrayTable(test)
    schema = infer_schema(table, wanted.target)
    return look_at_parts(table, schema, wanted, split_rows(table, schema, wanted, apart), apart)


def of(findings, check):
    return [finding for finding in findings if finding.check == check]


def read_csv(path, names=None):
    """A table as the reader of files gives it, for these files."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    names = names or rows.pop(0)
    columns = {}
    for name, texts in zip(names, zip(*rows, strict=True), strict=True):
        known = [None if text in ("", "NA") else text for text in texts]
        try:
            columns[name] = [None if text is None else (float(text) if "." in text else int(text)) for text in known]
        except ValueError:
            columns[name] = known
    return ArrayTable(columns, name=path.name)


def noise(rng):
    return {"x": rng.normal(size=ROWS), "colour": rng.choice(["red", "green", "blue"], ROWS)}


# Columns that give the answer away


@pytest.mark.parametrize("copy", ["renamed", "coded", "threshold", "given only then"])
def test_a_column_that_tells_the_class_is_left_out(rng, copy):
    y = rng.choice(["died", "lived"], ROWS, p=[0.6, 0.4])
    lived = y == "lived"
    leak = {
        "renamed": np.where(lived, "yes", "no"),
        "coded": np.where(lived, 3, 7),
        "threshold": np.where(lived, 50, 0) + rng.uniform(0, 49, ROWS),
        "given only then": np.array([f"boat {i % 9}" if alive else None for i, alive in enumerate(lived)]),
    }[copy]
    inputs, findings = look({**noise(rng), "leak": leak, "y": y}, "y")
    [found] = of(findings, "answer")
    assert found.columns == ("leak",)
    assert found.drops
    assert "--keep leak" in found.remedy
    assert inputs == ["x", "colour"]


@pytest.mark.parametrize("copy", ["scaled", "rounded", "logarithm", "groups"])
def test_a_column_that_tells_the_number_is_left_out(rng, copy):
    y = rng.lognormal(3, 1, ROWS)
    leak = {"scaled": 5 - 2.2 * y, "rounded": np.round(y * 0.8, 1), "logarithm": np.log(y), "groups": np.round(y)}[copy]
    inputs, findings = look({**noise(rng), "leak": leak, "y": y}, "y")
    [found] = of(findings, "answer")
    assert (found.columns, found.drops) == (("leak",), True)
    assert inputs == ["x", "colour"]


def test_what_predicts_well_is_no_leak(rng):
    y = rng.random(ROWS) < 0.4
    good = np.where(rng.random(ROWS) < 0.9, y, ~y)
    _, findings = look({**noise(rng), "good": np.where(good, "a", "b"), "y": y}, "y")
    assert not of(findings, "answer")
    price = rng.normal(size=ROWS)
    _, findings = look({**noise(rng), "near": price + 0.4 * rng.normal(size=ROWS), "price": price}, "price")
    assert not of(findings, "answer")


def test_what_nearly_tells_the_class_is_said_and_stays(rng):
    y = rng.random(ROWS) < 0.5
    nearly = np.where(np.arange(ROWS) % 60 == 0, ~y, y)
    inputs, findings = look({**noise(rng), "nearly": np.where(nearly, "a", "b"), "y": y}, "y")
    [found] = of(findings, "answer")
    assert not found.drops
    assert found.remedy == "--drop nearly"
    assert "nearly" in inputs


def test_the_user_keeps_a_column_and_the_last_one_stays(rng):
    y = rng.random(ROWS) < 0.5
    inputs, findings = look({**noise(rng), "leak": y, "y": y}, "y", keep=("leak",))
    assert "leak" in inputs
    assert "as you said" in of(findings, "answer")[0].remedy
    inputs, findings = look({"leak": y.astype(float), "y": y}, "y")
    assert inputs == ["leak"]
    assert "no other input" in of(findings, "answer")[0].remedy


def test_a_rare_class_is_not_predicted_by_the_others_being_frequent(rng):
    y = np.arange(ROWS) % 50 == 0
    _, findings = look({**noise(rng), "same": np.where(np.arange(ROWS) % 7 == 0, "a", "b"), "y": y}, "y")
    assert not of(findings, "answer")


def test_a_sum_of_columns_is_said(rng):
    casual, registered = rng.integers(0, 99, ROWS), rng.integers(0, 99, ROWS)
    columns = {"x": rng.normal(size=ROWS), "casual": casual, "registered": registered, "count": casual + registered}
    _, findings = look(columns, "count")
    assert [finding.columns for finding in of(findings, "sum")] == [("casual", "registered")]
    _, findings = look({**columns, "count": casual + registered + rng.normal(size=ROWS)}, "count")
    assert not of(findings, "sum")


# Columns that say nothing


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("row", np.arange(1, ROWS + 1)),
        ("position", np.random.default_rng(1).permutation(ROWS)),
        ("code", [f"A{i:05}" for i in range(ROWS)]),
        ("PassengerId", np.random.default_rng(1).choice(10**9, ROWS, replace=False)),
    ],
)
def test_identifiers_are_left_out(rng, name, values):
    inputs, findings = look({**noise(rng), name: values, "y": rng.normal(size=ROWS)}, "y")
    assert [finding.columns for finding in of(findings, "identifier")] == [(name,)]
    assert inputs == ["x", "colour"]


def test_what_is_no_identifier(rng):
    columns = {"paid": rng.choice(10**9, ROWS, replace=False), "amount": np.linspace(0, 1, ROWS), **noise(rng)}
    _, findings = look({**columns, "y": rng.normal(size=ROWS)}, "y")
    assert not of(findings, "identifier")


def test_an_identifier_that_rows_share_asks_for_groups(rng):
    columns = {**noise(rng), "customer_id": rng.integers(0, 40, ROWS), "y": rng.normal(size=ROWS)}
    _, findings = look(columns, "y")
    assert [finding.remedy for finding in of(findings, "identifier")] == ["--group customer_id"]
    _, findings = look(columns, "y", group="customer_id")
    assert not of(findings, "identifier")


def test_constants_and_empty_columns(rng):
    columns = {**noise(rng), "version": ["v1"] * ROWS, "empty": [None] * ROWS, "y": rng.normal(size=ROWS)}
    inputs, findings = look(columns, "y")
    assert [finding.columns for finding in of(findings, "constant")] == [("empty",), ("version",)]
    assert inputs == ["x", "colour"]


def test_many_constants_are_one_finding(rng):
    corners = {f"pixel{i}": [0] * ROWS for i in range(9)}
    inputs, findings = look({**noise(rng), **corners, "y": rng.normal(size=ROWS)}, "y", keep=("pixel3",))
    [found] = of(findings, "constant")
    assert len(found.columns) == 8
    assert inputs == ["x", "colour", "pixel3"]


def test_a_rare_mark_in_a_large_table_is_no_constant():
    rows = 4 * ENOUGH_ROWS
    mark = np.zeros(rows)
    mark[-1] = 1.0
    inputs, findings = look({"mark": mark, "x": np.arange(rows) % 17, "y": np.arange(rows) % 2 == 0}, "y")
    assert not of(findings, "constant")
    assert "mark" in inputs


def test_columns_that_say_the_same(rng):
    x, number = rng.normal(size=ROWS), rng.integers(0, 3, ROWS)
    names = np.array(["first", "second", "third"])[number]
    columns = {"number": number, "name": names, "celsius": x, "fahrenheit": 32 + 1.8 * x, "y": rng.normal(size=ROWS)}
    inputs, findings = look(columns, "y")
    assert [finding.columns for finding in of(findings, "twins")] == [("number", "name"), ("celsius", "fahrenheit")]
    assert len(inputs) == 4


def test_gaps_rare_categories_and_long_tails(rng):
    columns = {
        "holes": [None if i % 2 else float(i % 7) for i in range(ROWS)],
        "ticket": [f"T{i // 3}" for i in range(ROWS)],
        "fare": rng.lognormal(0, 2, ROWS),
        **noise(rng),
        "y": rng.normal(size=ROWS),
    }
    _, findings = look(columns, "y")
    assert {finding.check: finding.columns for finding in findings} == {
        "gaps": ("holes",),
        "cardinality": ("ticket",),
        "skew": ("fare",),
    }
    assert "200 of 400" in of(findings, "gaps")[0].message


def test_texts_are_said_to_be_left_out(rng):
    texts = [f"message number {i} of a very long list" for i in range(ROWS)]
    inputs, findings = look({**noise(rng), "message": texts, "y": rng.normal(size=ROWS)}, "y")
    assert [finding.columns for finding in of(findings, "texts")] == [("message",)]
    assert inputs == ["x", "colour"]


# Classes


def test_small_and_unequal_classes(rng):
    y = np.array(["a"] * 380 + ["b"] * 17 + ["c"] * 3)
    _, findings = look({**noise(rng), "y": y}, "y")
    few, unequal = of(findings, "classes")
    assert "'c' has 3" in few.message
    assert unequal.remedy == "--class-weight balanced"
    _, findings = look({**noise(rng), "y": y}, "y", class_weight="balanced")
    assert len(of(findings, "classes")) == 1
    _, findings = look({**noise(rng), "y": np.resize(["a", "b"], ROWS)}, "y")
    assert not of(findings, "classes")


def test_a_single_class_is_an_error(rng):
    _, findings = look({**noise(rng), "y": ["a"] * ROWS}, "y")
    assert [finding.severity for finding in of(findings, "classes")] == ["error"]


def test_a_class_that_only_the_test_has(rng):
    columns = {"x": rng.normal(size=ROWS), "when": np.arange(ROWS) // 2, "y": ["a", "b"] * 190 + ["c"] * 20}
    findings = look_at_split(columns, "y", time="when")
    assert [finding.severity for finding in of(findings, "classes")] == ["error"]
    assert "'c'" in of(findings, "classes")[0].message


# Time


def dates(days):
    return np.datetime64("2024-01-01", "us") + np.asarray(days) * np.timedelta64(86_400_000_000, "us")


def test_rows_in_the_order_of_time_that_are_split_at_random(rng):
    columns = {**noise(rng), "day": dates(np.arange(ROWS) // 4), "y": rng.normal(size=ROWS)}
    _, findings = look(columns, "y")
    assert [finding.remedy for finding in of(findings, "order")] == ["--time day"]
    _, findings = look(columns, "y", time="day")
    assert not of(findings, "order")
    columns["day"] = columns["day"][rng.permutation(ROWS)]
    _, findings = look(columns, "y")
    assert not of(findings, "order")


def test_dates_written_as_texts_are_looked_at_as_dates(rng):
    written = [f"{1 + i % 28:02}.{1 + i // 28 % 12:02}.{2000 + i // 336}" for i in range(ROWS)]
    _, findings = look({**noise(rng), "day": written, "y": rng.normal(size=ROWS)}, "y")
    assert [finding.remedy for finding in of(findings, "order")] == ["--time day"]


def test_columns_that_are_known_only_later(rng):
    y = rng.normal(size=ROWS)
    columns = {
        **noise(rng),
        "opened": dates(np.arange(ROWS)),
        "closed": dates(np.arange(ROWS) + rng.integers(1, 9, ROWS)),
        "born": dates(np.arange(ROWS) - 9999),
        "tomorrow": np.append(y[1:], 0.0),
        "yesterday": np.append(0.0, y[:-1]),
        "y": y,
    }
    inputs, findings = look(columns, "y", time="opened")
    assert [(finding.columns, finding.drops) for finding in of(findings, "order")] == [
        (("closed",), False),
        (("tomorrow",), True),
    ]
    assert "yesterday" in inputs


# Parts


def test_copies_of_training_rows_in_the_test(rng):
    x = rng.normal(size=ROWS)
    findings = look_at_split({"x": np.repeat(x[: ROWS // 2], 2), "y": np.repeat(x[ROWS // 2 :], 2)}, "y")
    assert [finding.severity for finding in of(findings, "duplicates")] == ["warning"]
    assert not of(look_at_split({"x": x, "y": x}, "y"), "duplicates")


def test_copies_are_found_in_a_test_table_of_other_words(rng):
    train = {"x": ["a", "b", "c", "d"] * 25, "z": np.arange(100.0), "y": np.arange(100) % 2}
    test = {"y": [0, 1, 0], "z": [0, 1, 2], "x": ["a", "zz", "c"]}
    [found] = of(look_at_split(train, "y", test=test), "duplicates")
    assert found.message.startswith("2 of the 3 rows")


@pytest.mark.parametrize("rows", [30, 400, 5000])
@pytest.mark.parametrize("seed", range(5))
def test_random_splits_do_not_drift(rows, seed):
    rng = np.random.default_rng(seed)
    columns = {
        "x": rng.lognormal(size=rows),
        "gaps": np.where(rng.random(rows) < 0.3, np.nan, rng.normal(size=rows)),
        "word": rng.choice(["red", "green", "blue"], rows),
        "y": rng.normal(size=rows),
    }
    assert not of(look_at_split(columns, "y", seed=seed), "drift")


def test_drift_is_found(rng):
    train = {"x": rng.normal(size=ROWS), "w": rng.choice(["a", "b"], ROWS), "same": rng.normal(size=ROWS)}
    test = {"x": rng.normal(1, size=ROWS), "w": rng.choice(["b", "c"], ROWS), "same": rng.normal(size=ROWS)}
    findings = look_at_split({**train, "y": rng.normal(size=ROWS)}, "y", test={**test, "y": rng.normal(size=ROWS)})
    assert {finding.columns for finding in of(findings, "drift")} == {("x",), ("w",)}


def test_the_seed_alone_decides_what_is_found():
    rng = np.random.default_rng(3)
    rows = ENOUGH_ROWS + 1000
    columns = {"x": rng.lognormal(0, 2, rows), "z": rng.integers(0, 9, rows), "y": rng.random(rows) < 0.5}
    assert look(columns, "y") == look(columns, "y")


# Real tables


def test_titanic(real_data):
    table = read_csv(real_data / "tabular" / "titanic.csv")
    inputs, findings = look(table, "survived")
    assert [finding.columns for finding in findings if finding.drops] == [("alive",)]
    assert {finding.columns for finding in of(findings, "twins")} == {("pclass", "class"), ("embarked", "embark_town")}
    assert {"adult_male", "who", "sex"} <= set(inputs)
    assert not of(findings, "identifier")


def test_tables_without_leaks(real_data):
    california = read_csv(real_data / "tabular" / "california-housing.csv")
    wine = read_csv(real_data / "tabular" / "wine-quality-white.csv", names=[f"c{i}" for i in range(12)])
    for table, target in ((california, "median_house_value"), (wine, "c11")):
        inputs, findings = look(table, target)
        assert len(inputs) == len(table.names) - 1
        assert not [finding for finding in findings if finding.severity != "note"]


def test_pollution_by_the_hour(real_data):
    table = read_csv(real_data / "timeseries" / "beijing-pollution.csv")
    inputs, findings = look(table, "pm2.5")
    assert "No" not in inputs
    assert [finding.remedy for finding in of(findings, "order")] == ["--time No"]
    assert not of(findings, "answer")


# Pictures


def test_the_path_of_a_picture_is_nothing_that_the_network_sees(rng, tmp_path, monkeypatch):
    """Several rows of each picture, as there are of questions about it; all rows of one have the same answer."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "0.jpg").touch()
    number = np.arange(ROWS) // 5
    columns = {"photo": [f"{each}.jpg" for each in number], "width": rng.normal(size=ROWS), "kind": number % 2}
    inputs, findings = look(columns, "kind")
    assert inputs == ["photo", "width"]
    assert not of(findings, "answer")
    [found] = of(findings, "identifier")
    assert "'photo' has 80 values in 400 rows" in found.message
    assert found.remedy == "--group photo"
    inputs, findings = look(columns, "kind", group="photo")
    assert (inputs, of(findings, "identifier")) == (["photo", "width"], [])


@pytest.mark.parametrize("copied", [0, 30])
def test_pictures_of_the_test_that_stand_in_the_training_part(tmp_path, rng, copied):
    """By what is in the files, whatever they are called; none of them need be a picture for that."""
    for part in ("train", "test"):
        (tmp_path / part).mkdir()
        for row in range(40):
            content = b"the same" * (row + 1) if row < copied else rng.bytes(40)
            (tmp_path / part / f"{part}{row}.jpg").write_bytes(content)
    parts = {part: [str(tmp_path / part / f"{part}{row}.jpg") for row in range(40)] for part in ("train", "test")}
    kinds = np.arange(40) % 2
    (tmp_path / "test" / "test39.jpg").unlink()
    findings = look_at_split(
        {"photo": parts["train"], "kind": kinds}, "kind", test={"photo": parts["test"], "kind": kinds}
    )
    found = of(findings, "duplicates")
    assert len(found) == (copied > 0)
    assert not found or f"{copied} of the 40 rows of the test" in found[0].message
