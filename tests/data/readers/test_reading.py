import gzip
import json
from pathlib import Path

import duckdb
import numpy as np
import pytest
from PIL import Image

from chainrule.data import ArrayTable, Dataset, read_parts, read_table
from chainrule.errors import (
    ArgumentError,
    ColumnNameError,
    DataLengthError,
    EmptyDataError,
    FileFormatError,
    MissingFileError,
    UnknownNameError,
)
from tests.data.readers.test_delimited import rows, values

# Files that say themselves what they hold


def parquet(path: Path, query: str) -> Path:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


def test_parquet_keeps_its_types(tmp_path: Path):
    query = """SELECT 1::TINYINT AS i, 1.5::DECIMAL(4,2) AS f, true AS b, DATE '2020-01-02' AS d, 'x' AS t, [1, 2] AS l,
               TIMESTAMPTZ '2020-01-01 10:00+02' AS z
               UNION ALL SELECT NULL, NULL, NULL, NULL, '', NULL, NULL"""
    table = read_table(parquet(tmp_path / "a.parquet", query))
    dtypes = {name: str(table.column(name).array.dtype) for name in table.names}
    instant = "datetime64[us]"
    assert dtypes == {"i": "int64", "f": "float64", "b": "bool", "d": instant, "t": "int32", "l": "int32", "z": instant}
    assert all(values(table, name)[1] is None for name in table.names)
    assert table.column("z").array[0] == np.datetime64("2020-01-01T08:00")
    assert table.place(1, "i") == f"{tmp_path / 'a.parquet'}, row 2, column 'i'"
    assert any(note.startswith("l: ") for note in table.notes)


def test_parquet_files_of_other_number_types_become_one_table(tmp_path: Path):
    parquet(tmp_path / "a.parquet", "SELECT 1 AS x, 'y' AS y")
    parquet(tmp_path / "b.parquet", "SELECT 'z' AS y, 2.5 AS x")
    assert rows(read_table(tmp_path)) == [(1.0, "y"), (2.5, "z")]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("lines", [True, False])
def test_json_lines_and_arrays(tmp_path: Path, packed: bool, lines: bool):
    records = [{"a": 1, "b": "x"}, {"a": 2.5, "c": "2020-01-01"}, {"b": "", "c": None}]
    text = "\n\n".join(map(json.dumps, records)) if lines else json.dumps(records, indent=1)
    path = tmp_path / ("a.jsonl" + ".gz" * packed)
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    table = read_table(path)
    assert rows(table)[0] == (1.0, "x", None)
    assert values(table, "b") == ["x", None, None]
    assert table.column("c").array.dtype == "datetime64[us]"
    assert table.place(2, "a") == f"{path}, {'line 5' if lines else 'record 3'}, column 'a'"


@pytest.mark.parametrize(
    ("name", "content", "error", "where"),
    [
        ("a.jsonl", b'{"a":1}\n{"a":2\n{"a":3}\n', FileFormatError, "line 3"),
        ("a.jsonl", b"1\n2\n", FileFormatError, "a.jsonl"),
        ("a.json", b"a,b\n1,2\n", FileFormatError, "a.json"),
        ("a.json", b"", EmptyDataError, "a.json"),
        ("a.json", b"[]", EmptyDataError, "a.json"),
        ("a.parquet", b"PAR1 and no more", FileFormatError, "a.parquet"),
        ("a.parquet", b"", EmptyDataError, "a.parquet"),
    ],
)
def test_broken_files(tmp_path: Path, name: str, content: bytes, error: type[Exception], where: str):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error) as caught:
        read_table(tmp_path / name)
    assert caught.value.where.endswith(where)


# Which files are meant


def test_a_file_that_is_not_there_is_an_error_with_the_nearest_name(tmp_path: Path):
    (tmp_path / "titanic.csv").write_text("a\n1\n")
    with pytest.raises(MissingFileError) as caught:
        read_table(tmp_path / "titanik.csv")
    assert str(tmp_path / "titanic.csv") in caught.value.remedy
    with pytest.raises(MissingFileError, match="no/such"):
        read_table("no/such/folder/at/all.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingFileError, match="nothing in this folder"):
        read_table(tmp_path / "empty")


def test_files_of_different_kinds_are_no_table(tmp_path: Path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "b.jsonl").write_text('{"a":1}\n')
    with pytest.raises(FileFormatError, match="different kinds"):
        read_table(tmp_path)


def test_files_called_train_and_test_are_two_parts(tmp_path: Path):
    (tmp_path / "ratings_train.csv").write_text("a,b\n1,x\n2,y\n")
    (tmp_path / "ratings_test.csv").write_text("a\n3\n")
    training, test = read_parts(tmp_path)
    assert (len(training), training.names) == (2, ("a", "b"))
    assert test is not None
    assert (len(test), test.names) == (1, ("a",))


def test_a_file_for_validation_too(tmp_path: Path):
    for part, numbers in (("train", "1\n2\n3\n"), ("val", "4\n5\n"), ("test", "6\n")):
        (tmp_path / f"{part}.csv").write_text(f"a\n{numbers}")
    training, test = read_parts(tmp_path)
    assert values(training, "a") == [1, 2, 3, 4, 5]
    assert training.validation is not None
    assert training.validation.tolist() == [3, 4]
    assert test is not None
    assert values(test, "a") == [6]


# Pictures


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (2, 2)).save(path)


