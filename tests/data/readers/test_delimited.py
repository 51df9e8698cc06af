import csv
import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.data import Table, read_table
from chainrule.data.readers import delimited
from chainrule.errors import (
    ArgumentError,
    ColumnNameError,
    ColumnTypeError,
    EmptyDataError,
    EncodingError,
    FileFormatError,
    QuotingError,
    RowLengthError,
)

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str | bytes, name: str = "file.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


def values(table: Table, name: str) -> list[object]:
    """The values of a column as Python has them, None where nothing stands."""
    column = table.column(name)
    array = column.array if column.words is None else np.append(column.words, None)[column.array]
    return [None if missing else value for value, missing in zip(array.tolist(), column.missing, strict=True)]


def rows(table: Table) -> list[tuple[object, ...]]:
    return list(zip(*(values(table, name) for name in table.names), strict=True))


# How a file is written


@pytest.mark.parametrize(
    ("content", "names", "expected"),
    [
        ("a,b\n1,x\n", ("a", "b"), [(1, "x")]),
        ("a;b\n1;x\n", ("a", "b"), [(1, "x")]),
        ("a\tb\n1\tx, y\n", ("a", "b"), [(1, "x, y")]),
        ("a|b\n1|x\n", ("a", "b"), [(1, "x")]),
        ("a b c\n1 x 2\n3 y 4\n", ("a", "b", "c"), [(1, "x", 2), (3, "y", 4)]),
        ("word\nhello\nworld, you\n", ("word",), [("hello",), ("world, you",)]),
        ("a,b\r\n1,x\r\n", ("a", "b"), [(1, "x")]),
        ("a,b\r1,x\r", ("a", "b"), [(1, "x")]),
        ("\n\na,b\n\n1,x\n\n", ("a", "b"), [(1, "x")]),
        ('a,b\n1,"x\r\ny"\n', ("a", "b"), [(1, "x\r\ny")]),
        ('a,b\r\n1,x\n2,"y\r\nz"\r\n', ("a", "b"), [(1, "x"), (2, "y\r\nz")]),
        ('"a, b","c ""d"""\n1,2\n', ("a, b", 'c "d"'), [(1, 2)]),
        ("a,b\n1, x\n 2, y\n", ("a", "b"), [(1, "x"), (2, "y")]),
        ("a,A\n1,2\n", ("a", "A"), [(1, 2)]),
        (",b,\n1,2,3\n", ("column1", "b", "column3"), [(1, 2, 3)]),
    ],
    ids=repr,
)
def test_separators_line_ends_and_quotes_are_found(
    write: Write, content: str, names: tuple[str, ...], expected: list[tuple[object, ...]]
):
    table = read_table(write(content))
    assert table.names == names
    assert rows(table) == expected


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("7,0.27,6\n6.3,0.3,5\n", False),
        ("ham\tGo until jurong point\nspam\tFree entry\nham\tOk lar\n", False),
        ("age,city\n31,Rome\n", True),
        ("name,city\nAda,Rome\nMax,Oslo\n", True),
        ("id,when\n1,2020-01-01\n", True),
        ("x\n1\n2\n", True),
        ("1\n2\n", False),
    ],
)
def test_a_header_is_one_only_if_it_looks_unlike_the_rows(write: Write, content: str, header: bool):
    table = read_table(write(content))
    assert len(table) == content.count("\n") - header
    assert (table.names[0] == "column1") == (not header)
    assert any("no header" in note for note in table.notes) == (not header)


def test_the_user_may_say_how_a_file_is_written(write: Write):
    path = write("a:b\n1:2,500\n")
    assert rows(read_table(path, separator=":", decimal=",")) == [(1, 2.5)]
    assert rows(read_table(path, separator=":", header=False, decimal=","))[0] == ("a", "b")
    # A column whose type is said is known, so that its name makes a header.
    assert read_table(write("1,b\n5,2\n"), kinds={"b": "number"}).names == ("1", "b")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings_are_found(write: Write, encoding: str):
    table = read_table(write("Größe,b\n1,naïve “quotes”\n", encoding=encoding))
    assert rows(table) == [(1, "naïve “quotes”")]
    assert table.names[0] == "Größe"
    assert any(encoding in note for note in table.notes) == ("utf-8" not in encoding)


def test_gzip_is_found_by_what_is_in_the_file(write: Write):
    for name in ("a.csv.gz", "a.csv"):
        assert rows(read_table(write(gzip.compress(b"a,b\n1,2\n"), name))) == [(1, 2)]


# What the texts are


