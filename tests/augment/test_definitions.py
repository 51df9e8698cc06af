"""Each pixel of what comes out is one that the definition explains."""

import colorsys

import numpy as np
import pytest

import chainrule as cr
from chainrule import augment

RNG = np.random.default_rng(0)


def applied(layer, pictures, seed=0):
    cr.manual_seed(seed)
    return layer(cr.tensor(pictures)).numpy()


def ramp(count, height, width):
    """Pictures that say of each pixel where it stands: row and column."""
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    return np.broadcast_to(np.stack([rows, columns], -1).astype(np.float64), (count, height, width, 2)).copy()


@pytest.mark.parametrize(
    ("kind", "axis"), [(augment.RandomHorizontalFlip, 1), (augment.RandomVerticalFlip, 0)], ids=["left", "up"]
)
def test_some_are_mirrored_and_the_others_are_not(kind, axis):
    x = RNG.integers(0, 256, (400, 4, 5, 3), np.uint8)
    y = applied(kind(0.25), x)
    mirrored = (y == np.flip(x, axis + 1)).all((1, 2, 3))
    assert (mirrored | (y == x).all((1, 2, 3))).all()
    assert 70 < mirrored.sum() < 130


@pytest.mark.parametrize(
    ("mode", "numpy_mode"), [("constant", "constant"), ("reflect", "reflect"), ("replicate", "edge")]
)
def test_a_crop_is_a_part_of_the_padded_picture_and_every_part_comes(mode, numpy_mode):
    x = RNG.integers(1, 256, (300, 5, 6, 2), np.uint8)
    y = applied(augment.RandomCrop((4, 6), padding=2, padding_mode=mode), x)
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode=numpy_mode)
    places = {(top, left): padded[:, top : top + 4, left : left + 6] for top in range(6) for left in range(5)}
    found = np.stack([(part == y).all((1, 2, 3)) for part in places.values()])
    assert (found.sum(0) == 1).all()
    assert found.any(1).all()


def test_a_border_of_one_colour_a_channel():
    y = applied(augment.RandomCrop(padding=3, fill=(1, 2, 3)), np.zeros((50, 4, 4, 3), np.float32))
    border = y.sum(-1) != 0
    assert border.any()
    assert (y[border] == [1, 2, 3]).all()


def test_a_resized_crop_is_an_even_grid_within_the_picture():
    y = applied(augment.RandomResizedCrop((5, 7), scale=(0.2, 0.6), ratio=(0.5, 2.0)), ramp(200, 40, 30))
    rows, columns = y[:, :, 0, 0], y[:, 0, :, 1]
    np.testing.assert_allclose(y[..., 0], np.broadcast_to(rows[:, :, None], (200, 5, 7)), atol=1e-4)
    # Pixels whose place is beyond the border pixel's centre stay there: the inner ones tell the part's size.
    height, width = (np.diff(places, axis=1)[:, 1:-1].mean(1) * n for places, n in ((rows, 5), (columns, 7)))
    assert (height < 40.01).all()
    assert (width < 30.01).all()
    uncut = (height < 39.9) & (width < 29.9)
    area, ratio = (height * width / 1200)[uncut], (width / height)[uncut]
    assert 0.199 < area.min() < 0.25
    assert 0.55 < area.max() < 0.601
    assert 0.499 < ratio.min() < 0.6
    assert 1.7 < ratio.max() < 2.001
    first, last = rows[:, 0] + 0.5, rows[:, -1] + 0.5
    assert (first >= 0.5).all()
    assert (last <= 39.5 + 1e-4).all()


def test_a_whole_crop_is_the_picture():
    x = RNG.random((2, 6, 6, 3)).astype(np.float32)
    np.testing.assert_allclose(applied(augment.RandomResizedCrop(scale=(1, 1), ratio=(1, 1)), x), x, atol=1e-6)


def test_a_turned_picture_by_its_quarters():
    x = RNG.integers(0, 256, (1, 6, 6, 3), np.uint8)
    for quarter in range(4):
        y = applied(augment.RandomRotation((90 * quarter, 90 * quarter)), x)
        np.testing.assert_array_equal(y[0], np.rot90(x[0], quarter))


