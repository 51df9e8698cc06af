"""Augmentations as settings say them."""

import pytest

import chainrule as cr
from chainrule import augment
from chainrule.errors import ArgumentError, UnknownNameError


@pytest.mark.parametrize("name", augment.names())
def test_every_name_gives_a_layer_that_works_on_its_own(name):
    layer = augment.get(name)
    assert layer(cr.zeros(2, 16, 16, 3)).shape == (2, 16, 16, 3)


def test_the_number_behind_the_colon_counts():
    assert augment.get("crop:2").padding == 2
    assert augment.get("rotate:10").degrees == (-10, 10)
    assert augment.get("cutout:6", fill=3.0).fill == 3.0
    assert augment.get("mixup:0.4").alpha == 0.4


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("crop:many", "no number"),
        ("crop:nan", "no number"),
        ("crop:1.5", "augment, 'crop:1.5': RandomCrop: padding"),
        ("flip:2", "augment, 'flip:2': RandomHorizontalFlip: p"),
        ("mixup:-1", "augment, 'mixup:-1': MixUp: alpha"),
    ],
)
def test_numbers_that_make_no_sense(said, expected):
    with pytest.raises(ArgumentError, match=expected):
        augment.get(said)


def test_the_nearest_name_is_suggested():
    with pytest.raises(UnknownNameError, match="did you mean 'cutout'"):
        augment.get("cutuot:8")
