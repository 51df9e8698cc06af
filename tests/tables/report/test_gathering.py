"""What is gathered says what is true, and is of bounded size whatever the data."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from chainrule.data.table import ArrayTable
from chainrule.data.values import Values
from chainrule.tables.report import ColumnEntry, FindingEntry, data_part, importance_part, mistakes_part, training_part
from chainrule.tables.report.data import Measure
from chainrule.tables.report.outcomes import classes_part, numbers_part
from chainrule.tables.report.wording import not_beaten, number, standings
from chainrule.tables.schema import Field
from chainrule.tables.tested import Tested as Outcome
from tests.tables.report.examples import classes_tested, history, numbers_tested, report, table


def test_a_report_stays_small_whatever_the_data():
    made = report(classes_tested(400, 30_000), numbers_tested(30_000), epochs=10_000)
    # Most of it is two galleries of 24 pictures.
    assert len(json.dumps(made.to_json())) < 500_000


def test_very_many_columns_are_counted():
    columns = [ColumnEntry(f"c{number}", "number", "input", "", 0) for number in range(5_000)]
    part = data_part(table(), columns, [FindingEntry("note", tuple(each.name for each in columns), "x" * 10**6)])
    assert len(part.columns) + part.more_columns == 5_000
    assert len(part.findings[0].columns) == 13
    assert part.findings[0].columns[-1] == "and 4,988 more"


def test_the_confusion_of_many_classes_counts_every_row():
    tested = classes_tested(50, 2_000)
    part = classes_part(tested, tested.probabilities)
    assert len(part.classes) == 20
    assert part.more_classes == 30
    assert sum(map(sum, part.confusion)) == 2_000
    assert [sum(row) for row in part.confusion[:-1]] == [each.rows for each in part.classes]


def test_the_confusion_of_few_classes():
    tested = classes_tested(2)
    part = classes_part(tested, tested.probabilities)
    right = int((tested.truth == tested.predicted).sum())
    assert part.confusion[0][0] + part.confusion[1][1] == right
    assert [curve.name for curve in part.curves] == ["class 1"]
    assert part.curves[0].area == tested.measured["auc"]
    assert sum(part.calibration.rows) == len(tested.truth)


def test_a_class_without_rows_in_the_test_has_no_curve():
    tested = classes_tested(3)
    kept = tested.truth != 2
    part = classes_part(
        Outcome(
            "t", "multiclass", tested.class_names, tested.truth[kept], tested.predicted[kept],
            tested.probabilities[kept], tested.rows[kept], {}, {},
        ),
        tested.probabilities[kept],
    )  # fmt: skip
    assert len(part.curves) == 2
    assert part.classes[2].rows == 0
    assert part.classes[2].recall == 0


def test_residuals_are_counted_of_all_rows():
    part = numbers_part(numbers_tested(5_000))
    assert len(part.truth) == len(part.predicted) == 1_500
    assert sum(part.counts) == 5_000


def test_curves_of_many_epochs_keep_the_best_one():
    part = training_part(history(5_000))
    assert part.best == 5_000 // 3 + 1
    assert part.best in part.epochs
    assert (part.epochs[0], part.epochs[-1]) == (1, 5_000)
    assert len(part.epochs) <= 301
    assert part.curves[0].validation[part.epochs.index(part.best)] == 1.0


def test_the_worst_mistakes_come_first_and_only_mistakes():
    tested = numbers_tested()
    part = mistakes_part(tested, table(), [Field("price", "number", "input", "")])
    wrong = np.abs(tested.truth - tested.predicted)
    assert len(part.rows) == 24
    assert part.rows[0].truth == number(tested.truth[wrong.argmax()])
    assert part.rows[0].place == table().place(int(wrong.argmax()), "price")
    perfect = Outcome("t", "regression", (), np.ones(3), np.ones(3), None, np.arange(3), {}, {})
    assert mistakes_part(perfect, table(), []).rows == ()


@pytest.mark.parametrize(
    "pictures",
    [
        np.zeros((4, 300, 200, 3), np.uint8),
        np.zeros((4, 28, 28, 1), np.uint8),
        np.zeros((4, 28, 28, 4), np.uint8),
        np.random.default_rng(0).normal(size=(4, 28, 28)),
    ],
    ids=lambda array: f"{array.dtype}{array.shape[1:]}",
)
def test_thumbnails_are_of_one_size(pictures):
    given = ArrayTable({"photo": Values(pictures, np.zeros(4, bool)), "y": np.arange(4.0)})
    tested = Outcome("y", "regression", (), np.arange(4.0), np.ones(4), None, np.arange(4), {}, {})
    part = mistakes_part(tested, given, [Field("photo", "picture", "input", "")])
    for row in part.rows:
        with Image.open(io.BytesIO(base64.b64decode(row.picture))) as image:
            assert image.format == "JPEG"
            assert 128 < max(image.size) <= 160


def test_of_classes_the_surest_mistake_comes_first():
    probabilities = np.array([[0.6, 0.4], [0.1, 0.9], [0.8, 0.2], [1.0, 0.0]], np.float32)
    truth, predicted = np.array([1, 0, 1, 0]), probabilities.argmax(axis=1)
    tested = Outcome("y", "binary", ("a", "b"), truth, predicted, probabilities, np.arange(4), {}, {})
    part = mistakes_part(tested, ArrayTable({"y": ["b", "a", "b", "a"]}), [])
    assert [(row.predicted, row.truth, row.error) for row in part.rows] == [
        ("b", "a", "90 %"),
        ("a", "b", "80 %"),
        ("a", "b", "60 %"),
    ]


def test_dark_scales_of_brightness_are_spread():
    digits = np.zeros((2, 8, 8), np.uint8)
    digits[:, 4:] = 16
    given = ArrayTable({"photo": Values(digits, np.zeros(2, bool)), "y": np.arange(2.0)})
    tested = Outcome("y", "regression", (), np.arange(2.0), np.full(2, 5.0), None, np.arange(2), {}, {})
    (first, _) = mistakes_part(tested, given, [Field("photo", "picture", "input", "")]).rows
    with Image.open(io.BytesIO(base64.b64decode(first.picture))) as image:
        # Each pixel has become a square.
        assert (image.getpixel((5, 75))[0], image.getpixel((5, 84))[0]) == (0, 255)


def test_thumbnails_of_files(tmp_path):
    Image.new("LA", (400, 200), (0, 0)).save(tmp_path / "a.png")
    given = ArrayTable({"photo": ["a.png", "gone.png"]}, folder=tmp_path)
    tested = Outcome("photo", "regression", (), np.arange(2.0), np.full(2, 5.0), None, np.arange(2), {}, {})
    first, gone = mistakes_part(tested, given, [Field("photo", "picture", "input", "")]).rows
    assert (first.name, gone.name) == ("a.png", "gone.png")
    with Image.open(io.BytesIO(base64.b64decode(first.picture))) as image:
        assert image.size == (160, 80)
        # What is transparent is white, as on a page.
        assert min(image.getpixel((5, 5))) > 250
    assert gone.picture is None


def test_a_picture_that_is_mistaken_can_be_found_by_its_path(tmp_path):
    paths = [f"{'deep in a folder ' * 5}/light/0.png", "dark/0.png"]
    given = ArrayTable({"photo": paths, "age": [1.0, 2.0], "y": np.arange(2.0)}, folder=tmp_path)
    tested = Outcome("y", "regression", (), np.arange(2.0), np.full(2, 5.0), None, np.arange(2), {}, {})
    part = mistakes_part(tested, given, [Field("age", "number", "input", ""), Field("photo", "picture", "input", "")])
    assert part.columns == ("photo", "age")
    assert [row.cells for row in part.rows] == [(paths[0], "1"), (paths[1], "2")]
    assert [row.name for row in part.rows] == paths


def linear(weights):
    return lambda inputs: (inputs @ weights, None)


def test_importance_finds_what_matters():
    random = np.random.default_rng(0)
    inputs, weights = random.normal(size=(3_000, 4)), np.array([3.0, 0.0, 1.0, 1.0])
    columns = {"a": slice(0, 1), "nothing": slice(1, 2), "c": slice(2, 4)}
    before = inputs.copy()
    part = importance_part(linear(weights), inputs, columns, inputs @ weights, "regression", seed=1)
    assert [drop.column for drop in part.drops] == ["a", "c", "nothing"]
    assert part.drops[-1].mean == part.drops[-1].spread == 0.0
    # Dealt out anew, a column adds twice its share of the variance: 2 × 9 / 11, and 2 × 2 / 11.
    assert part.drops[0].mean == pytest.approx(18 / 11, rel=0.1)
    assert part.drops[1].mean == pytest.approx(4 / 11, rel=0.1)
    assert part.rows == 2_000
    np.testing.assert_array_equal(inputs, before)
    assert part == importance_part(linear(weights), inputs, columns, inputs @ weights, "regression", seed=1)


def test_importance_is_not_measured_where_it_says_nothing():
    inputs = np.zeros((10, 600))
    one, many = {"a": slice(0, 600)}, {f"c{number}": slice(number, number + 1) for number in range(600)}
    for columns in (one, many):
        assert importance_part(linear(np.ones(600)), inputs, columns, np.zeros(10), "regression", seed=0) is None


def test_a_model_stands_beside_simple_ones():
    accuracy = Measure("accuracy", 0.80, {"majority class": 0.62, "linear model": 0.81}, True)
    assert not_beaten(accuracy) == ["linear model"]
    assert [standing.length for standing in standings(accuracy)] == [0.80, 0.62, 0.81]
    error = Measure("mae", 2.0, {"mean": 4.0, "linear model": 2.00001}, False)
    assert not_beaten(error) == ["linear model"]
    assert [standing.length for standing in standings(error)] == pytest.approx([0.5, 1.0, 0.5], rel=1e-3)
    r2 = Measure("r2", 0.5, {"mean": -0.01, "linear model": None}, True)
    assert not_beaten(r2) == []
    assert [standing.length for standing in standings(r2)] == [0.5, 0.0, 0.0]
