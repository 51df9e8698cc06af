import struct
import zlib

import numpy as np
import pytest
from PIL import Image

import chainrule as cr
from chainrule import errors
from chainrule.columns.picture import Picture
from chainrule.data.values import Values

RED = (200, 30, 40)


def written(folder, name, array, **options):
    Image.fromarray(np.asarray(array)).save(folder / name, **options)
    return str(folder / name)


@pytest.fixture
def photographs(tmp_path):
    """Two of different sizes, and of the same colour."""
    shapes = {"a.png": (90, 160), "b.jpg": (120, 200)}
    return [written(tmp_path, name, np.full((*shape, 3), RED, np.uint8)) for name, shape in shapes.items()]


def test_pictures_are_brought_to_one_size(photographs):
    made = Picture().fit(Values.of(photographs))
    pictures = made.transform(Values.of(photographs))
    assert made.describe().startswith(
        "37×64, RGB; pictures of 2 sizes, from 90×160 to 120×200, are scaled to cover that and cut at the edges "
        "(for another size: picture:HEIGHTxWIDTH); standardised, mean 200, 30, "
    )
    assert (pictures.shape, pictures.dtype) == ((2, 37, 64, 3), np.uint8)
    np.testing.assert_allclose(pictures, np.broadcast_to(RED, pictures.shape), atol=2)


def test_small_pictures_of_one_size_stay_as_they_are(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 20, 30), dtype=np.uint8)
    paths = [written(tmp_path, f"{at}.png", each) for at, each in enumerate(pixels)]
    made = Picture().fit(Values.of(paths))
    np.testing.assert_array_equal(made.transform(Values.of(paths)), pixels[..., None])
    assert made.describe().startswith("20×30, grey; standardised, mean 1")


def test_paths_are_relative_to_the_tables_folder(tmp_path):
    written(tmp_path, "a.png", np.zeros((4, 4), np.uint8))
    values = Values(np.zeros(1, np.int32), np.zeros(1, bool), np.array(["a.png"], object), tmp_path)
    assert Picture().fit(values).transform(values.take([0, 0])).shape == (2, 4, 4, 1)


def test_files_of_all_kinds_become_the_same_form(tmp_path):
    colour = np.full((8, 8, 3), 100, np.uint8)
    half = np.dstack([np.full((8, 8), 0, np.uint8), np.full((8, 8), 128, np.uint8)])
    kinds = {
        "grey.png": (np.full((8, 8), 100, np.uint8), 100),
        "sixteen.png": (np.full((8, 8), 100 * 256 + 7, np.uint16), 100),
        "palette.gif": (colour, 100),
        "colour.bmp": (colour, 100),
        "alpha.png": (half, 127),
    }
    paths = [written(tmp_path, name, array) for name, (array, _) in kinds.items()]
    Image.fromarray(np.full((8, 8), True)).save(tmp_path / "bits.png")
    made = Picture().fit(Values.of([paths[3]]))
    pictures = made.transform(Values.of([*paths, str(tmp_path / "bits.png")]))
    assert pictures.shape == (6, 8, 8, 3)
    for picture, expected in zip(pictures, [*(value for _, value in kinds.values()), 255], strict=True):
        assert (picture == expected).all()


def test_pictures_are_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((6, 10), np.uint8)
    pixels[0] = 255
    path = written(tmp_path, "turned.png", pixels, exif=exif)
    made = Picture().fit(Values.of([path]))
    assert made.shape == (10, 6, 1)
    assert (made.transform(Values.of([path]))[0, :, -1] == 255).all()


def claim_size(path, width, height):
    """A PNG file that says it is so large."""
    Image.new("1", (8, 8)).save(path)
    whole = path.read_bytes()
    header = b"IHDR" + struct.pack(">II", width, height) + whole[24:29]
    path.write_bytes(whole[:12] + header + struct.pack(">I", zlib.crc32(header)) + whole[33:])


def broken(folder, kind):
    path = folder / "broken.png"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("no picture at all")
    elif kind in ("truncated", "damaged"):
        written(folder, "broken.png", np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8))
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] if kind == "truncated" else whole[:900] + b"?" * 300 + whole[1200:])
    elif kind == "bomb":
        claim_size(path, 30_000, 30_000)
    elif kind == "folder":
        path.mkdir()
    return str(path)


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "truncated", "damaged", "bomb", "folder"])
def test_pictures_that_cannot_be_read(tmp_path, kind):
    good = written(tmp_path, "good.png", np.zeros((64, 64), np.uint8))
    path = broken(tmp_path, kind)
    for look in (Picture().fit, Picture().fit(Values.of([good])).transform):
        with pytest.raises(errors.ColumnTypeError, match=r"broken\.png") as caught:
            look(Values.of([good, path, good]).take([0, 1, 2]))
        assert caught.value.row == 1


def test_large_pictures_are_refused_before_they_are_decoded(tmp_path):
    claim_size(tmp_path / "large.png", 11_000, 10_000)
    with pytest.raises(errors.ColumnTypeError, match="11,000 by 10,000 pixels are too many"):
        Picture().fit(Values.of([str(tmp_path / "large.png")]))


def test_a_row_without_a_picture(photographs):
    with pytest.raises(errors.ColumnTypeError, match="no picture") as caught:
        Picture().fit(Values.of(photographs)).transform(Values.of([photographs[0], None]))
    assert caught.value.row == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_arrays_stay_as_they_are(dtype):
    pictures = np.random.default_rng(0).integers(0, 17, (20, 8, 8)).astype(dtype)
    made = Picture().fit(Values.of(pictures))
    np.testing.assert_array_equal(made.transform(Values.of(pictures)), pictures[..., None])
    with pytest.raises(errors.ColumnTypeError, match="another shape"):
        made.transform(Values.of(pictures[:, 1:]))
    with pytest.raises(errors.ColumnTypeError, match="NaN"):
        made.transform(Values.of(np.full((1, 8, 8), np.nan)))


def test_a_size_that_is_said(photographs):
    made = Picture.among(1, "20x10").fit(Values.of(photographs))
    assert made.transform(Values.of(photographs)).shape == (2, 20, 10, 3)
    assert "picture:HEIGHTxWIDTH" not in made.describe()
    assert [Picture.takes(way) for way in ("49x64", "49×64", "0x4", "64", "large", "99999x1")] == [True, True] + [
        False
    ] * 4
    with pytest.raises(errors.ColumnTypeError, match="stay as they are"):
        Picture.among(1, "20x10").fit(Values.of(np.zeros((3, 8, 8), np.uint8)))


def test_networks_of_pictures():
    pictures = np.random.default_rng(0).integers(0, 256, (20, 8, 9, 3), dtype=np.uint8)
    made = Picture().fit(Values.of(pictures))
    x = cr.tensor(made.transform(Values.of(pictures)))
    standardized = next(iter(made.encoder(2).children()))(x).numpy()
    np.testing.assert_allclose(standardized.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(standardized.std(axis=(0, 1, 2)), 1, atol=1e-5)
    assert made.encoder(2, "resnet")(x).shape == (20, 2)
    beside = made.encoder()(x.float())
    assert beside.shape == (20, 64)
    assert beside.detach().numpy().any()
    tiny = Picture().fit(Values.of(pictures[:, :3, :3]))
    assert tiny.encoder(2)(cr.tensor(pictures[:, :3, :3])).shape == (20, 2)
