"""What a test has shown, as pictures to look at: the worst mistakes, and what is taken for what."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import reduce
from pathlib import Path

import numpy as np

from chainrule.files import write_bytes
from chainrule.tables.report.canvas import Canvas
from chainrule.tables.report.confusion import confusion_picture
from chainrule.tables.report.data import MistakesPart
from chainrule.tables.report.sheet import mistakes_sheet
from chainrule.tables.report.wording import percent
from chainrule.tables.tested import Result

SHEET, CONFUSION = "mistakes.png", "confusion.png"


def write_pictures(
    folder: str | os.PathLike[str], results: Sequence[Result], mistakes: Sequence[MistakesPart]
) -> list[Path]:
    """Write `mistakes.png`, where mistakes have pictures, and `confusion.png`, where there are classes.

    Args:
        folder: Where; it is made, if there is something to write.
        results: What the test has shown of each target.
        mistakes: The worst mistakes of each target.

    Returns:
        What was written.

    Raises:
        OSError: If it cannot be written.
    """
    drawn = {
        SHEET: [mistakes_sheet(_sheet_title(each), part) for each, part in zip(results, mistakes, strict=True)],
        CONFUSION: [_confusion(each) for each in results],
    }
    written = []
    for name, each in drawn.items():
        picture = _together(each)
        if picture is not None:
            Path(folder).mkdir(parents=True, exist_ok=True)
            written.append(Path(folder) / name)
            write_bytes(written[-1], picture.png())
    return written


def _together(pictures: Iterable[Canvas | None]) -> Canvas | None:
    """Those of several targets, one below the other."""
    there = [picture for picture in pictures if picture is not None]
    return reduce(lambda above, below: below.below(above), there) if there else None


def _sheet_title(result: Result) -> str:
    if not result.class_names:
        return f"{result.target}: the largest mistakes of {result.rows:,} rows"
    wrong = result.rows - int(np.trace(np.array(result.confusion_matrix)))
    return f"{result.target}: {wrong:,} of {result.rows:,} are wrong ({percent(wrong / result.rows)}), the surest first"


def _confusion(result: Result) -> Canvas | None:
    if not result.class_names:
        return None
    counts = np.array(result.confusion_matrix)
    right = np.trace(counts) / max(counts.sum(), 1)
    return confusion_picture(f"{result.target}: {percent(right)} of {result.rows:,} right", result.class_names, counts)
