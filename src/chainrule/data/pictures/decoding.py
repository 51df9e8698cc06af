"""One file of a picture: opened, turned upright, laid on white, brought to a size.

What it is says its content, whatever its name: a PNG that is called .jpg is read as a PNG.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

# Larger ones are refused before they are decoded: these fill 300 MB.
MOST_PIXELS = 100_000_000
# Of pictures larger than this only one is decoded at a time: each may take up to ten bytes a pixel on the way.
LARGE = 8_000_000
# Pillow's modes of pictures without colours.
GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N", "F")
ORIENTATION = 0x0112
MISSING = "there is no such picture"

_one_at_a_time = Lock()


def size_and_channels(file: Path) -> tuple[int, int, int]:
    """Height, width (as it is upright) and channels, without decoding it."""
    with _opened(file) as image:
        # Of TIFF, Pillow says the upright size.
        turned = image.format != "TIFF" and image.getexif().get(ORIENTATION, 1) >= 5
        size = (image.width, image.height) if turned else (image.height, image.width)
        return *size, 1 if image.mode in GREY else 3


def pixels(file: Path, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A picture of any kind as bytes (height, width, channels): scaled to cover that, and cut at the edges."""
    from PIL import ImageOps

    height, width, channels = shape
    image = upright(file, max(width, height))
    mode = "L" if channels == 1 else "RGB"
    if image.mode != mode:
        image = image.convert(mode)
    if image.size != (width, height):
        image = ImageOps.fit(image, (width, height))
    return np.asarray(image, np.uint8).reshape(shape)


def upright(file: Path, side: int) -> Image:
    """A picture of any kind as people see it: turned upright, on white, with 8 bits a channel.

    Args:
        file: The picture.
        side: How long its sides are to be at last; it is no smaller, where it is not in the file.
    """
    with _opened(file) as image:
        # JPEG decodes large pictures at a half, a quarter or an eighth of their size, in that much less time.
        image.draft(None, (2 * side,) * 2)
        if image.width * image.height <= LARGE:
            return _seen(image)
        with _one_at_a_time:
            return _seen(image)


def fault(file: Path, error: Exception) -> str:
    """What is wrong with a file that could not be read, in a few words."""
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, FileNotFoundError):
        return MISSING
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    if isinstance(error, Image.DecompressionBombError):
        return f"{int(re.findall(r'[0-9]+', str(error))[0]):,} pixels are too many"
    if file.is_file() and not file.stat().st_size:
        return "it is empty"
    if isinstance(error, UnidentifiedImageError):
        return "its content is no picture, whatever its name says"
    return str(error) or type(error).__name__


@contextmanager
def _opened(file: Path) -> Iterator[Image]:
    from PIL import Image

    with Image.open(file) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"{image.width:,} by {image.height:,} pixels are too many")
        yield image


def _seen(image: Image) -> Image:
    """An opened picture as people see it."""
    from PIL import ImageOps

    if image.getexif().get(ORIENTATION, 1) != 1:
        image = ImageOps.exif_transpose(image)
    # It is decoded here, while its file is open.
    image.load()
    image = _eight_bits(image)
    return _on_white(image) if image.has_transparency_data else image


def _eight_bits(image: Image) -> Image:
    """Grey pictures of 16 bits a pixel with 8, which Pillow's own conversion would cut at 255.

    Whole numbers of 32 bits are of 8 or of 16, by how large they are.
    """
    from PIL import Image

    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers, of which nobody knows what is black and what white")
    if not image.mode.startswith("I"):
        return image
    numbers = np.clip(np.asarray(image), 0, 65535)
    small = image.mode == "I" and numbers.max(initial=0) <= 255
    return Image.fromarray((numbers if small else numbers >> 8).astype(np.uint8))


def _on_white(image: Image) -> Image:
    from PIL import Image

    with_alpha = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", with_alpha.size, "white"), with_alpha)