def test_an_affine_map_turns_scales_and_moves():
    height, width, count = 41, 31, 200
    layer = augment.RandomAffine(30, translate=(0.1, 0.2), scale=(0.8, 1.25), fill=np.nan)
    y = applied(layer, ramp(count, height, width))
    centre = y[:, height // 2, width // 2]
    down, right = y[:, height // 2 + 1, width // 2] - centre, y[:, height // 2, width // 2 + 1] - centre
    # Its inverse is a rotation and a scale: the steps are as long as each other, and at a right angle.
    np.testing.assert_allclose((down * right).sum(1), 0, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(down, axis=1), np.linalg.norm(right, axis=1), rtol=1e-5)
    scale, angle = 1 / np.linalg.norm(down, axis=1), np.degrees(np.arctan2(right[:, 0], right[:, 1]))
    assert 0.8 - 1e-4 < scale.min() < 0.82
    assert 1.22 < scale.max() < 1.25 + 1e-4
    assert -30.01 < angle.min() < -28
    assert 28 < angle.max() < 30.01
    # And every other pixel follows from these.
    steps_down, steps_right = np.meshgrid(np.arange(height) - 20, np.arange(width) - 15, indexing="ij")
    expected = (
        centre[:, None, None]
        + steps_down[..., None] * down[:, None, None]
        + steps_right[..., None] * right[:, None, None]
    )
    inside = ((expected > 0) & (expected < [height - 1, width - 1])).all(-1)
    np.testing.assert_allclose(y[inside], expected[inside], atol=1e-2)
    outside = ((expected < -1) | (expected > [height, width])).any(-1)
    assert np.isnan(y[outside]).all()


def test_a_square_is_covered_and_nothing_else():
    x = RNG.integers(1, 256, (500, 7, 9, 3), np.uint8)
    y = applied(augment.Cutout(4, fill=0), x)
    covered = (y == 0).all(-1)
    assert (y[~covered] == x[~covered]).all()
    tops = set()
    for picture in covered:
        rows, columns = np.flatnonzero(picture.any(1)), np.flatnonzero(picture.any(0))
        assert picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert len(rows) <= 4
        assert len(columns) <= 4
        assert len(rows) == 4 or rows[0] == 0 or rows[-1] == 6
        assert len(columns) == 4 or columns[0] == 0 or columns[-1] == 8
        tops.add((rows[-1], columns[-1]))
    # The centre is any pixel.
    assert len(tops) > 40


def grey(x):
    return x @ np.array([0.299, 0.587, 0.114])


def test_brightness_contrast_and_saturation_blend_with_black_the_mean_and_the_grey():
    x = 0.4 + 0.2 * RNG.random((50, 4, 4, 3))
    for setting, beside in (
        ("brightness", np.zeros_like(x)),
        ("contrast", np.broadcast_to(grey(x).mean((1, 2))[:, None, None, None], x.shape)),
        ("saturation", np.repeat(grey(x)[..., None], 3, -1)),
    ):
        y = applied(augment.ColorJitter(**{setting: 0.5}), x)
        factor = ((y - beside) * (x - beside)).sum((1, 2, 3)) / ((x - beside) ** 2).sum((1, 2, 3))
        np.testing.assert_allclose(y, beside + factor[:, None, None, None] * (x - beside), atol=1e-12)
        assert 0.5 <= factor.min() < 0.6
        assert 1.4 < factor.max() <= 1.5


def test_the_hue_is_turned_as_colorsys_has_it():
    x = np.concatenate([RNG.random((20, 1, 2, 3)), np.repeat(RNG.random((20, 1, 1, 1)), 3, -1)], axis=2)
    y = applied(augment.ColorJitter(hue=0.5), x)
    for before, after in zip(x[:, 0], y[:, 0], strict=True):
        hues = [colorsys.rgb_to_hsv(*pixel)[0] for pixel in (before[0], after[0])]
        turned = (hues[1] - hues[0]) % 1
        for one, other in zip(before, after, strict=True):
            hue, saturation, value = colorsys.rgb_to_hsv(*one)
            np.testing.assert_allclose(other, colorsys.hsv_to_rgb((hue + turned) % 1, saturation, value), atol=1e-12)


def test_bytes_and_grey_pictures():
    x = RNG.integers(0, 256, (3, 4, 4, 1), np.uint8)
    np.testing.assert_array_equal(applied(augment.ColorJitter(saturation=0.9, hue=0.5), x), x)
    y = applied(augment.ColorJitter(brightness=0.9), x)
    assert y.dtype == np.uint8
    assert (y == 255).any()
