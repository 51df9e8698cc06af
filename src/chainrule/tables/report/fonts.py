"""The font of a line of text: one that has its letters. What no font has is written plainly, never as an empty box."""

from __future__ import annotations

import importlib.util
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

# What has letters that Pillow's own font lacks: of Europe; then, as systems bring them, of China, Japan and Korea too.
_WIDER = ("DejaVuSans.ttf", "NotoSansCJK-Regular.ttc", "malgun.ttf", "AppleSDGothicNeo.ttc", "Arial Unicode.ttf")
# What Unicode does not say how to write in plainer letters.
_PLAIN = str.maketrans(
    dict(zip("–—−×·‘’“”øØłŁđĐ", "---x.''\"\"oOlLdD", strict=True))
    | {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"}
)
# Categories of what is not seen by itself: marks on the letter before, and characters that only steer.
_UNSEEN = {"Mn", "Me", "Cf"}
# No font has a letter here, so this is what one looks like that a font lacks.
_NO_LETTER = "\U0010ffff"


def line_of(text: str, size: int) -> tuple[FreeTypeFont, str]:
    """The font that has most letters of a text, and the text as one line of what that font has.

    >>> line_of("  two   words", 14)[1]
    'two words'
    """
    # Names of files often have marks apart from their letters, which fonts have only together.
    line = " ".join(unicodedata.normalize("NFC", text).split())
    font = _best(set(line), size)
    drawn = [_drawn(font, letter) for letter in line]
    if any(map(_is_letter, line)) and all(new == "?" for old, new in zip(line, drawn, strict=True) if _is_letter(old)):
        # Names of which nothing can be drawn would all look the same.
        return font, line.encode("ascii", "backslashreplace").decode()
    return font, "".join(drawn)


def _best(letters: Iterable[str], size: int) -> FreeTypeFont:
    """The first font that lacks no letter, or the one that lacks the fewest."""
    lacking: dict[FreeTypeFont, int] = {}
    for font in _fonts(size):
        lacking[font] = sum(not _has(font, letter) for letter in letters)
        if not lacking[font]:
            return font
    return min(lacking, key=lambda font: lacking[font])


def _is_letter(each: str) -> bool:
    return unicodedata.category(each).startswith("L")


@cache
def _drawn(font: FreeTypeFont, letter: str) -> str:
    """A letter, or what stands for it in this font: letters without their marks, or "?"."""
    if _has(font, letter):
        return letter
    plain = unicodedata.normalize("NFKD", letter.translate(_PLAIN))
    seen = [each for each in plain if unicodedata.category(each) not in _UNSEEN]
    return "".join(seen) if all(_has(font, each) for each in seen) else "?"


@cache
def _has(font: FreeTypeFont, letter: str) -> bool:
    # Some fonts draw nothing for what they lack.
    return letter == " " or _looks(font, letter) != _looks(font, _NO_LETTER)


def _looks(font: FreeTypeFont, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)


def _fonts(size: int) -> Iterator[FreeTypeFont]:
    """Pillow's own font, then those that the system has, each found when it is asked for."""
    yield _own(size)
    for name in _WIDER:
        font = _found(name, size)
        if font is not None:
            yield font


@cache
def _own(size: int) -> FreeTypeFont:
    from PIL import ImageFont

    own = ImageFont.load_default(size)
    assert isinstance(own, ImageFont.FreeTypeFont)
    return own


@cache
def _found(name: str, size: int) -> FreeTypeFont | None:
    from PIL import ImageFont

    brought = _of_matplotlib(name)
    try:
        return ImageFont.truetype(brought if brought.exists() else name, size)
    except OSError:
        return None


def _of_matplotlib(name: str) -> Path:
    """Where matplotlib would have a font. It is looked for, not imported, which takes longer than all the drawing."""
    spec = importlib.util.find_spec("matplotlib")
    return Path((spec and spec.origin) or "matplotlib").with_name("mpl-data") / "fonts" / "ttf" / name
