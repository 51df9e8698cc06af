"""Pictures of every form, read as a person sees them: each is written from the same drawing, and compared with it."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from chainrule.data.pictures.decoding import pixels, size_and_channels

# The left is red, the right blue, with a white corner at the top on the left: whatever is turned shows.
DRAWING = np.zeros((24, 32, 3), np.uint8)
DRAWING[:, :16], DRAWING[:, 16:], DRAWING[:8, :8] = (220, 30, 20), (20, 40, 200), 255
COLOUR = Image.fromarray(DRAWING)
GREY = COLOUR.convert("L")


def clear_corner():
    """The drawing with its corner clear, where black stands beneath: on white it is the drawing again."""
    array = np.dstack([DRAWING, np.full(DRAWING.shape[:2], 255, np.uint8)])
    array[:8, :8] = 0
    return Image.fromarray(array)


def clear_palette():
    palette = COLOUR.quantize(8)
    palette.info["transparency"] = palette.getpixel((0, 0))
    return palette


FORMS = {
    "jpeg": ("a.jpg", COLOUR, {"quality": 95}),
    "progressive": ("a.jpg", COLOUR, {"quality": 95, "progressive": True}),
    "CMYK": ("a.jpg", COLOUR.convert("CMYK"), {"quality": 95}),
    "CMYK in TIFF": ("a.tif", COLOUR.convert("CMYK"), {}),
    "png": ("a.png", COLOUR, {}),
    "palette": ("a.png", COLOUR.quantize(8), {}),
    "palette with a clear colour": ("a.png", clear_palette(), {}),
    "alpha": ("a.png", clear_corner(), {}),
    "gif": ("a.gif", COLOUR, {}),
    "first frame": ("a.gif", COLOUR, {"save_all": True, "append_images": [ImageOps.invert(COLOUR)]}),
    "webp": ("a.webp", COLOUR, {"quality": 100}),
    "webp without loss, with alpha": ("a.webp", clear_corner(), {"lossless": True}),
    "moving webp": ("a.webp", COLOUR, {"save_all": True, "append_images": [GREY.convert("RGB")], "quality": 100}),
    "bmp": ("a.bmp", COLOUR, {}),
    "tiff": ("a.tif", COLOUR, {}),
    "ppm": ("a.ppm", COLOUR, {}),
    "a PNG that is called .jpg": ("a.jpg", COLOUR, {"format": "PNG"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_shows_the_drawing(tmp_path, form):
    name, image, options = FORMS[form]
    image.save(tmp_path / name, **options)
    found = pixels(tmp_path / name, (24, 32, 3))
    # Forms with loss blur the edges, never a whole field.
    assert np.abs(found.astype(int) - DRAWING).mean() < 4
    for y, x in ((3, 3), (16, 4), (16, 28)):
        np.testing.assert_allclose(found[y, x], DRAWING[y, x], atol=12)
    assert size_and_channels(tmp_path / name) == (24, 32, 3)


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("a.png", GREY),
        ("a.jpg", GREY),
        ("a.png", GREY.convert("LA")),
        ("a.pgm", GREY),
        ("a.png", Image.fromarray(np.asarray(GREY).astype(np.uint16) * 257)),
        ("a.tif", Image.fromarray(np.asarray(GREY).astype(np.uint16) * 257)),
        ("a.tif", Image.fromarray(np.asarray(GREY).astype(np.int32) * 257)),
    ],
)
def test_grey_of_8_and_16_bits(tmp_path, name, image):
    image.save(tmp_path / name)
    np.testing.assert_allclose(pixels(tmp_path / name, (24, 32, 1))[..., 0].astype(int), np.asarray(GREY), atol=4)
    in_colour = pixels(tmp_path / name, (24, 32, 3))
    assert (in_colour == in_colour[..., :1]).all()
    assert size_and_channels(tmp_path / name) == (24, 32, 1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif"])
def test_pictures_are_turned_as_their_camera_says(tmp_path, orientation, ending):
    """The file holds what the sensor saw: the drawing, turned back."""
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    seen = COLOUR if orientation == 1 else COLOUR.transpose(back[orientation])
    seen.save(tmp_path / f"a.{ending}", exif=exif, **({} if ending == "png" else {"quality": 95}))
    found = pixels(tmp_path / f"a.{ending}", (24, 32, 3))
    assert np.abs(found.astype(int) - DRAWING).mean() < 4
    assert size_and_channels(tmp_path / f"a.{ending}") == (24, 32, 3)


def test_large_jpegs_are_scaled_and_cut_in_the_middle(tmp_path):
    COLOUR.resize((960, 720)).save(tmp_path / "a.jpg", quality=95)
    found = pixels(tmp_path / "a.jpg", (24, 24, 3)).astype(int)
    assert np.abs(found - DRAWING[:, 4:28]).mean() < 8


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize(("channels", "kind"), [(1, 0), (3, 2), (2, 4), (4, 6)])
def test_pngs_of_16_bits_a_channel(tmp_path, channels, kind):
    """Grey, RGB, and both with alpha, as Pillow does not write them: the first pixel is clear where there is alpha."""
    pixel = [200, 100, 50][: channels - (channels in (2, 4))] + [255] * (channels in (2, 4))
    array = np.full((4, 4, channels), 257, np.uint16) * np.array(pixel, np.uint16)
    if channels in (2, 4):
        array[0, 0, -1] = 0
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    header = struct.pack(">IIBBBBB", 4, 4, 16, kind, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
    found = pixels(tmp_path / "a.png", (4, 4, 3))
    assert found[2, 2].tolist() == ([200, 100, 50] if channels > 2 else [200] * 3)
    assert found[0, 0].tolist() == ([255] * 3 if channels in (2, 4) else found[2, 2].tolist())


def test_floating_pixels_are_refused(tmp_path):
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(ValueError, match="floating-point"):
        pixels(tmp_path / "a.tif", (4, 4, 1))


@pytest.mark.parametrize(("largest", "bits"), [(255, 8), (65535, 16)])
def test_whole_numbers_of_32_bits_are_as_many_as_they_need(tmp_path, largest, bits):
    numbers = np.linspace(0, largest, 64).round().astype(np.int32).reshape(8, 8)
    Image.fromarray(numbers).save(tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as image:
        assert image.mode == "I"
    np.testing.assert_array_equal(pixels(tmp_path / "a.tif", (8, 8, 1))[..., 0], numbers >> (bits - 8))
