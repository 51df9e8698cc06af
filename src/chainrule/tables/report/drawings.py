"""The charts of a report: which lines and points of its data are drawn, and what is said of them."""

from __future__ import annotations

from chainrule.tables.report.charts import (
    Line,
    Point,
    effect_bar,
    histogram_chart,
    line_chart,
    scatter_chart,
    sparkline,
)
from chainrule.tables.report.data import (
    Calibration,
    ColumnEntry,
    Curve,
    Drop,
    ImportancePart,
    NumbersPart,
    RocCurve,
    TrainingPart,
)
from chainrule.tables.report.wording import measure_name, number

_EVEN = Line("as likely as not", [Point(0.0, 0.0), Point(1.0, 1.0)], "guide")


def learning_curve(training: TrainingPart, curve: Curve) -> str:
    """A measure over the epochs."""
    named = {"training": curve.training, "validation": curve.validation}
    styles = {"training": "other" if curve.validation else "main", "validation": "main"}
    lines = [
        Line(name, [Point(epoch, value) for epoch, value in zip(training.epochs, values, strict=True)], styles[name])
        for name, values in named.items()
        if values
    ]
    title = f"{measure_name(curve.name)} over the epochs, " + " and ".join(line.name for line in lines)
    mark = None if training.best is None else (float(training.best), f"best: epoch {training.best}")
    return line_chart(title, lines, x_label="epoch", y_label=measure_name(curve.name), whole=True, mark=mark)


def roc_chart(curves: tuple[RocCurve, ...]) -> str:
    """All classes against the rest, the one that is hardest to tell in front."""
    hardest = hardest_class(curves)
    lines = [
        Line(
            f"{curve.name}: {number(curve.area)}",
            [Point(*place) for place in zip(curve.false_positives, curve.true_positives, strict=True)],
            "main" if curve is hardest else "faint",
        )
        for curve in sorted(curves, key=lambda curve: curve is hardest)
    ]
    title = "ROC curve of " + ", ".join(line.name for line in lines)
    return line_chart(title, [_EVEN, *lines], x_label="false positives", y_label="true positives", square=True)


def hardest_class(curves: tuple[RocCurve, ...]) -> RocCurve:
    """The one with the smallest area."""
    return min(curves, key=lambda curve: 1.0 if curve.area is None else curve.area)


def calibration_chart(calibration: Calibration) -> str:
    """How often what was said came true."""
    points = [Point(*place) for place in zip(calibration.said, calibration.right, strict=True)]
    title = f"How often it is true that {calibration.event}, over the probability that the model gives"
    lines = [_EVEN, Line("this model", points, dots=True)]
    return line_chart(title, lines, x_label="probability given", y_label="share that came true", square=True)


def truth_chart(name: str, numbers: NumbersPart) -> str:
    """What was predicted over what is true."""
    title = f"Predicted over true {name}, {len(numbers.truth)} rows"
    return scatter_chart(title, numbers.truth, numbers.predicted, x_label="true", y_label="predicted", guide="diagonal")


def residual_histogram(name: str, numbers: NumbersPart) -> str:
    """How large the mistakes are."""
    return histogram_chart(f"Residuals of {name}", numbers.edges, numbers.counts, x_label="true − predicted")


def residual_chart(name: str, numbers: NumbersPart) -> str:
    """How large the mistakes are, and where."""
    residuals = [true - said for true, said in zip(numbers.truth, numbers.predicted, strict=True)]
    title = f"Residuals of {name} over the prediction, {len(residuals)} rows"
    return scatter_chart(
        title, numbers.predicted, residuals, x_label="predicted", y_label="true − predicted", guide="zero"
    )


def importance_bar(importance: ImportancePart, drop: Drop) -> str:
    """How much a column matters, on the scale of all columns."""
    low = min(0.0, *(each.mean - each.spread for each in importance.drops))
    high = max(each.mean + each.spread for each in importance.drops)
    title = f"{drop.column}: {number(drop.mean)}, give or take {number(drop.spread)}"
    return effect_bar(title, drop.mean, drop.spread, low=low, high=max(high, low + 1e-9))


def small_histogram(column: ColumnEntry) -> str:
    """The numbers or dates of a column."""
    return "" if column.distribution is None else sparkline(column.name, column.distribution)
