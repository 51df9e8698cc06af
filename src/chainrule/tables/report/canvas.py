"""A white picture to draw on: texts are cut to the room that there is."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from chainrule.tables.report.fonts import line_of

if TYPE_CHECKING:
    from PIL.Image import Image

Colour = tuple[int, int, int]
# The colours of the page.
PAPER, INK, SOFT, BAD = (255, 255, 255), (29, 33, 38), (91, 98, 107), (176, 36, 28)
SMALL, TEXT, TITLE = 12, 14, 18


class Canvas:
    """A white picture.

    Args:
        width: In pixels.
        height: In pixels.

    Attributes:
        image: What has been drawn so far.
    """

    def __init__(self, width: int, height: int) -> None:
        from PIL import Image, ImageDraw

        self.image = Image.new("RGB", (width, height), PAPER)
        self._draw = ImageDraw.Draw(self.image)

    def text(
        self,
        place: tuple[float, float],
        text: str,
        width: float,
        *,
        size: int = TEXT,
        colour: Colour = INK,
        anchor: Literal["lm", "mm", "rm"] = "lm",
    ) -> None:
        """A line of text, no wider than `width`, whose left end, middle or right end stands at `place`."""
        font, line = line_of(fitted(text, width, size), size)
        self._draw.text(place, line, colour, font, anchor)

    def upwards(self, place: tuple[int, int], text: str, height: int, *, size: int = TEXT) -> None:
        """A line of text that runs upwards from `place`, no longer than `height`."""
        line = Canvas(height, size + 2)
        line.text((0, (size + 2) / 2), text, height, size=size)
        self.image.paste(line.image.rotate(90, expand=True), (place[0] - line.image.height // 2, place[1] - height))

    def box(self, place: tuple[int, int], size: tuple[int, int], colour: Colour) -> None:
        """A filled rectangle."""
        (x, y), (width, height) = place, size
        self._draw.rectangle((x, y, x + width - 1, y + height - 1), colour)

    def picture(self, image: Image, place: tuple[int, int], side: int) -> None:
        """A picture, no larger than a square, in the middle of it."""
        self.image.paste(image, (place[0] + (side - image.width) // 2, place[1] + (side - image.height) // 2))

    def below(self, other: Canvas) -> Canvas:
        """This picture below another one."""
        both = Canvas(max(self.image.width, other.image.width), self.image.height + other.image.height)
        both.image.paste(other.image, (0, 0))
        both.image.paste(self.image, (0, other.image.height))
        return both

    def png(self) -> bytes:
        """The picture as a file."""
        stream = io.BytesIO()
        self.image.save(stream, "PNG")
        return stream.getvalue()


def width_of(text: str, size: int = TEXT) -> float:
    """How wide a text is as it is drawn, in pixels."""
    font, line = line_of(text, size)
    return font.getlength(line)


def fitted(text: str, width: float, size: int = TEXT) -> str:
    """A text as one line that is no wider than `width`: cut where there is more of it.

    >>> fitted("cats", 100), len(fitted("Great Pyrenees" * 10, 100)) < 20
    ('cats', True)
    """
    # Of what does not fit by far, so much is enough to be cut.
    line = " ".join(text[: max(int(width), 1)].split())
    if width_of(line, size) <= width:
        return line
    while line and width_of(f"{line}…", size) > width:
        line = line[:-1]
    return f"{line}…"


def fitted_path(path: str, width: float, size: int = TEXT) -> str:
    """A path as one line that is no wider than `width`: of a longer one as much of its end as there is room for.

    >>> fitted_path("a/b.png", 200), fitted_path("a long name of a folder/in/b.png", 80)
    ('a/b.png', '…/in/b.png')
    """
    parts = Path(path).parts
    ends = (Path("…", *parts[start:]).as_posix() for start in range(1, len(parts)))
    fitting = (end for end in (path, *ends) if width_of(end, size) <= width)
    return next(fitting, None) or fitted(Path(path).name, width, size)
