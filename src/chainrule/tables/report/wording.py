"""How numbers, measures and comparisons are said in a report."""

from __future__ import annotations

from typing import NamedTuple

from chainrule.tables.report.data import Measure, Number

# Names as a person reads them, and whether 1 is all that there can be.
_MEASURES = {
    "accuracy": ("accuracy", True),
    "macro_f1": ("macro F1", True),
    "f1": ("F1", True),
    "auc": ("area under ROC", True),
    "log_loss": ("log loss", False),
    "r2": ("R²", True),
    "mae": ("mean absolute error", False),
    "rmse": ("root mean squared error", False),
}


def measure_name(name: str) -> str:
    """A measure's name as a person reads it."""
    return _MEASURES.get(name, (name.replace("_", " "), False))[0]


def number(value: Number) -> str:
    """A number with four digits that say something; a dash for none.

    >>> number(0.82345), number(12345.678), number(-0.5), number(None)
    ('0.8235', '12,346', '−0.5', '–')
    """
    if value is None:
        return "–"
    text = f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:,.4g}"
    return text.replace("-", "−")


def fixed(value: float) -> str:
    """A number with four decimals, to stand below others.

    >>> fixed(-0.02), fixed(-1e-9)
    ('−0.0200', '0.0000')
    """
    return f"{round(value, 4) + 0.0:.4f}".replace("-", "−")


def percent(value: Number) -> str:
    """A share in percent.

    >>> percent(0.8235), percent(1.0), percent(0.0004), percent(None)
    ('82.3 %', '100 %', '0.04 %', '–')
    """
    if value is None:
        return "–"
    if value in (0, 1):
        return f"{100 * value:.0f} %"
    return f"{100 * value:.1f} %" if abs(value) >= 0.01 else f"{100 * value:.2g} %"


def measured(name: str, value: Number) -> str:
    """The value of a measure: shares in percent, all else as a number."""
    return percent(value) if name == "accuracy" else number(value)


def seconds(value: float) -> str:
    """A time that a person can take in.

    >>> seconds(0.234), seconds(12.34), seconds(192.0), seconds(7300.0)
    ('0.23 s', '12.3 s', '3 min 12 s', '2 h 1 min')
    """
    if value < 60:
        return f"{value:.2g} s" if value < 1 else f"{value:.3g} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class Standing(NamedTuple):
    """One of those that are compared: its name, its value as text, and the length of its bar, from 0 to 1."""

    name: str
    value: str
    length: float


def standings(measure: Measure) -> list[Standing]:
    """The model and the simple models beside it, the model first."""
    values = {"this model": measure.value, **measure.baselines}
    whole = _MEASURES.get(measure.name, ("", False))[1]
    most = 1.0 if whole else max((value for value in values.values() if value is not None), default=0.0)
    return [
        Standing(name, measured(measure.name, value), min(max((value or 0.0) / (most or 1.0), 0.0), 1.0))
        for name, value in values.items()
    ]


def not_beaten(measure: Measure) -> list[str]:
    """The simple models that do as well as the model, by what a person can see of the numbers."""
    if measure.value is None:
        return []
    sign = 1.0 if measure.higher_is_better else -1.0
    return [
        name
        for name, value in measure.baselines.items()
        if value is not None
        and (
            sign * (measure.value - value) <= 0
            or measured(measure.name, value) == measured(measure.name, measure.value)
        )
    ]


def simpler(names: list[str]) -> str:
    """Simple models as a sentence has them.

    >>> simpler(["mean", "linear model"])
    'the mean and the linear model'
    """
    return listed([f"the {name}" for name in names])


def listed(names: list[str]) -> str:
    """Names as a sentence has them.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
