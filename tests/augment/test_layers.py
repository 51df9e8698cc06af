"""What all augmentations have in common: training only, by the seed, and compiled as they are defined."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import augment
from chainrule.errors import ArgumentError, ShapeError

LAYERS = [
    augment.RandomHorizontalFlip(),
    augment.RandomVerticalFlip(),
    augment.RandomCrop(padding=2),
    augment.RandomCrop((7, 9), padding=3, padding_mode="reflect", fill=7),
    augment.RandomCrop(padding=3, padding_mode="replicate"),
    augment.RandomResizedCrop(6),
    augment.RandomAffine(20, translate=(0.1, 0.2), scale=(0.8, 1.2), fill=(1, 2, 3)),
    augment.RandomRotation(30),
    augment.ColorJitter(0.3, 0.3, 0.3, 0.1),
    augment.Cutout(4),
    augment.MixUp(),
    augment.CutMix(),
]
# These add up many numbers, or have a logarithm or cosine, which may end in another last bit.
ROUNDED = (augment.ColorJitter, augment.RandomResizedCrop, augment.RandomAffine, augment.MixUp)
each = pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)


def pictures(dtype=np.uint8):
    bytes_of = np.random.default_rng(0).integers(0, 256, (9, 11, 12, 3), np.uint8)
    return cr.tensor(bytes_of if dtype == np.uint8 else bytes_of.astype(dtype) / dtype(255))


@each
def test_pictures_pass_unchanged_in_evaluation(layer):
    x = pictures()
    assert layer.eval()(x) is x
    assert layer.train()(x).tolist() != x.tolist()


@each
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_compiled_it_does_what_it_does_by_definition(layer, dtype):
    x = pictures(dtype)
    cr.manual_seed(3)
    expected = layer.train()(x).numpy()
    cr.manual_seed(3)
    found = cr.jit(lambda x: layer(x))(x).numpy()
    assert found.dtype == expected.dtype == dtype
    if not isinstance(layer, ROUNDED):
        np.testing.assert_array_equal(found, expected)
    elif dtype == np.uint8:
        assert np.abs(found.astype(int) - expected).max() <= 1
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@each
def test_the_next_batch_is_changed_otherwise(layer):
    x, step = pictures(), cr.jit(lambda x: layer(x))
    cr.manual_seed(0)
    layer.train()
    first, second = step(x).tolist(), step(x).tolist()
    assert first != second
    cr.manual_seed(0)
    assert step(x).tolist() == first


@each
def test_what_is_no_picture(layer):
    with pytest.raises(ShapeError, match=type(layer).__name__):
        layer.train()(cr.zeros(3, 4))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: augment.RandomHorizontalFlip(2), "RandomHorizontalFlip: p"),
        (lambda: augment.RandomCrop(0), "RandomCrop: size"),
        (lambda: augment.RandomCrop((1, 2, 3)), "height and width"),
        (lambda: augment.RandomCrop(padding=-1), "RandomCrop: padding"),
        (lambda: augment.RandomCrop(padding=1, padding_mode="mirror"), "'mirror'"),
        (lambda: augment.RandomResizedCrop(8, scale=(0, 1)), "RandomResizedCrop: scale"),
        (lambda: augment.RandomResizedCrop(8, scale=(0.5, 1.5)), "RandomResizedCrop: scale"),
        (lambda: augment.RandomResizedCrop(8, ratio=(2, 1)), "RandomResizedCrop: ratio"),
        (lambda: augment.RandomAffine("much"), "RandomAffine: degrees"),
        (lambda: augment.RandomAffine(translate=(2, 0)), "RandomAffine: translate"),
        (lambda: augment.RandomAffine(scale=(0, 1)), "RandomAffine: scale"),
        (lambda: augment.RandomRotation(float("nan")), "RandomRotation: degrees"),
        (lambda: augment.ColorJitter(hue=0.7), "ColorJitter: hue"),
        (lambda: augment.Cutout(0), "Cutout: size"),
        (lambda: augment.MixUp(0), "MixUp: alpha"),
        (lambda: augment.CutMix(True), "CutMix: alpha"),
        (lambda: augment.Normalize([1.0], [0.0]), "Normalize"),
        (lambda: augment.Normalize([1.0, 2.0], [1.0]), "Normalize"),
    ],
)
def test_what_makes_no_sense(make, said):
    with pytest.raises(ArgumentError, match=said):
        make()


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (augment.RandomCrop(9), (1, 8, 10, 1)),
        (augment.RandomCrop(padding=8, padding_mode="reflect"), (1, 8, 9, 1)),
        (augment.ColorJitter(0.1), (1, 8, 8, 2)),
    ],
)
def test_pictures_that_do_not_fit(layer, shape):
    with pytest.raises(ShapeError, match=type(layer).__name__):
        layer(cr.zeros(*shape))


def test_normalised_pictures_have_mean_0_and_deviation_1():
    x = pictures()
    y = augment.Normalize.of(x)(x).numpy()
    np.testing.assert_allclose(y.mean((0, 1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(y.std((0, 1, 2)), 1, rtol=1e-6)
