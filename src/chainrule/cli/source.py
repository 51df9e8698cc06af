"""Where the data of a run comes from, and how it is split."""

from __future__ import annotations

from pathlib import Path

from chainrule.data import (
    Dataset,
    Split,
    check_several_classes,
    check_training_classes,
    load_digits,
    load_idx_folder,
    split_dataset,
)
from chainrule.errors import ArgumentError

BUNDLED = "digits"
# Of the bundled digits, which have no test part of their own.
TEST_SHARE = 0.2
VALIDATION_SHARE = 0.1


def name_of(data: Path | None) -> str:
    """What a run is to call its data: the folder, wherever the command is called from, or the bundled digits."""
    return BUNDLED if data is None or (str(data) == BUNDLED and not data.exists()) else str(data.resolve())


def read(name: str, seed: int, validation: float = VALIDATION_SHARE) -> tuple[Split, float]:
    """The three parts of the data, and the share that was held out for the test (0 if it came with one).

    Args:
        name: What `name_of` gave.
        seed: Decides who is in which part.
        validation: The share that is held out for validation.

    Raises:
        FileFormatError: If the folder's files are missing or broken.
        SingleClassError, MissingClassError: If its labels leave nothing to learn, or a class without a picture.
        ArgumentError: If there are too few pictures to hold out some of each class.
    """
    if name == BUNDLED:
        return split_dataset(load_digits(), validation=validation, test=TEST_SHARE, seed=seed), TEST_SHARE
    whole = load_idx_folder(name)
    labels = f"training labels of {name}"
    check_several_classes(whole.train.targets, labels)
    check_training_classes(whole.train.targets, len(whole.train.class_names or ()), whole.train.class_names, labels)
    try:
        parts = split_dataset(whole.train, validation=validation, seed=seed)
    except ArgumentError as error:
        error.where, error.remedy = f"validation part of {name}", "more pictures: two of each class at the least"
        raise
    return Split(parts.train, parts.validation, whole.test), 0.0


def parts(split: Split) -> dict[str, Dataset]:
    """The parts by name, those that are there."""
    named = {"training": split.train, "validation": split.validation, "test": split.test}
    return {name: part for name, part in named.items() if part is not None}


def test_part(split: Split) -> Dataset:
    """The test part, which every source has."""
    if split.test is None:
        raise AssertionError("every source has a test part")
    return split.test
