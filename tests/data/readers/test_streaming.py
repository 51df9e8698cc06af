import io
from itertools import chain
from pathlib import Path

import pytest

from chainrule.data import stream_tables
from chainrule.errors import ColumnTypeError, EmptyDataError, EncodingError, RowLengthError
from tests.data.readers.test_delimited import rows


def comes(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Let this come on standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))


def test_a_file_comes_in_parts(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,x\n2,"y\nz"\n3.5,\n')
    parts = list(stream_tables(path, rows=2))
    assert [rows(part) for part in parts] == [[(1.0, "x"), (2.0, "y\nz")], [(3.5, None)]]
    # All of it is known before the first part is given.
    assert [part.column("a").array.dtype for part in parts] == ["float64", "float64"]
    assert parts[1].place(0, "a") == f"{path}, line 5, column 'a'"
    assert parts[0].column("a", 1).array.tolist() == [2.0]


def test_csv_comes_on_standard_input(monkeypatch: pytest.MonkeyPatch):
    comes(monkeypatch, b'a,b\n1,x\n2,"y\nz"\n3,5" pipe\n4,\n')
    parts = list(stream_tables("-", rows=2, kinds={"a": "number", "b": "text"}))
    assert list(chain.from_iterable(map(rows, parts))) == [(1, "x"), (2, "y\nz"), (3, '5" pipe'), (4, None)]
    assert len(parts) > 1
    assert parts[-1].place(len(parts[-1]) - 1, "a") == "standard input, line 6, column 'a'"


def test_json_lines_come_on_standard_input(monkeypatch: pytest.MonkeyPatch):
    comes(monkeypatch, b'{"a":1}\n{"a":2}\n{"a":3}\n')
    parts = list(stream_tables("-", rows=2))
    assert [rows(part) for part in parts] == [[(1,), (2,)], [(3,)]]
    assert parts[1].place(0, "a") == "standard input, line 3, column 'a'"


@pytest.mark.parametrize(
    ("content", "error", "where"),
    [
        (b"", EmptyDataError, "standard input"),
        (b"a,b\n", EmptyDataError, "standard input"),
        (b"a,b\n1,2\n3\n", RowLengthError, "line 3"),
        (b"a,b\n1,2\nx,3\n", ColumnTypeError, "line 3, column 'a'"),
        ("a,b\n1,äöü\n".encode() + b"1,\xff\n", EncodingError, "standard input"),
    ],
)
def test_mistakes_on_standard_input(
    monkeypatch: pytest.MonkeyPatch, content: bytes, error: type[Exception], where: str
):
    comes(monkeypatch, content)
    with pytest.raises(error) as caught:
        list(stream_tables("-", kinds={"a": "number"}))
    assert caught.value.where.endswith(where)
