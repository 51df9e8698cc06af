"""Charts are trees of elements with a text for who cannot see them, and stand within their frames."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.tables.report import Report, drawings
from chainrule.tables.report.axes import Axis
from chainrule.tables.report.charts import Line, Point, effect_bar, line_chart, scatter_chart
from tests.tables.report.examples import EVIL, classes_tested, numbers_tested, report


def drawn():
    """Every kind of chart, of made-up outcomes."""
    made = Report.from_json(report(classes_tested(2), classes_tested(5), numbers_tested()).to_json())
    two, five, number = made.targets
    for curve in made.training.curves:
        yield f"{curve.name} curve", drawings.learning_curve(made.training, curve)
    for target in (two, five):
        yield f"{target.task} ROC", drawings.roc_chart(target.classes.curves)
        yield f"{target.task} calibration", drawings.calibration_chart(target.classes.calibration)
        yield f"{target.task} importance", drawings.importance_bar(target.importance, target.importance.drops[0])
    yield "truth", drawings.truth_chart(EVIL, number.numbers)
    yield "residuals", drawings.residual_chart(EVIL, number.numbers)
    yield "histogram", drawings.residual_histogram(EVIL, number.numbers)
    yield "spark", drawings.small_histogram(made.data.columns[0])


CHARTS = dict(drawn())


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_xml_with_a_label(name):
    root = ElementTree.fromstring(CHARTS[name])
    assert root.tag == "svg"
    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert {"script", "style", "image", "a"}.isdisjoint(element.tag for element in root.iter())


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_stays_within_its_frame(name):
    root = ElementTree.fromstring(CHARTS[name])
    _, _, width, height = map(float, root.get("viewBox").split())
    for element in root.iter():
        keys = {"x", "x1", "x2", "cx", "y", "y1", "y2", "cy"} & set(element.keys())
        for key in keys:
            assert 0 <= float(element.get(key)) <= (width if "x" in key else height), (element.tag, key)


@pytest.mark.parametrize("name", ["loss curve", "truth", "residuals", "histogram", "binary ROC"])
def test_axes_have_ticks_and_names(name):
    root = ElementTree.fromstring(CHARTS[name])
    texts = [element for element in root.iter("text") if element.text]
    assert sum("tick" in element.get("class") for element in texts) >= 5
    assert sum("label" in element.get("class") for element in texts) >= 2


def test_a_missing_number_interrupts_a_line():
    line = Line("a", [Point(1, 1.0), Point(2, None), Point(3, 2.0), Point(4, 3.0)])
    path = re.search(r' d="([^"]+)"', line_chart("t", [line], x_label="x"))[1]
    assert re.sub("[^ML]", "", path) == "MML"


def test_charts_of_nothing_and_of_one_thing():
    ElementTree.fromstring(line_chart("t", [Line("a", [])], x_label="x"))
    one = ElementTree.fromstring(line_chart("t", [Line("a", [Point(1, 5.0)])], x_label="x", mark=(1, "best")))
    assert len(list(one.iter("circle"))) == 1
    ElementTree.fromstring(scatter_chart("t", [1.0], [1.0], x_label="x", y_label="y", guide="diagonal"))
    ElementTree.fromstring(effect_bar("t", 0.0, 0.0, low=0.0, high=1e-9))


@settings(max_examples=60)
@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=5), st.booleans(), st.booleans())
def test_ticks_are_round_and_within_the_axis(values, whole, tight):
    axis = Axis.over(values, whole=whole, tight=tight)
    margin = 1e-9 * max(abs(axis.low), abs(axis.high))
    assert axis.low < axis.high
    assert axis.low - margin <= min(values)
    assert max(values) <= axis.high + margin
    assert len(axis.ticks) <= 9
    assert all(axis.low - margin <= tick <= axis.high + margin for tick in axis.ticks)
    if not tight:
        assert len(set(axis.labels())) == len(axis.ticks) >= 2


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0, 1], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ([-3.1, 4.9], ["−4", "−2", "0", "2", "4", "6"]),
        ([0, 48_000], ["0", "10k", "20k", "30k", "40k", "50k"]),
        ([0.251, 0.259], ["0.250", "0.252", "0.254", "0.256", "0.258", "0.260"]),
    ],
)
def test_ticks_as_a_person_would_write_them(values, labels):
    assert Axis.over(values).labels() == labels
