"""The command on tables: train, evaluate, predict, data, init, report, and files of settings."""

import gzip
import io
import json
import re
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule.tables.run_folder import read_run

ROWS = 80


@pytest.fixture
def people(home):
    """A table in which `x` mostly decides whether somebody buys, with some gaps."""
    rng = np.random.default_rng(0)
    x, chance = rng.normal(size=(2, ROWS)).round(3)
    lines = [
        f"{number},{'' if row % 9 == 0 else rng.choice(['Rome', 'Oslo', 'Bern'])},k{row // 8},{5 * number + luck:.2f},"
        f"{'yes' if number + 0.5 * luck > 0 else 'no'}"
        for row, (number, luck) in enumerate(zip(x, chance, strict=True))
    ]
    (home / "people.csv").write_text("\n".join(["x,city,shop,price,bought", *lines]) + "\n")
    return home / "people.csv"


@pytest.fixture
def quick(chainrule, people):
    """A quick training on it, with these options; gives what it printed."""

    def run(*options, target="bought", out="run"):
        drops = [part for name in ("price", "bought") if name != target for part in ("--drop", name)]
        arguments = ["train", people, "--target", target, *drops, "--epochs", 2, "--out", out, *options]
        code, told, err = chainrule(*arguments)
        assert (code, err) == (0, ""), err
        return told

    return run


def predicted(path):
    return cr.data.read_table(path)


def test_types_and_their_reasons_are_told_and_evaluate_finds_the_same(chainrule, quick):
    told = quick()
    for says in (
        "columns parted by commas",
        "numbers from -2.",
        "different texts in",
        "only 'no', 'yes'",
        "left out         as you said",
        "Loss: BCEWithLogitsLoss, since each row is one of two classes",
        "majority class  linear model",
    ):
        assert says in told
    code, out, err = chainrule("evaluate", "run")
    assert (code, err) == (0, "")
    for line in out.splitlines()[2:]:
        assert line in told


def test_numbers(chainrule, quick):
    told = quick(target="price")
    assert "Loss: HuberLoss, since numbers are predicted" in told
    assert "mean  linear model" in told
    assert "r2 " in chainrule("evaluate", "run").out


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet", "csv.gz", "jsonl.gz"])
def test_predictions_stand_beside_the_rows(chainrule, quick, people, ending):
    quick()
    code, out, err = chainrule("predict", "run", people, "-o", f"out.{ending}")
    assert (code, out) == (0, f"80 rows with their predictions: out.{ending}\n")
    assert err == "not looked at: price\n"
    given, table = predicted(people), predicted(f"out.{ending}")
    assert table.names == (*given.names, "predicted_bought", "probability_of_no", "probability_of_yes")
    assert table.column("city").each_text() == given.column("city").each_text()
    said = table.column("predicted_bought").each_text()
    likely = table.column("probability_of_yes").array
    assert said == ["yes" if share > 0.5 else "no" for share in likely]
    np.testing.assert_allclose(table.column("probability_of_no").array + likely, 1, rtol=1e-6)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_rows_from_standard_input(chainrule, quick, people, form, monkeypatch):
    quick()
    chainrule("predict", "run", people, "-o", f"out.{form}")
    content = (people.parent / f"out.{form}").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))
    code, out, err = chainrule("predict", "run", "-")
    assert code == 0
    assert "predicted_bought" in err
    header, first = out.splitlines()[:2]
    assert header.endswith("probability_of_yes,predicted_bought_,probability_of_no_,probability_of_yes_")
    values = first.split(",")
    assert values[-3:] == values[-6:-3]
    assert len(out.splitlines()) == 1 + ROWS


def test_rows_in_chunks_are_predicted_as_all_at_once(chainrule, quick, people, monkeypatch):
    quick()
    chainrule("predict", "run", people, "-o", "whole.csv")
    monkeypatch.setattr("chainrule.cli.predict.ROWS", 7)
    chainrule("predict", "run", people, "-o", "parts.csv")
    whole, parts = predicted("whole.csv"), predicted("parts.csv")
    for name in whole.names[:-2]:
        assert parts.column(name).each_text() == whole.column(name).each_text()
    for name in whole.names[-2:]:
        # Batches of other sizes are other programs, which round otherwise in the last digit.
        np.testing.assert_allclose(parts.column(name).array, whole.column(name).array, atol=3e-7)


def test_a_table_with_a_test_of_its_own(chainrule, quick, people):
    lines = people.read_text().splitlines(keepends=True)
    (people.parent / "held.csv").write_text("".join(lines[:1] + lines[41:]))
    told = quick("--test", "held.csv")
    assert re.search(r"\d+ rows to train, \d+ to validate, 40 to test", told)
    assert read_run("run").record.test_data == str(people.parent / "held.csv")
    assert "40 rows" in chainrule("evaluate", "run").out