@pytest.mark.parametrize(
    ("texts", "expected", "dtype"),
    [
        (["1", "-2", ""], [1, -2, None], "int64"),
        (["1", "2.5", "NA"], [1.0, 2.5, None], "float64"),
        (["1", "?", "3"], [1, None, 3], "int64"),
        (["1e3", " 5", "+.5"], [1000.0, 5.0, 0.5], "float64"),
        (["inf", "-Infinity", "1"], [np.inf, -np.inf, 1.0], "float64"),
        (['"1,234.5"', '"1,000"', "7"], [1234.5, 1000.0, 7.0], "float64"),
        (["007", "12", "3"], ["007", "12", "3"], "int32"),
        (["12345678901234567890", "1", "2"], ["12345678901234567890", "1", "2"], "int32"),
        (["true", "FALSE", ""], [True, False, None], "bool"),
        (["true", "?", "n/a"], [True, None, None], "bool"),
        (["yes", "no", "null"], ["yes", "no", None], "int32"),
        (["None", "?", "-"], ["None", "?", "-"], "int32"),
        (["a", "None", "NaN"], ["a", "None", None], "int32"),
        (["1", "x", "y"], ["1", "x", "y"], "int32"),
        (["2020-02-30", "2020-01-01", ""], ["2020-02-30", "2020-01-01", None], "int32"),
        (["", "NA", ""], [None, None, None], "float64"),
    ],
    ids=repr,
)
def test_types_are_found(write: Write, texts: list[str], expected: list[object], dtype: str):
    table = read_table(write("".join(f"{text},z\n" for text in ["value", *texts])), header=True)
    assert values(table, "value") == expected
    assert table.column("value").array.dtype == dtype


def test_dates_and_times_are_instants_in_universal_time(write: Write):
    table = read_table(write("a,b\n2020-01-01,2020-01-01T10:00:00+02:00\n2020-01-02,2020-01-01 10:00\n"))
    assert table.column("a").array.tolist() == np.array(["2020-01-01", "2020-01-02"], "M8[us]").tolist()
    assert table.column("b").array.tolist() == np.array(["2020-01-01T08", "2020-01-01T10"], "M8[us]").tolist()


def test_words_for_what_is_missing_stand_among_dates_too(write: Write):
    column = read_table(write("a,b\n2020-01-01,1\n-,2\nNone,3\nn/a,4\n")).column("a")
    assert column.array.dtype == "datetime64[us]"
    assert column.missing.tolist() == [False, True, True, True]


def test_decimal_commas_are_found(write: Write):
    table = read_table(write("a;b;c\n1.234,5;2,25;1\n?;1;2\n"))
    assert rows(table) == [(1234.5, 2.25, 1), (None, 1.0, 2)]
    assert "decimals after a comma" in table.notes


def test_kinds_say_what_texts_are(write: Write):
    path = write("a,b\n07,1\n8,2\n")
    assert values(read_table(path, kinds={"a": "number", "b": "category"}), "a") == [7, 8]
    assert values(read_table(path, kinds={"a": "number", "b": "category"}), "b") == ["1", "2"]


def test_the_user_may_say_what_is_missing(write: Write):
    table = read_table(write("a,b\n1,none\nnone,x\n" + "3,y\n" * 30), missing=("none",))
    assert rows(table)[:2] == [(1, None), (None, "x")]


# Mistakes


@pytest.mark.parametrize(
    ("content", "error", "where"),
    [
        ("", EmptyDataError, "file.csv"),
        ("\n\n", EmptyDataError, "file.csv"),
        ("a,b\n", EmptyDataError, "file.csv"),
        ('a,b\n1,"x\ny"\n2\n3,z\n', RowLengthError, "line 4"),
        ('a,b\r\n1,"x\r\ny"\r\n2,3,4\r\n', RowLengthError, "line 4"),
        ('a,b\n1,"x\n2,y\n3,z\n', QuotingError, "line 2"),
        ('a,b\n1,x\n2,"y"z\n', QuotingError, "line 3"),
        ("a,b,a\n1,2,3\n", ColumnNameError, "file.csv"),
        ('a,b\n"1","x\ny"\n' + "2,y\n" * 30 + "oops,z\n", ColumnTypeError, "line 34, column 'a'"),
        (b"a,b\n1,\xc3\xa4\n2,\xc3\xbc\n3,\xff\n", EncodingError, "byte 17"),
        (b"a,b\n1,\0\n", EncodingError, "file.csv"),
        (b"PK\x03\x04 and so on", EncodingError, "file.csv"),
        (gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:-9], FileFormatError, "file.csv"),
    ],
)
def test_mistakes_are_found_where_they_are(write: Write, content: str | bytes, error: type[Exception], where: str):
    path = write(content)
    with pytest.raises(error) as caught:
        read_table(path)
    assert caught.value.where.startswith(str(path))
    assert caught.value.where.endswith(where)


def test_a_said_encoding_must_fit_and_exist(write: Write):
    with pytest.raises(EncodingError, match="byte 10"):
        read_table(write(b"a,b\n1,caf\xe9\n"), encoding="utf-8")
    with pytest.raises(ArgumentError, match="no such encoding"):
        read_table(write("a,b\n1,2\n"), encoding="utf-99")