def test_a_folder_for_each_class(tmp_path: Path):
    for name in ("cats/b.png", "cats/a.png", "dogs/c.jpg", "dogs/deeper/d.png"):
        picture(tmp_path / name)
    (tmp_path / "cats" / "Thumbs.db").write_bytes(b"x")
    table, test = read_parts(tmp_path)
    assert rows(table) == [
        ("cats/a.png", "cats"),
        ("cats/b.png", "cats"),
        ("dogs/c.jpg", "dogs"),
        ("dogs/deeper/d.png", "dogs"),
    ]
    assert test is None
    assert table.column("picture").folder == table.folder == tmp_path


@pytest.mark.parametrize("names", [("train", "test"), ("training_set", "test_set"), ("Train", "Test")])
def test_folders_for_training_and_test(tmp_path: Path, names: tuple[str, str]):
    for part in (*names, "val"):
        for kind in ("cats", "dogs"):
            picture(tmp_path / part / kind / f"{part}.png")
    training, test = read_parts(tmp_path)
    assert test is not None
    assert (len(training), len(test)) == (4, 2)
    assert values(test, "picture") == [f"{names[1]}/cats/{names[1]}.png", f"{names[1]}/dogs/{names[1]}.png"]


def test_a_text_among_the_pictures_and_a_class_without_any(tmp_path: Path):
    picture(tmp_path / "cats" / "a.png")
    (tmp_path / "dogs").mkdir()
    with pytest.raises(EmptyDataError, match="dogs"):
        read_table(tmp_path)
    (tmp_path / "dogs" / "notes.txt").write_text("no picture")
    with pytest.raises(FileFormatError, match=r"notes\.txt"):
        read_table(tmp_path)


def test_real_pictures(real_data: Path):
    training, test = read_parts(real_data / "cats-dogs")
    assert test is not None
    assert (len(training), len(test)) == (200, 100)
    training, test = read_parts(real_data / "mnist")
    assert test is not None
    assert (len(training), len(test), training.names) == (60_000, 10_000, ("picture", "class"))


# What is in memory


def test_dictionaries_arrays_and_data_sets():
    assert rows(read_table({"a": [1, 2], "b": ["x", None]})) == [(1, "x"), (2, None)]
    assert rows(read_table([{"a": 1}, {"a": 2, "b": "x"}])) == [(1, None), (2, "x")]
    assert read_table(np.zeros((3, 2))).names == ("column1", "column2")
    assert read_table(np.array([[1, "x"]], dtype=object)).column("column1").array.dtype == "int64"
    assert read_table(np.zeros((3, 4, 4), np.uint8)).column("picture").array.shape == (3, 4, 4, 1)
    dataset = Dataset(np.zeros((3, 2)), np.array([0, 1, 1]), class_names=("cat", "dog"))
    assert values(read_table(dataset), "class") == ["cat", "dog", "dog"]
    table = ArrayTable({"a": [1]})
    assert read_table(table) is table


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ({}, EmptyDataError),
        ({"a": []}, EmptyDataError),
        ({"a": [1], "b": [1, 2]}, DataLengthError),
        ([], ArgumentError),
        (None, ArgumentError),
        (np.zeros((2, 2, 2)), ArgumentError),
    ],
)
def test_what_is_no_table(source: object, error: type[Exception]):
    with pytest.raises(error):
        read_table(source)


def test_pandas_tables():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "n": [1, 2, 3],
            "i": pandas.array([1, None, 3], dtype="Int64"),
            "t": ["x", None, "y"],
            "c": pandas.Categorical(["u", None, "v"]),
            "d": pandas.to_datetime(["2020-01-01", None, "2020-01-03"]),
        }
    )
    expected = [(1, 1, "x", "u"), (2, None, None, None), (3, 3, "y", "v")]
    table = read_table(frame)
    assert [row[:4] for row in rows(table)] == expected
    assert table.column("d").missing.tolist() == [False, True, False]
    # Its rows are those of the table whatever the index says.
    assert rows(read_table(frame.iloc[[2, 0]].drop(columns="d"))) == [expected[2], expected[0]]
    with pytest.raises(ColumnNameError):
        read_table(pandas.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(EmptyDataError):
        read_table(pandas.DataFrame())


def test_polars_tables_also_without_pyarrow(monkeypatch: pytest.MonkeyPatch):
    polars = pytest.importorskip("polars")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    frame = polars.DataFrame({"a": [1, None], "b": ["x", "y"]})
    assert rows(read_table(frame)) == rows(read_table(frame.lazy())) == [(1, "x"), (None, "y")]
    assert values(read_table(frame.with_columns(nothing=None)), "nothing") == [None, None]


def test_arrow_tables():
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"a": [1, None], "b": pyarrow.array(["x", "y"]).dictionary_encode()})
    assert rows(read_table(table)) == [(1, "x"), (None, "y")]


def test_unknown_columns_and_options(tmp_path: Path):
    (tmp_path / "a.csv").write_text("age,b\n1,2\n")
    with pytest.raises(UnknownNameError, match="did you mean 'age'"):
        read_table(tmp_path / "a.csv").column("agee")
    with pytest.raises(TypeError, match="sep"):
        read_table(tmp_path / "a.csv", sep=",")
