import numpy as np

from chainrule.data.table import ArrayTable
from chainrule.tables.findings import look_at_columns
from chainrule.tables.findings.base import ENOUGH_ROWS
from chainrule.tables.overview import overview, overview_lines
from chainrule.tables.schema import infer_schema
from chainrule.tables.settings import Settings


def look(columns, **said):
    table, settings = ArrayTable(columns, name="people.csv", notes=["separated by ';'"]), Settings(**said)
    schema, findings = look_at_columns(table, infer_schema(table, settings.target), settings)
    return overview(table, schema, settings, findings)


def people(rows=40):
    return {
        "age": [None if row % 4 == 3 else 20 + row % 30 for row in range(rows)],
        "height": np.linspace(1.5, 1.9, rows),
        "city": np.resize(["Rome", "Oslo", "Rome", "Bern", "Rome"], rows),
        "born": np.datetime64("1980-01-01", "us") + np.arange(rows) * np.timedelta64(86_400_000_000 * 30, "us"),
        "nothing": [None] * rows,
        "picture": np.zeros((rows, 8, 6, 3), np.uint8),
        "smokes": np.resize(["yes", "no"], rows),
    }


def test_what_columns_hold():
    part = look(people(), target=("smokes",))
    columns = {column.name: column for column in part.columns}
    assert list(columns) == list(people())
    assert (columns["age"].kind, columns["age"].missing) == ("number", 10)
    assert columns["age"].summary == "20 to 49, median 29.5; 25 different"
    assert sum(columns["age"].distribution.counts) == 30
    assert columns["height"].distribution.ends == ("1.500", "1.900")
    assert columns["city"].summary == "'Rome' 60 %, 'Bern' 20 %, 'Oslo' 20 %"
    assert columns["city"].distribution.labels == ("Rome", "Bern", "Oslo")
    assert columns["city"].distribution.counts == (24, 8, 8)
    assert columns["born"].summary == "1980-01-01 to 1983-03-16; 40 different"
    assert (columns["nothing"].role, columns["nothing"].distribution) == ("ignored", None)
    assert columns["picture"].summary == "pictures of 8×6"
    assert columns["smokes"].role == "target"
    assert "'yes' 50 %" in columns["smokes"].summary


def test_the_worst_findings_come_first():
    part = look({**people(), "y": ["a"] * 40}, target=("y",))
    severities = [finding.severity for finding in part.findings]
    assert severities[0] == "error"
    assert severities == sorted(severities, key=["error", "warning", "note"].index)


def test_lines_of_text():
    lines = overview_lines(look(people(), target=("smokes",)))
    assert lines[0] == "people.csv: 40 rows, 7 columns"
    assert lines[1] == "  separated by ';'"
    [city] = [line for line in lines if line.startswith("city")]
    assert "█▂▂" in city
    assert any("'nothing' is empty in all 40 rows" in line for line in lines)
    plain = overview_lines(look(people(), target=("smokes",)), ascii=True)
    assert "\n".join(plain).replace("×", "x").isascii()
    assert len(plain) == len(lines)


def test_large_tables_are_counted_by_a_sample_and_that_is_said():
    rows = 2 * ENOUGH_ROWS
    part = look({"x": np.arange(rows) / 7, "y": np.resize([True, False, False], rows)}, target=("y",))
    assert f"{ENOUGH_ROWS:,} of the {rows:,} rows" in part.notes[-1]
    # The least and the greatest are those of all rows.
    assert part.columns[0].summary.startswith("0 to 14285.6, ")
    assert sum(part.columns[0].distribution.counts) == ENOUGH_ROWS
