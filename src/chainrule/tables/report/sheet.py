"""The worst mistakes as a sheet of pictures to look at."""

from __future__ import annotations

import base64
import io

from chainrule.tables.report.canvas import BAD, SMALL, SOFT, TITLE, Canvas, fitted_path, width_of
from chainrule.tables.report.data import Mistake, MistakesPart
from chainrule.tables.report.mistakes import PIXELS

# In pixels: the space between pictures and around them, what stands below each, what stands above all.
GAP, CAPTION, HEAD = 24, 62, 64
COLUMNS = 6


def mistakes_sheet(title: str, mistakes: MistakesPart) -> Canvas | None:
    """The pictures of mistakes, the worst first, with what was said of them; None where there are none.

    Args:
        title: What stands above.
        mistakes: The mistakes; those without a picture are left out.
    """
    shown = [mistake for mistake in mistakes.rows if mistake.picture]
    if not shown:
        return None
    lines = -(-len(shown) // COLUMNS)
    # As wide for a few as for many, so that the title has room.
    width = GAP + COLUMNS * (PIXELS + GAP)
    canvas = Canvas(width, HEAD + lines * (PIXELS + CAPTION + GAP))
    canvas.text((GAP, GAP + 8), title, width - 2 * GAP, size=TITLE)
    for number, mistake in enumerate(shown):
        line, column = divmod(number, COLUMNS)
        _put(canvas, mistake, GAP + column * (PIXELS + GAP), HEAD + line * (PIXELS + CAPTION + GAP))
    return canvas


def _put(canvas: Canvas, mistake: Mistake, left: int, top: int) -> None:
    from PIL import Image

    assert mistake.picture is not None
    with Image.open(io.BytesIO(base64.b64decode(mistake.picture))) as image:
        canvas.picture(image, (left, top), PIXELS)
    below = top + PIXELS
    canvas.text((left + PIXELS, below + 14), mistake.error, PIXELS / 2, colour=BAD, anchor="rm")
    room = PIXELS - width_of(mistake.error) - 8
    canvas.text((left, below + 14), f"said {mistake.predicted}", room, colour=BAD)
    canvas.text((left, below + 33), f"is {mistake.truth}", PIXELS)
    canvas.text((left, below + 52), fitted_path(mistake.name, PIXELS, SMALL), PIXELS, size=SMALL, colour=SOFT)