def test_words_in_a_said_number_column_are_mistakes_however_many(write: Write):
    with pytest.raises(ColumnTypeError, match="line 2, column 'a'") as caught:
        read_table(write("a,b\nx,1\ny,2\n"), kinds={"a": "number"})
    assert caught.value.row == 0


# Several files, large files, slices


def test_files_of_the_same_columns_become_one_table(tmp_path: Path, write: Write):
    write("a,b\n1,x\n2,y\n", "part-1.csv")
    write("b,a\nz,2.5\n", "part-2.csv")
    for source in (tmp_path, str(tmp_path / "part-*.csv"), [tmp_path / "part-1.csv", tmp_path / "part-2.csv"]):
        table = read_table(source)
        assert rows(table) == [(1, "x"), (2, "y"), (2.5, "z")]
        assert table.place(2, "a") == f"{tmp_path / 'part-2.csv'}, line 2, column 'a'"
    write("a,c\n1,x\n", "part-3.csv")
    with pytest.raises(ColumnNameError, match=r"part-3\.csv"):
        read_table(tmp_path)


def test_later_rows_of_a_large_file_may_show_that_the_first_misled(write: Write, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(delimited, "MODERATE", 0)
    monkeypatch.setattr(delimited, "FIRST_ROWS", 2)
    monkeypatch.setattr(delimited, "FIRST_VALUES", 0)
    path = write("a,b,c,d,e\n1,1,,2020-01-01,true\n2,2,,2020-01-02,false\n2.5,007,x,soon,perhaps\n")
    assert rows(read_table(path))[2] == (2.5, "007", "x", "soon", "perhaps")
    with pytest.raises(RowLengthError, match="line 4"):
        read_table(write("a,b\n1,2\n3,4\n5\n"))


def test_slices_have_the_words_of_the_whole_column(write: Write):
    table = read_table(write("a,b\n1,y\n2,\n3,x\n"))
    part = table.column("b", 1, 3)
    assert part.words.tolist() == ["x", "y"]
    assert part.missing.tolist() == [True, False]
    assert part.array[1] == 0
    assert table.column("a", 1).array.tolist() == [2, 3]
    assert len(table.column("b", 3, 2)) == 0


def test_a_small_limit_of_memory_changes_nothing(write: Write):
    path = write("a,b\n" + "".join(f"{number},text {number}\n" for number in range(20_000)))
    limited, whole = read_table(path, memory=50_000_000), read_table(path)
    assert (limited.column("a").array == whole.column("a").array).all()
    assert (limited.column("b").array == whole.column("b").array).all()


def test_nothing_is_left_in_the_folder_of_temporary_files(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    table = read_table(write("a,b\n1,ä\n", encoding="utf-16"))
    assert len(list(scratch.iterdir())) == 1
    del table
    assert not list(scratch.iterdir())


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), max_size=6)


@settings(max_examples=25)
@given(
    table=st.integers(1, 3).flatmap(lambda width: st.lists(st.tuples(*[TEXTS] * width), min_size=1, max_size=5)),
    separator=st.sampled_from(",;|"),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_python_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, ...]], separator: str, line_end: str
):
    path = tmp_path_factory.mktemp("table") / "table.csv"
    names = [f"name {number}" for number in range(len(table[0]))]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=separator, lineterminator=line_end, quoting=csv.QUOTE_ALL)
        writer.writerows([names, *table])
    read = read_table(path, separator=separator, header=True, encoding="utf-8", kinds=dict.fromkeys(names, "text"))
    assert rows(read) == [
        tuple(cell if cell not in delimited.Options().absent else None for cell in row) for row in table
    ]


def test_real_files(real_data: Path):
    wine = read_table(real_data / "tabular" / "wine-quality-white.csv")
    assert len(wine) == 4898
    assert wine.names[0] == "column1"
    messages = read_table(real_data / "sms-spam" / "sms.tsv")
    first = messages.column("column1")
    counts = dict(zip(first.words, np.bincount(first.array), strict=True))
    assert counts == {"ham": 4827, "spam": 747}
    air = read_table(real_data / "timeseries" / "beijing-pollution.csv").column("pm2.5")
    assert air.array.dtype == "int64"
    assert air.missing.sum() == 2067
    alive = read_table(real_data / "tabular" / "titanic.csv").column("alive")
    assert alive.words.tolist() == ["no", "yes"]


def test_wide_files_are_read_in_little_memory(write: Write):
    # One expression for each of so many columns would need gigabytes.
    names = [f"pixel {number}" for number in range(1500)]
    table = read_table(write(",".join(names) + "\n" + (",".join("7" * 1500) + "\n") * 3), memory=700_000_000)
    assert all(table.column(name).array.tolist() == [7, 7, 7] for name in names[::300])
