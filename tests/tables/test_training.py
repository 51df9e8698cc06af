"""From a table to a trained model: what is learned from what, and that every way to it gives the same."""

import gzip
import zipfile

import numpy as np
import pytest

import chainrule as cr
from chainrule.data.table import ArrayTable
from chainrule.errors import ArgumentError, ColumnTypeError, EmptyDataError, MissingColumnError
from chainrule.tables.preparation import Preparation
from chainrule.tables.run import run
from chainrule.tables.schema import infer_schema
from chainrule.tables.settings import Settings
from chainrule.tables.splits import split_rows
from chainrule.tables.telling import silent

ROWS = 60
QUICK = {"model": "linear", "epochs": 2, "verbose": False}


@pytest.fixture(autouse=True)
def compiled(tmp_path_factory, monkeypatch):
    """Programs that several of these tests need are compiled once."""
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path_factory.getbasetemp() / "compiled"))


def columns(seed=0, rows=ROWS):
    """Numbers with gaps, categories with rare ones, truth values, dates; and two targets that follow from them."""
    rng = np.random.default_rng(seed)
    size, chance = rng.normal(size=(2, rows))
    city = rng.choice(["Rome", "Oslo", "Bern"], rows).astype(object)
    city[::13] = None
    return {
        "size": np.where(np.arange(rows) % 7 == 3, np.nan, size),
        "income": np.exp(3 * rng.normal(size=rows)),
        "city": city,
        "member": rng.random(rows) > 0.5,
        "joined": np.datetime64("2024-01-01") + rng.integers(0, 500, rows),
        "price": 10 + 3 * size + chance,
        "bought": np.where(size + 0.3 * chance > 0, "yes", "no").astype(object),
    }


def same_state(one, other):
    assert one.config == other.config
    assert one.arrays.keys() == other.arrays.keys()
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, other.arrays[name])


def weights(model):
    return {name: tensor.numpy() for name, tensor in model.network.state_dict().items()}


# What is learned, and from what


@pytest.mark.parametrize("target", ["price", "bought"])
def test_nothing_of_validation_and_test_reaches_the_preparation(target):
    table = columns()
    schema = infer_schema(ArrayTable(table), [target])
    parts = split_rows(ArrayTable(table), schema, Settings(target=(target,)))
    held = np.concatenate([parts.validation, parts.test])
    wild = {name: values.copy() for name, values in table.items()}
    wild["size"][held], wild["income"][held] = 1e9, -1e9
    wild["city"][held], wild["member"][held] = "Atlantis", True
    wild["joined"][held] = np.datetime64("1066-10-14")
    wild[target][held] = 1e6 if target == "price" else "never"
    fitted = [Preparation.fit(ArrayTable(each), schema, parts.train).to_state() for each in (table, wild)]
    same_state(*fitted)


def test_the_test_changes_nothing_in_the_model():
    held = {name: values[:20] for name, values in columns(seed=1).items()}
    wild = held | {"size": held["size"] * 1e6, "city": np.full(20, "Atlantis", object)}
    first, second = (cr.train(columns(), "bought", test=test, drop=["price"], **QUICK) for test in (held, wild))
    same_state(first.preparation.to_state(), second.preparation.to_state())
    for name, weight in weights(first).items():
        np.testing.assert_array_equal(weight, weights(second)[name])


def test_the_same_seed_gives_the_same_bits_and_another_one_others():
    first, second, other = (
        cr.train(columns(), "bought", drop=["price"], seed=seed, **QUICK | {"model": "mlp"}) for seed in (3, 3, 4)
    )
    for name, weight in weights(first).items():
        np.testing.assert_array_equal(weight, weights(second)[name])
    assert any(not np.array_equal(weight, weights(other)[name]) for name, weight in weights(first).items())


def test_little_memory_gives_the_same_bits():
    first, second = (cr.train(columns(), "price", memory=memory, **QUICK) for memory in (None, 1))
    assert isinstance(second.preparation.apply(second.new_rows(columns()), memory=1), np.memmap)
    for name, weight in weights(first).items():
        np.testing.assert_array_equal(weight, weights(second)[name])
    np.testing.assert_array_equal(first.predict(columns()), second.predict(columns()))


def test_rows_without_a_target_are_left_out_and_counted():
    table = columns()
    table["bought"][:5] = None
    told = []
    ran = run(table, None, Settings(target=("bought",), model="linear", epochs=1), told.append)
    assert sum(ran.trained.parts.sizes.values()) == ROWS - 5
    assert "5 rows without 'bought' are left out" in told


# What a model gives


@pytest.fixture(scope="module")
def model():
    return cr.train(columns(), "bought", drop=["price"], **QUICK)


def test_evaluate_finds_what_the_run_has_found():
    ran = run(columns(), None, Settings(target=("bought",), drop=("price",), model="linear", epochs=2), silent)
    rows = ran.trained.parts.test
    again = ran.trained.model.evaluate({name: values[rows] for name, values in columns().items()})
    assert again == pytest.approx(dict(ran.trained.tested[0].measured), rel=1e-5)


def test_predictions_are_labels_with_probabilities(model):
    labels, shares = model.predict(columns()), model.predict_proba(columns())
    assert labels.shape == (ROWS,)
    assert shares.shape == (ROWS, 2)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(labels, np.array(["no", "yes"])[shares.argmax(axis=1)])


def test_a_row_is_predicted_the_same_wherever_it_stands(model):
    table, order = columns(), np.random.default_rng(2).permutation(ROWS)
    whole = model.predict_proba(table)
    mixed = model.predict_proba({name: table[name][order] for name in reversed(table)})
    np.testing.assert_array_equal(mixed, whole[order])
    alone = [model.predict_proba({name: values[[row]] for name, values in table.items()})[0] for row in range(3)]
    np.testing.assert_allclose(alone, whole[:3], rtol=1e-5)


