import errno
import gzip
import json
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.data import RowWriter, Values, check_output, read_table
from chainrule.errors import ArgumentError, DiskFullError, MissingFileError, OutputExistsError, WritingError
from tests.data.readers.test_delimited import rows

INSTANTS = np.array(["2020-01-01", "NaT", "2020-01-01T10:00"], "M8[us]")


def write(path: Path) -> None:
    with RowWriter(path, ["n", "t", "p", "d"]) as writer:
        predictions = np.array([0.1, np.nan, 1.0], np.float32)
        writer.write({"n": [1, 2, 3], "t": ['a "b", c', None, "x\ny"], "p": predictions, "d": INSTANTS})
        # Whole numbers may be followed by others.
        writer.write({"n": [0.5], "t": ["z"], "p": np.array([2], np.float32), "d": INSTANTS[:1]})
        assert writer.rows == 4


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.csv.gz", "a.jsonl", "a.ndjson.gz", "a.parquet"])
def test_what_is_written_is_read(tmp_path: Path, name: str):
    write(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    table = read_table(tmp_path / name)
    # float32 are written as the shortest text that says the same; Parquet gets the same numbers.
    assert [row[:3] for row in rows(table)] == [
        (1, 'a "b", c', 0.1),
        (2, None, None),
        (3, "x\ny", 1.0),
        (0.5, "z", 2.0),
    ]
    dates = table.column("d")
    assert dates.missing.tolist() == [False, True, False, False]
    assert dates.array[2] == np.datetime64("2020-01-01T10:00")


def test_lines_are_as_one_writes_them(tmp_path: Path):
    write(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().splitlines()[:3] == ["n,t,p,d", '1,"a ""b"", c",0.1,2020-01-01', "2,,,"]
    with RowWriter(tmp_path / "a.jsonl", ["a", "b"]) as writer:
        writer.write({"a": Values.of([np.inf, 1.0]), "b": np.array([True, False])})
    assert [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()] == [
        {"a": None, "b": True},
        {"a": 1.0, "b": False},
    ]


def test_standard_output_gets_csv(capsysbinary: pytest.CaptureFixture[bytes]):
    with RowWriter("-", ["a"]) as writer:
        writer.write({"a": ["ä"]})
    assert capsysbinary.readouterr().out == "a\nä\n".encode()


def test_without_rows_there_is_a_file_with_names(tmp_path: Path):
    for name in ("a.csv", "a.parquet"):
        with RowWriter(tmp_path / name, ["a"]):
            pass
        assert (tmp_path / name).exists()


def test_a_file_that_is_there_stays_unless_forced(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("mine")
    with pytest.raises(OutputExistsError, match="--force"):
        RowWriter(path, ["a"])
    with pytest.raises(ZeroDivisionError), RowWriter(path, ["a"], force=True) as writer:
        writer.write({"a": [1 // writer.rows]})
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]
    with RowWriter(path, ["a"], force=True) as writer:
        writer.write({"a": [1]})
    assert path.read_text() == "a\n1\n"


def test_where_nothing_can_be_written(tmp_path: Path):
    with pytest.raises(ArgumentError, match=r"\.xlsx"):
        RowWriter(tmp_path / "a.xlsx", ["a"])
    with pytest.raises(MissingFileError, match="no such folder"):
        RowWriter(tmp_path / "none" / "a.csv", ["a"])
    with pytest.raises(OutputExistsError, match="a folder"):
        RowWriter(tmp_path, ["a"], force=True)


def test_a_place_that_cannot_be_written_to_is_noticed_before_there_is_anything_to_write(tmp_path: Path, monkeypatch):
    def read_only(**where: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", f"{where['dir']}/.a.csv.xyz.tmp")

    monkeypatch.setattr(tempfile, "mkstemp", read_only)
    for attempt in (check_output, partial(RowWriter, columns=["a"])):
        with pytest.raises(WritingError, match=r"(?s)/a\.csv: this cannot be written.*Read-only") as caught:
            attempt(tmp_path / "a.csv")
        assert ".tmp" not in str(caught.value)


def test_a_place_that_goes_while_rows_are_written(tmp_path: Path, monkeypatch):
    def gone(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("os.fsync", gone)
    with pytest.raises(WritingError, match=r"a\.csv: this cannot be written"), RowWriter(tmp_path / "a.csv", ["a"]):
        pass
    assert not list(tmp_path.iterdir())


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file grow beyond this, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl"])
def test_a_full_disk_leaves_whole_rows_and_says_how_many(tmp_path: Path, name: str):
    texts = np.random.default_rng(0).integers(0, 10**9, 20_000).astype(str)
    with room_for(100_000), pytest.raises(DiskFullError) as caught, RowWriter(tmp_path / name, ["a", "b"]) as writer:
        writer.write({"a": texts, "b": ['x "\n y'] * len(texts)})
    kept = writer.rows
    assert f"{kept:,} rows" in caught.value.message
    assert 0 < kept < len(texts)
    content = (tmp_path / name).read_bytes()
    assert (gzip.decompress(content) if name.endswith(".gz") else content).endswith(b"\n")
    assert len(read_table(tmp_path / name)) == kept


def test_a_device_is_written_to_as_it_is():
    with RowWriter("/dev/null", ["a"]) as writer:
        writer.write({"a": [1]})
    with pytest.raises(DiskFullError, match="0 rows"):
        RowWriter("/dev/full", ["a"])


@settings(max_examples=20)
@given(st.lists(st.tuples(st.none() | st.floats(allow_nan=False), st.booleans()), min_size=1, max_size=5))
def test_numbers_keep_all_their_bits(tmp_path_factory: pytest.TempPathFactory, table: list[tuple[float | None, bool]]):
    path = tmp_path_factory.mktemp("rows") / "a.csv"
    numbers = Values(
        np.array([number or 0.0 for number, _ in table]), np.array([number is None for number, _ in table])
    )
    with RowWriter(path, ["a", "b"]) as writer:
        writer.write({"a": numbers, "b": [truth for _, truth in table]})
    read = read_table(path, kinds={"a": "number"}).column("a")
    assert (read.missing == numbers.missing).all()
    assert read.array[~read.missing].tolist() == numbers.array[~read.missing].tolist()
