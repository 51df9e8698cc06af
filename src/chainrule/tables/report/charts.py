"""Charts as SVG: small enough for a phone as they are, coloured by the page's style sheet, with a text for who listens.

They are built as trees of elements and not as text, so that whatever stands in a name stays a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from chainrule.tables.report.axes import Axis
from chainrule.tables.report.data import Distribution, Number

WIDTH, HEIGHT, SQUARE = 360, 240, 320
LEFT, RIGHT, TOP, BOTTOM = 48, 20, 26, 36


class Point(NamedTuple):
    """A place in a chart, in the units of its axes; a line is interrupted where a number is missing."""

    x: Number
    y: Number


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    Attributes:
        name: What it shows.
        points: From the left to the right.
        style: "main", "other" or "faint", which the style sheet draws; "guide" for what to compare with.
        dots: Whether its points are marked.
    """

    name: str
    points: Sequence[Point]
    style: str = "main"
    dots: bool = False


def line_chart(
    title: str,
    lines: Sequence[Line],
    *,
    x_label: str,
    y_label: str = "",
    square: bool = False,
    whole: bool = False,
    mark: tuple[float, str] | None = None,
) -> str:
    """Lines over one another.

    Args:
        title: What the chart shows, for who cannot see it.
        lines: What to draw, the most important last.
        x_label: What runs to the right.
        y_label: What runs upwards.
        square: Whether both axes run from 0 to 1.
        whole: Whether only whole numbers are marked on the horizontal axis.
        mark: A place on the horizontal axis to point out, and what is there.
    """
    xs = [point.x for line in lines for point in line.points if point.x is not None]
    ys = [point.y for line in lines for point in line.points if point.y is not None]
    unit = Axis.over([0, 1])
    frame = _Frame(
        title,
        unit if square else Axis.over(xs, whole=whole, tight=True),
        unit if square else Axis.over(ys),
        x_label,
        y_label,
        SQUARE if square else HEIGHT,
    )
    if mark:
        frame.mark(*mark)
    for line in lines:
        frame.line(line)
    return frame.text()


def scatter_chart(
    title: str, xs: Sequence[float], ys: Sequence[float], *, x_label: str, y_label: str, guide: str
) -> str:
    """Points, and a line that they would all stand on if all were right.

    Args:
        title: What the chart shows, for who cannot see it.
        xs: Where the points stand, to the right.
        ys: The same upwards, as many.
        x_label: What runs to the right.
        y_label: What runs upwards.
        guide: "diagonal" for a line on which both are equal, "zero" for one of height 0.
    """
    if guide == "diagonal":
        both = Axis.over([*xs, *ys])
        frame = _Frame(title, both, both, x_label, y_label, SQUARE)
        frame.line(Line("equal", [Point(both.low, both.low), Point(both.high, both.high)], "guide"))
    else:
        frame = _Frame(title, Axis.over(xs), Axis.over([*ys, 0.0]), x_label, y_label)
        frame.line(Line("zero", [Point(frame.x.low, 0.0), Point(frame.x.high, 0.0)], "guide"))
    points = _add(frame.svg, "g", class_="points")
    for x, y in zip(xs, ys, strict=True):
        _add(points, "circle", cx=frame.right(x), cy=frame.up(y), r=2)
    return frame.text()


def histogram_chart(title: str, edges: Sequence[float], counts: Sequence[int], *, x_label: str) -> str:
    """How many numbers fall into each bin.

    Args:
        title: What the chart shows, for who cannot see it.
        edges: The edges of the bins, one more than there are bins.
        counts: How many fall into each.
        x_label: What the numbers are.
    """
    frame = _Frame(title, Axis.over(edges, tight=True), Axis.over([0, *counts], whole=True), x_label, "rows")
    for (start, stop), count in zip(pairwise(edges), counts, strict=True):
        left, width = frame.right(start), frame.right(stop) - frame.right(start)
        bar = _add(
            frame.svg, "rect", class_="bar", x=left + 0.5, y=frame.up(count), width=max(width - 1, 0.5),
            height=frame.up(0) - frame.up(count),
        )  # fmt: skip
        _add(bar, "title", f"{start:.4g} to {stop:.4g}: {count:,}")
    return frame.text()


def sparkline(name: str, distribution: Distribution) -> str:
    """The ranges of an ordered distribution as bars without axes, to stand beside a text."""
    highest, step = max(*distribution.counts, 1), 160 / max(len(distribution.counts), 1)
    ends = " from " + " to ".join(distribution.ends) if distribution.ends else ""
    svg = _svg(f"Distribution of {name}{ends}", 160, 36, "spark")
    for number, (label, count) in enumerate(zip(distribution.labels, distribution.counts, strict=True)):
        height = max(34 * count / highest, 1.0 if count else 0.0)
        bar = _add(
            svg, "rect", class_="bar", x=number * step + 0.5, y=35 - height, width=max(step - 1, 0.5), height=height
        )
        _add(bar, "title", f"{label}: {count:,}")
    _add(svg, "line", class_="axis", x1=0, x2=160, y1=35.5, y2=35.5)
    return _written(svg)


