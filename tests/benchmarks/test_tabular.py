"""The benchmark of tables: what it says of its figures, and that the large table is read back as it was made."""

import pytest

from benchmarks.tabular import large, report, tables
from benchmarks.tabular.__main__ import measure
from benchmarks.tabular.results import Results, Runs
from benchmarks.tabular.tasks import TASKS


@pytest.fixture
def results():
    """A run in which ours misses a goal on Titanic, and is the best on wines."""
    return Results(
        date="2026-01-02T03:04:05+00:00",
        machine={"processor": "A Processor", "cores": 2, "system": "Linux", "python": "3.11.7", "load": 0.1},
        versions={"sklearn": "1.9.1"},
        runs=[
            Runs("chainrule", "titanic", [0.78, 0.80], [11.0, 3.0], [2**20, 2**21]),
            Runs("mlp", "titanic", [0.80, 0.82], [1.0, 1.0], [None, None]),
            Runs("chainrule", "wine", [0.54], [3.0], [2**20]),
            Runs("boosting", "wine", [0.56], [1.0], [2**20]),
            Runs("mlp", "wine", failed="no memory"),
        ],
        large={
            "none": {"file_bytes": 10**8, "rows": 10, "read_seconds": 0.5, "prepare_seconds": 0.5, "peak_bytes": None}
        },
    )


def test_what_is_saved_is_what_is_loaded(results, tmp_path):
    results.save(tmp_path / "run.json")
    assert Results.load(tmp_path / "run.json") == results


def test_it_says_where_ours_loses(results):
    assert tables.notes(results) == [
        "Titanic, without `alive`: accuracy 0.7900, the goal 0.80 is **missed**; "
        "the longest run 11.0 s, **beyond** 10 s.",
        "Titanic, without `alive`: scikit-learn, MLP pipeline is better, by 0.0200.",
        "white wine, quality as a number: mae 0.5400, the goal 0.55 is reached.",
        "mlp failed on wine: no memory.",
    ]


def test_the_document_holds_all_figures(results):
    text = report.document(results)
    assert "|   chainrule | 0.7900 | ±0.0141 | 11.0 | 3.0 to 3.0 | 2 |".replace("|   ", "| ") in text
    assert "| none | 200 | 200 | 100 |  |  |" in text


def test_tables_that_are_not_there_are_said(monkeypatch, tmp_path, results):
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    list(measure(TASKS["titanic"], ["chainrule"], 1, tmp_path, results))
    assert results.missing == [
        "Titanic, without `alive` was left out: there is no titanic.csv in the folder of real data"
    ]


def test_the_large_table_has_columns_of_every_type(tmp_path):
    large.write(tmp_path / "large.csv", 3000)
    measured = large.measured(tmp_path / "large.csv", memory=None)
    assert measured["rows"] == 3000
    assert measured["file_bytes"] == (tmp_path / "large.csv").stat().st_size
    head = (tmp_path / "large.csv").read_text().partition("\n")[0].split(",")
    assert len(head) == large.COLUMNS
    assert {name.rpartition("_")[0] for name in head[:-1]} == {
        *("number", "gaps", "tail", "whole", "category", "truth", "date")
    }
