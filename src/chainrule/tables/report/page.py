"""The report as one page of HTML that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.core.table import quantity
from chainrule.errors import FileFormatError, RunFolderError
from chainrule.files import read_json, write_bytes, write_json
from chainrule.tables.report import drawings, wording
from chainrule.tables.report.data import Report

if TYPE_CHECKING:
    from jinja2 import Environment

DATA, PAGE = "report.json", "report.html"


def write_report(report: Report, folder: str | os.PathLike[str]) -> Path:
    """Write `report.json`, which holds the data, and `report.html`, which shows it.

    Args:
        report: What to show.
        folder: The run folder.

    Returns:
        Where the page is.

    Raises:
        OSError: If they cannot be written.
    """
    write_json(Path(folder) / DATA, report.to_json())
    return rewrite_report(folder)


def rewrite_report(folder: str | os.PathLike[str]) -> Path:
    """Write `report.html` again from the data that lies in the run folder.

    Args:
        folder: The run folder.

    Returns:
        Where the page is.

    Raises:
        RunFolderError: If there is no data of a report.
        FileFormatError: If the data is broken.
        OSError: If the page cannot be written.
    """
    source = Path(folder) / DATA
    try:
        report = Report.from_json(read_json(source))
    except (FileNotFoundError, NotADirectoryError):
        raise RunFolderError(
            "there is no data of a report here.",
            where=str(source),
            expected="a run folder of a table, as `chainrule train DATA` leaves it",
        ) from None
    except FileFormatError as error:
        error.where = str(source) if error.where in (None, str(source)) else f"{source}, {error.where}"
        raise
    target = Path(folder) / PAGE
    write_bytes(target, render(report).encode())
    return target


def render(report: Report) -> str:
    """The page as text."""
    return _environment().get_template("report.html").render(report=report)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def drawn(draw: Callable[..., str]) -> Callable[..., Markup]:
        """A chart as the page takes it: its names have been escaped when its elements were written."""
        return lambda *given: Markup(draw(*given))

    environment = Environment(
        loader=PackageLoader("chainrule.tables.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "fixed": wording.fixed,
        "listed": wording.listed,
        "measure_name": wording.measure_name,
        "number": wording.number,
        "percent": wording.percent,
        "quantity": quantity,
        "seconds": wording.seconds,
        "simpler": wording.simpler,
    }
    environment.globals |= {
        "hardest_class": drawings.hardest_class,
        "measured": wording.measured,
        "not_beaten": wording.not_beaten,
        "standings": wording.standings,
    }
    for draw in (
        drawings.calibration_chart,
        drawings.importance_bar,
        drawings.learning_curve,
        drawings.residual_chart,
        drawings.residual_histogram,
        drawings.roc_chart,
        drawings.small_histogram,
        drawings.truth_chart,
    ):
        environment.globals[draw.__name__] = drawn(draw)
    return environment