def effect_bar(title: str, mean: float, spread: float, *, low: float, high: float) -> str:
    """A bar from 0 to a number, with a whisker as long as its deviation, as wide as the place that it stands in.

    Args:
        title: What it shows, for who cannot see it.
        mean: The number.
        spread: Its deviation.
        low: What the left end stands for, 0 or less.
        high: What the right end stands for, above 0.
    """
    axis = Axis(low, high, ())
    start, end = 100 * axis.share(min(mean, 0.0)), 100 * axis.share(max(mean, 0.0))
    svg = _svg(title, 100, 16, "effect-bar")
    svg.set("preserveAspectRatio", "none")
    _add(svg, "rect", class_="bar", x=start, y=3, width=end - start, height=10)
    least, most = (100 * min(max(axis.share(mean + side), 0.0), 1.0) for side in (-spread, spread))
    _add(svg, "line", class_="whisker", x1=least, x2=most, y1=8, y2=8)
    return _written(svg)


class _Frame:
    """A chart with its axes drawn, to be filled."""

    def __init__(self, title: str, x: Axis, y: Axis, x_label: str, y_label: str, height: int = HEIGHT) -> None:
        self.x, self.y, self.floor = x, y, height - BOTTOM
        self.svg = _svg(title, WIDTH, height)
        for tick, label in zip(y.ticks, y.labels(), strict=True):
            _add(self.svg, "line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=self.up(tick), y2=self.up(tick))
            _add(self.svg, "text", label, class_="tick end", x=LEFT - 8, y=self.up(tick) + 4)
        for tick, label in zip(x.ticks, x.labels(), strict=True):
            _add(self.svg, "text", label, class_="tick middle", x=self.right(tick), y=self.floor + 16)
        _add(self.svg, "line", class_="axis", x1=LEFT, x2=WIDTH - RIGHT, y1=self.floor, y2=self.floor)
        _add(self.svg, "text", x_label, class_="label end", x=WIDTH - RIGHT, y=height - 4)
        _add(self.svg, "text", y_label, class_="label", x=0, y=12)

    def right(self, value: float) -> float:
        """Where a value of the horizontal axis stands."""
        return LEFT + self.x.share(value) * (WIDTH - LEFT - RIGHT)

    def up(self, value: float) -> float:
        """Where a value of the vertical axis stands."""
        return self.floor - self.y.share(value) * (self.floor - TOP)

    def line(self, line: Line) -> None:
        """Draw a line, interrupted where numbers are missing."""
        parts, pen = [], "M"
        for x, y in line.points:
            if x is None or y is None:
                pen = "M"
                continue
            parts.append(f"{pen}{_number(self.right(x))} {_number(self.up(y))}")
            pen = "L"
        path = _add(self.svg, "path", class_=f"line {line.style}", d=" ".join(parts))
        _add(path, "title", line.name)
        # A line of one point would not be seen.
        if line.dots or len(parts) == 1:
            for x, y in line.points:
                if x is not None and y is not None:
                    _add(self.svg, "circle", class_=f"dot {line.style}", cx=self.right(x), cy=self.up(y), r=3)

    def mark(self, value: float, label: str) -> None:
        """Point out a place on the horizontal axis."""
        x = self.right(value)
        _add(self.svg, "line", class_="mark", x1=x, x2=x, y1=TOP - 4, y2=self.floor)
        side = "end" if self.x.share(value) > 0.5 else "start"
        _add(self.svg, "text", label, class_=f"label mark-label {side}", x=x - 5 if side == "end" else x + 5, y=TOP + 4)

    def text(self) -> str:
        """The chart as SVG."""
        return _written(self.svg)


def _svg(title: str, width: int, height: int, kind: str = "chart") -> Element:
    return Element("svg", {"class": kind, "viewBox": f"0 0 {width} {height}", "role": "img", "aria-label": title})


def _add(parent: Element, tag: str, text: str | None = None, **attributes: str | float) -> Element:
    shown = {name.rstrip("_"): _number(value) for name, value in attributes.items()}
    element = SubElement(parent, tag, shown)
    element.text = text
    return element


def _number(value: str | float) -> str:
    """A place in a chart, to a tenth, which nobody sees the difference from."""
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


def _written(svg: Element) -> str:
    return tostring(svg, encoding="unicode")