def test_groups_stay_together(quick):
    assert "the rows of one 'shop' stay together" in quick("--group", "shop")


def test_rows_in_the_order_of_time(quick):
    assert "in the order of 'x'" in quick("--time", "x")


def test_folds_have_a_mean_and_a_spread(quick, home):
    told = quick("--folds", 3)
    assert "fold 3 of 3: bought: accuracy" in told
    assert "from fold to fold ±" in told
    report = json.loads((home / "run" / "report.json").read_text())
    assert all(measure["spread"] >= 0 for measure in report["targets"][0]["measures"])


def test_time_is_limited(quick):
    quick("--time-limit", "0.01s", "--epochs", 1000, "--patience", 1000)
    assert len(read_run("run").history) < 1000


def test_little_memory_gives_the_same(quick):
    quick()
    quick("--memory", "1KB", out="small")
    assert read_run("small").results == read_run("run").results


def test_a_file_of_settings_says_the_same_as_options(chainrule, quick, home):
    quick("--seed", 3, "--lr", 0.01)
    (home / "run.toml").write_text(
        'data = "people.csv"\ntarget = "bought"\ndrop = ["price"]\nepochs = 2\nseed = 4\nlr = 0.01\nout = "other"\n'
        '[columns]\ncity = "category"\n'
    )
    # What is said on the command line counts more.
    assert chainrule("train", "run.toml", "--seed", 3).code == 0
    first, second = read_run("run"), read_run("other")
    assert first.results == second.results
    assert (second.record.settings.lr, second.record.settings.seed) == (0.01, 3)
    assert first.record.data == second.record.data


def test_init_writes_settings_that_train_as_they_are(chainrule, quick, home):
    quick()
    code, out, err = chainrule("init", "people.csv", "--target", "bought")
    assert (code, err) == (0, "")
    assert "chainrule train run.toml" in out
    written = (home / "run.toml").read_text()
    for line in ('city = "category"  # 3 different texts', "# folds = 5 ", '# out = "runs/mine"'):
        assert line in written
    assert chainrule("train", "run.toml", "--drop", "price", "--epochs", 2, "--out", "other").code == 0
    assert read_run("other").results == read_run("run").results


def test_data_shows_what_is_in_it(chainrule, people):
    code, out, err = chainrule("data", people, "--target", "bought", "--column", "shop=category")
    assert (code, err) == (0, "")
    assert "80 rows, 5 columns" in out
    for says in ("boolean (target)", "as you said", "11 %", "only 'no', 'yes'"):
        assert says in out


def test_a_report_is_written_again(chainrule, quick, home):
    quick()
    before = (home / "run" / "report.html").read_bytes()
    (home / "run" / "report.html").unlink()
    assert chainrule("report", "run") == (0, "wrote run/report.html\n", "")
    assert (home / "run" / "report.html").read_bytes() == before


def test_how_a_file_is_written_can_be_said(chainrule, home, people):
    cities = ["Zürich", "Genf"] * (ROWS // 2)
    rows = [line.split(",")[::4] for line in people.read_text().splitlines()[1:]]
    text = "".join(
        f"{number.replace('.', ',')};{city};{bought}\n" for (number, bought), city in zip(rows, cities, strict=True)
    )
    (home / "odd.txt").write_text(text, encoding="cp1250")
    options = ["--no-header", "--encoding", "cp1250", "--decimal", ",", "--separator", ";"]
    arguments = ["odd.txt", "--target", "column3", *options, "--column", "column2=category"]
    code, out, err = chainrule("train", *arguments, "--epochs", 1, "--out", "run")
    assert (code, err) == (0, "")
    assert "80 rows" in out
    assert "numbers from -2." in out
    # What was said then is known to evaluate and predict.
    assert chainrule("evaluate", "run").code == 0
    code, out, err = chainrule("predict", "run", "odd.txt")
    assert (code, err) == (0, "")
    assert "Zürich" in out
    assert "numbers from -2." in chainrule("data", *arguments).out


def test_several_files_as_one_and_gzip(chainrule, people, home):
    lines = people.read_text().splitlines(keepends=True)
    (home / "a.csv").write_text("".join(lines[:41]))
    (home / "b.csv.gz").write_bytes(gzip.compress("".join(lines[:1] + lines[41:]).encode()))
    code, out, err = chainrule("train", "a.csv", "b.csv.gz", "-t", "bought", "--drop", "price", "--epochs", 1)
    assert (code, err) == (0, "")
    assert "2 files: 80 rows" in out
    assert chainrule("evaluate", "runs/a-1").code == 0