def test_numbers_have_no_probabilities():
    model = cr.train(columns(), "price", drop=["bought"], **QUICK)
    assert set(model.evaluate(columns())) == {"r2", "mae", "rmse"}
    with pytest.raises(ArgumentError, match="numbers have no classes"):
        model.predict_proba(columns())


def test_what_is_missing_is_said(model):
    table = columns()
    with pytest.raises(MissingColumnError, match="'size'"):
        model.predict({name: values for name, values in table.items() if name != "size"})
    with pytest.raises(MissingColumnError, match="is it 'sze' for 'size'"):
        model.predict({"sze" if name == "size" else name: values for name, values in table.items()})
    with pytest.raises(ColumnTypeError, match="row 1, column 'size'"):
        model.predict(table | {"size": np.full(ROWS, "huge", object)})
    with pytest.raises(MissingColumnError, match="'bought'"):
        model.evaluate({name: values for name, values in table.items() if name != "bought"})
    with pytest.raises(EmptyDataError, match="no row has a target"):
        model.evaluate(table | {"bought": np.full(ROWS, None)})


def test_a_number_and_a_class_at_once():
    model = cr.train(columns(), ["price", "bought"], **QUICK | {"epochs": 60, "lr": 0.05})
    found = model.predict(columns())
    assert set(found) == {"price", "bought"}
    assert set(found["bought"]) == {"yes", "no"}
    measured = model.evaluate(columns())
    assert measured["bought accuracy"] > 0.8
    assert measured["price r2"] > 0.5


def test_classes_of_each_kind_of_column():
    table = columns()
    for target in ("city", "member"):
        model = cr.train(table, target, **QUICK)
        classes = {"city": {"Rome", "Oslo", "Bern"}, "member": {True, False}}[target]
        assert set(model.predict(table).tolist()) <= classes


def test_pictures_numbers_and_categories_together(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="pictures need Pillow")
    rng = np.random.default_rng(0)
    table = columns()
    bright = table["bought"] == "yes"
    for row in range(ROWS):
        pixels = rng.integers(0, 120, (8, 8), dtype=np.uint8) + np.uint8(130 * bright[row])
        image.fromarray(pixels).save(tmp_path / f"{row}.png")
    lines = [
        f"{row}.png,{table['size'][row]:.3f},{table['city'][row] or ''},{table['bought'][row]}" for row in range(ROWS)
    ]
    (tmp_path / "all.csv").write_text("\n".join(["photo,size,city,bought", *lines]) + "\n")
    model = cr.train(tmp_path / "all.csv", "bought", epochs=8, verbose=False)
    assert {field.name: field.kind for field in model.schema.inputs} == {
        "photo": "picture",
        "size": "number",
        "city": "category",
    }
    assert model.evaluate(tmp_path / "all.csv")["accuracy"] > 0.9


def test_unpacking_an_archive_is_said(tmp_path, capsys):
    table = {name: columns()[name] for name in ("size", "bought")}
    lines = [f"{size},{bought}" for size, bought in zip(*table.values(), strict=True)]
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("all.csv", "\n".join(["size,bought", *lines]) + "\n")
    cr.train(tmp_path / "all.zip", "bought", epochs=1)
    assert "all.zip is being unpacked" in capsys.readouterr().out


# Every way in


def accepted(tmp_path):
    """The same table in all forms, by name; those of libraries that are not installed are left out."""
    table = {name: values for name, values in columns().items() if name not in ("price", "joined")}
    rows = [dict(zip(table, row, strict=True)) for row in zip(*(each.tolist() for each in table.values()), strict=True)]
    lines = [",".join("" if cell is None or cell != cell else str(cell) for cell in row.values()) for row in rows]
    text = "\n".join([",".join(table), *lines]) + "\n"
    (tmp_path / "table.csv").write_text(text)
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress(text.encode()))
    forms = {"dict": table, "rows": rows, "csv": tmp_path / "table.csv", "gzip": str(tmp_path / "table.csv.gz")}
    for module, make in (
        ("pandas", lambda found: found.DataFrame(table)),
        ("polars", lambda found: found.DataFrame(rows)),
        ("pyarrow", lambda found: found.Table.from_pylist(rows)),
    ):
        try:
            forms[module] = make(__import__(module))
        except ImportError:
            continue
    return forms


def test_all_forms_of_a_table_give_the_same_bits(tmp_path):
    forms = accepted(tmp_path)
    wanted = None
    for name, form in forms.items():
        model = cr.train(form, "bought", columns={"member": "boolean"}, **QUICK)
        found = model.predict_proba(form)
        wanted = found if wanted is None else wanted
        np.testing.assert_array_equal(found, wanted, err_msg=name)


def test_arrays():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 3))
    table = np.column_stack([x, x @ [1.0, -2.0, 0.5] + 0.1 * rng.normal(size=ROWS)])
    model = cr.train(table, "column4", **QUICK | {"epochs": 60, "lr": 0.1})
    assert model.evaluate(table)["r2"] > 0.5
    digits = cr.data.load_digits()
    model = cr.train(digits, model="mlp", epochs=1, verbose=False)
    assert model.predict(digits.inputs[:5]).shape == (5,)


def test_it_says_nothing_when_asked_to(capsys):
    cr.train(columns(), "bought", **QUICK)
    assert capsys.readouterr() == ("", "")
    cr.train(columns(), "bought", model="linear", epochs=1)
    assert "Preprocessing\n" in capsys.readouterr().out
